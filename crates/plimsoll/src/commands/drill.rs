//! `plimsoll drill`.

use std::fmt::Write as _;

use drill::{ColdRestart, Reconnected, Scenario, cold_restart, picture, run as run_drill};

use crate::flags::{DrillFlags, DrillOutput};
use crate::outcome::{Failure, Outcome};
use crate::terminal;

/// Where nobody says how wide the terminal is.
const COLUMNS: u16 = 100;

/// The drill of [`cold_restart`], which is about clients and not about a rollout.
const RESTART: &str = "cold-restart";

pub(crate) fn run(flags: DrillFlags) -> Outcome {
    let Some(name) = &flags.name else {
        terminal::print(&list());
        return Ok(());
    };
    if name == RESTART {
        return restart(&flags);
    }
    let Some(mut scenario) = Scenario::find(name) else {
        let mut known: Vec<_> = Scenario::catalogue().iter().map(|scenario| scenario.name).collect();
        known.push(RESTART);
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

/// The same restart with a recovery and with client-go alone.
fn restart(flags: &DrillFlags) -> Outcome {
    let standard = ColdRestart::default();
    let of = ColdRestart {
        agents: flags.nodes.unwrap_or(standard.agents),
        seed: flags.seed.unwrap_or(standard.seed),
        ..standard
    };
    let with = cold_restart(&of);
    let without = cold_restart(&ColdRestart { with_recovery: false, ..of.clone() });
    if flags.output == DrillOutput::Json {
        let both = serde_json::json!({ "withRecovery": with, "clientGoAlone": without });
        terminal::print(&format!("{both:#}\n"));
        return Ok(());
    }
    let mut text = format!(
        "{} agents and {} controllers come back to an API server with empty caches and {} cores\n{:<20}{:>10}{:>14}{:>12}{:>18}{:>10}\n",
        of.agents,
        of.controllers,
        of.cores,
        "",
        "SYNCED",
        "STEADY AFTER",
        "DROWNED",
        "CPU WASTED",
        "RELAPSES"
    );
    for (name, came) in [("with a recovery", &with), ("client-go alone", &without)] {
        let Reconnected { clients, synced, drowned_seconds, wasted_cpu_seconds, relapses, .. } = came;
        let steady = came
            .steady_after
            .map_or_else(|| format!("not in {} s", of.until.as_secs()), |seconds| format!("{seconds:.0} s"));
        let synced = format!("{synced}/{clients}");
        let _ = writeln!(
            text,
            "{name:<20}{synced:>10}{steady:>14}{:>12}{:>18}{relapses:>10}",
            format!("{drowned_seconds:.0} s"),
            format!("{wasted_cpu_seconds:.0} CPU s"),
        );
    }
    terminal::print(&text);
    terminal::complain("(simulated: no cluster and no API server was touched)");
    Ok(())
}

fn list() -> String {
    let mut text = String::new();
    for scenario in Scenario::catalogue() {
        let _ = writeln!(text, "{:<24}{}", scenario.name, scenario.about);
    }
    let _ = writeln!(
        text,
        "{RESTART:<24}An API server comes back with empty caches: every client at once, with a recovery and without."
    );
    text
}
