//! `plimsoll preflight record`.

use std::sync::Arc;
use std::time::Duration;

use apiserver_client::DoorConfig;
use environment::SystemClock;
use preflight::record::{self, Config, RecordError, Recorded};

use super::import::{facts, write};
use crate::commands::runtime;
use crate::flags::RecordFlags;
use crate::outcome::{Failure, Outcome};
use crate::signals;
use crate::terminal;

pub(crate) fn run(flags: RecordFlags) -> Outcome {
    let config = Config {
        credentials: DoorConfig::from_kubeconfig(flags.kubeconfig).source,
        listen: flags.listen,
        copies: flags.copies,
        command: flags.command,
        duration: flags.duration.map(Duration::from_secs),
        write_kubeconfig: flags.write_kubeconfig,
        provoke: flags.provoke,
        facts: facts(&flags.about),
    };
    let out = flags.out;
    runtime::many_threads(async {
        let clock = Arc::new(SystemClock::new());
        let named = !config.command.is_empty();
        let recording = record::assemble(config, clock).await.map_err(failed)?;
        terminal::complain(&format!("recording: {} leads to {}", recording.url(), recording.server()));
        if !named {
            terminal::complain("Ctrl-C ends the recording and writes the profile");
        }
        let recorded = recording.run(signals::shutdown()?).await.map_err(failed)?;
        summary(&recorded);
        write(&out, &recorded.profile)
    })
}

fn summary(recorded: &Recorded) {
    for ended in &recorded.commands {
        let how = ended.code.map_or_else(
            || "was ended by a signal".to_owned(),
            |code| format!("ended with exit code {code}"),
        );
        terminal::complain(&format!("copy {} of the command {how}", ended.copy));
    }
    if recorded.provoked > 0 {
        terminal::complain(&format!("{} requests were refused or held back by --provoke", recorded.provoked));
    }
    terminal::complain(&format!(
        "{} requests passed; each class with how often and how large:",
        recorded.requests
    ));
    for class in &recorded.profile.requests {
        let seen = class.observed.clone().unwrap_or_default();
        let when = match (class.every, class.jitter) {
            (Some(every), Some(jitter)) if jitter.as_seconds() > 0.0 => {
                format!("every {every}, spread over {jitter}")
            }
            (Some(every), _) => format!("every {every}"),
            (None, _) => "at the start".to_owned(),
        };
        let bytes = seen.response_bytes.map_or_else(String::new, |bytes| format!(", {bytes} bytes"));
        terminal::complain(&format!("  {}: {} requests, {when}{bytes}", class.id, seen.requests));
    }
}

fn failed(error: RecordError) -> Failure {
    if error.is_operators() { Failure::usage(error) } else { Failure::Environment(error.into()) }
}
