//! `plimsoll top`.

use std::time::Duration;

use load_watch::{Report, picture};
use telemetry_export::fetch;

use crate::commands::runtime;
use crate::flags::{TopFlags, TopOutput};
use crate::outcome::{Failure, Outcome};
use crate::{signals, terminal};

/// Between two pictures; the hub reads the API server every 7.5 s.
const PAUSE: Duration = Duration::from_secs(2);
/// A thousand rows of some 300 bytes.
const BODY_BYTES_MAX: usize = 4 << 20;
/// Where nobody says how wide the terminal is.
const COLUMNS: u16 = 120;
/// Clears a terminal and goes to its first line (ECMA-48: ED, CUP).
const CLEAR: &str = "\u{1b}[2J\u{1b}[H";

pub(crate) fn run(flags: TopFlags) -> Outcome {
    runtime::one_thread(async {
        if flags.output == TopOutput::Json {
            let report = report(&flags.hub).await?;
            terminal::print(&format!("{}\n", serde_json::to_string_pretty(&report)?));
            return Ok(());
        }
        // The first answer has to come: who waits for a wrong address waits in vain.
        let mut last = report(&flags.hub).await?;
        let (again, clear) = match terminal::columns() {
            Some(_) if !flags.once => (true, CLEAR),
            _ => (false, ""),
        };
        let shutdown = signals::shutdown()?;
        loop {
            let columns = terminal::columns().unwrap_or(COLUMNS);
            terminal::print(&format!("{clear}{}", picture(&last, columns.into())));
            if !again || shutdown.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_none() {
                return Ok(());
            }
            match report(&flags.hub).await {
                Ok(next) => last = next,
                // The last picture stays, with what is wrong below it.
                Err(failure) => terminal::complain(&failure.to_string()),
            }
        }
    })
}

/// What the hub says of the load.
pub(crate) async fn report(hub: &str) -> Result<Report, Failure> {
    let failed = |why: String| {
        Failure::Usage(format!(
            "the hub at {hub} (--hub) does not say its load: {why}; it needs `plimsoll hub --load-watch`, and --hub its telemetry port"
        ))
    };
    let body = fetch(hub, "/load", BODY_BYTES_MAX).await.map_err(|error| failed(error.to_string()))?;
    serde_json::from_slice(&body).map_err(|error| failed(error.to_string()))
}
