//! Logs, on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::flags::LogFlags;

/// kube logs whole response bodies when it cannot read one: Secrets would reach the log.
const SILENCED: &str = "kube_client=off,kube=off";

/// Starts logging. A filter that cannot be read falls back to "info" with a word about it.
pub(crate) fn start(flags: &LogFlags) {
    let filter = match EnvFilter::try_new(format!("{},{SILENCED}", flags.log_level)) {
        Ok(filter) => filter,
        Err(error) => {
            crate::terminal::complain(&format!(
                "plimsoll: --log-level {}: {error}; logging at info",
                flags.log_level
            ));
            EnvFilter::new(format!("info,{SILENCED}"))
        }
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if flags.log_format == crate::flags::LogFormat::Json {
        builder.json().init();
    } else {
        builder.with_ansi(std::io::stderr().is_terminal()).init();
    }
}
