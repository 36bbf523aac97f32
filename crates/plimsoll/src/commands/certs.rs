//! `plimsoll certs`.

use agent_link::certificates::{self, Options};
use environment::SystemClock;

use crate::commands::runtime;
use crate::flags::{CertsAction, CertsFlags};
use crate::outcome::{Failure, Outcome};
use crate::terminal;

pub(crate) fn run(flags: CertsFlags) -> Outcome {
    // The clock is tokio's, so that it can be paused in tests.
    runtime::one_thread(async {
        let clock = SystemClock::new();
        let written = match flags.action {
            CertsAction::Init { dir, hub_name, node_name, force } => {
                let options = Options { hub_names: hub_name, node: node_name, force, ..Options::default() };
                certificates::init(&dir, &options, &clock)
            }
            CertsAction::Renew { dir, days } => certificates::renew(&dir, days, &clock),
        };
        let written = written.map_err(Failure::usage)?;
        for file in written {
            terminal::print(&format!("{}\n", file.display()));
        }
        Ok(())
    })
}
