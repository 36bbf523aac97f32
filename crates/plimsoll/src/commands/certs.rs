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
        let CertsAction::Init { dir, hub_name, node_name, force } = flags.action;
        let options = Options { hub_names: hub_name, node: node_name, force, ..Options::default() };
        let written = certificates::init(&dir, &options, &SystemClock::new()).map_err(Failure::usage)?;
        for file in written {
            terminal::print(&format!("{}\n", file.display()));
        }
        Ok(())
    })
}
