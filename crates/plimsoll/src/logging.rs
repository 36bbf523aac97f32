//! Logs, on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::flags::LogFlags;
use crate::outcome::{Failure, Outcome};

/// kube logs whole response bodies when it cannot read one: Secrets would reach the log.
const SILENCED: &str = "kube_client=off,kube=off";

/// Starts logging.
pub(crate) fn start(flags: &LogFlags) -> Outcome {
    let filter = EnvFilter::try_new(format!("{},{SILENCED}", flags.log_level)).map_err(|error| {
        let level = &flags.log_level;
        Failure::Usage(format!(
            "--log-level {level}: {error}; give a level, or a filter such as info,hub=debug"
        ))
    })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if flags.log_format == crate::flags::LogFormat::Json {
        builder.json().init();
    } else {
        builder.with_ansi(has_colours()).init();
    }
    Ok(())
}

/// <https://no-color.org>, and terminals that say that they have none.
fn has_colours() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal()
        && !set("NO_COLOR")
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
