//! `plimsoll drill`.

use std::fmt::Write as _;

use drill::{Scenario, picture, run as run_drill};

use crate::flags::{DrillFlags, DrillOutput};
use crate::outcome::{Failure, Outcome};
use crate::terminal;

/// Where nobody says how wide the terminal is.
const COLUMNS: u16 = 100;

pub(crate) fn run(flags: DrillFlags) -> Outcome {
    let Some(name) = &flags.name else {
        terminal::print(&list());
        return Ok(());
    };
    let Some(mut scenario) = Scenario::find(name) else {
        let known: Vec<_> = Scenario::catalogue().iter().map(|scenario| scenario.name).collect();
        return Err(Failure::Usage(format!("there is no drill {name:?}: there are {}", known.join(", "))));
    };
    scenario.nodes = flags.nodes.unwrap_or(scenario.nodes);
    scenario.seed = flags.seed.unwrap_or(scenario.seed);
    let report = run_drill(&scenario);
    match flags.output {
        DrillOutput::Text => {
            terminal::print(&picture(&report, terminal::columns().unwrap_or(COLUMNS).into()));
            terminal::complain("(simulated: no cluster and no API server was touched)");
        }
        DrillOutput::Json => terminal::print(&format!("{}\n", serde_json::to_string_pretty(&report)?)),
    }
    Ok(())
}

fn list() -> String {
    let mut text = String::new();
    for scenario in Scenario::catalogue() {
        let _ = writeln!(text, "{:<24}{}", scenario.name, scenario.about);
    }
    text
}
