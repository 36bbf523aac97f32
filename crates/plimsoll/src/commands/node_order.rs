//! `plimsoll node order`: a sealed order brought to a node by hand.

use std::path::Path;
use std::time::Duration;

use confirmation::hex;
use environment::{Clock as _, SystemClock, files};
use order_courier::{FOLDER, LOOK, OUTCOMES, Outcome as Came, Outcomes, SUFFIX};
use sealed_order::Sealed;
use sealed_order::limits::SEALED_BYTES_MAX;

use crate::commands::runtime;
use crate::outcome::{Failure, Outcome};
use crate::terminal;

/// The agent looks once a second, and what it does may take a look of the fuse.
const PATIENCE: Duration = Duration::from_secs(10 * LOOK.as_secs());
/// 64 outcomes of a kilobyte.
const OUTCOMES_BYTES_MAX: usize = 256 * 1024;

pub(crate) fn run(run_dir: &Path, file: &Path) -> Outcome {
    let text = read(file)?;
    let sealed =
        Sealed::parse(&text).map_err(|refusal| Failure::Usage(format!("{}: {refusal}", file.display())))?;
    let order = sealed.order().map_err(|refusal| Failure::Usage(format!("{}: {refusal}", file.display())))?;
    let folder = run_dir.join(FOLDER);
    let id = hex::encode(&order.id);
    let before = outcomes(&folder, &id);
    let place = folder.join(format!("{id}.{SUFFIX}"));
    files::write_atomic(&place, |to| to.write_all(sealed.to_text().as_bytes())).map_err(|error| {
        Failure::Usage(format!(
            "the order cannot be written to {}: {error}; has an agent with --order-roster run here, and is this root?",
            folder.display()
        ))
    })?;
    runtime::one_thread(async {
        let clock = SystemClock::new();
        while clock.monotonic() < PATIENCE {
            let after = outcomes(&folder, &id);
            if after.len() > before.len() || after.last() != before.last() {
                return told(after.last());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        terminal::print(
            "the order lies there, but no agent has looked at it: it is followed when one runs\n",
        );
        Ok(())
    })
}

fn told(came: Option<&Came>) -> Outcome {
    let Some(Came { order, result, what, .. }) = came else { return Ok(()) };
    let text = format!("{order}: {result}: {what}");
    match result.as_str() {
        "refused" => Err(Failure::Usage(text)),
        "failed" => Err(anyhow::anyhow!(text).into()),
        _ => {
            terminal::print(&format!("{text}\n"));
            terminal::complain("(the API server was not needed)");
            Ok(())
        }
    }
}

/// Of this order, oldest first.
fn outcomes(folder: &Path, id: &str) -> Vec<Came> {
    let mut bytes = Vec::new();
    let read = files::read_into(&folder.join(OUTCOMES), &mut bytes, OUTCOMES_BYTES_MAX).ok();
    let all = read.and_then(|()| serde_json::from_slice::<Outcomes>(&bytes).ok()).unwrap_or_default();
    all.0.into_iter().filter(|came| came.id == id).collect()
}

/// The text of an order's file.
pub(crate) fn read(file: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    files::read_into(file, &mut bytes, 2 * SEALED_BYTES_MAX + 64)
        .map_err(|error| Failure::Usage(format!("{} cannot be read: {error}", file.display())))?;
    String::from_utf8(bytes).map_err(|_| Failure::Usage(format!("{} is no sealed order", file.display())))
}
