//! A rehearsal, and its last result in the folder.

use emergency_access::rehearsal::{Rehearsal, Trial, rehearse};
use serde_json::json;
use workload_gate::protocol::Verb;

use super::levers::{begin, note};
use super::{Place, orders};
use crate::commands::{node_order, runtime};
use crate::flags::RehearseFlags;
use crate::outcome::{Failure, Outcome};
use crate::terminal;

/// The last rehearsal, in the folder of break-glass.
const FILE: &str = "rehearsal.json";

pub(super) fn run(place: &Place, flags: &RehearseFlags) -> Outcome {
    runtime::one_thread(async {
        let mut rehearsal = Rehearsal { at: place.now(), trials: Vec::new() };
        for (context, way) in place.some_ways(&flags.ways).await? {
            rehearsal.trials.extend(rehearse(&context, &way).await);
        }
        if let (Some(file), Some(hub)) = (&flags.order, &flags.hub) {
            let text = node_order::read(file)?;
            rehearsal.trials.push(trial(hub, "order", orders::post(hub, &text).await));
        }
        if let Some(dir) = &flags.run_dir {
            let asked = workload_gate::ask(dir, &Verb::Status).await;
            let says = asked.map(|_| "the agent answers".to_owned()).map_err(|error| error.to_string());
            rehearsal.trials.push(trial(&dir.display().to_string(), "node", says));
        }
        let (ok, all) = (rehearsal.trials.iter().filter(|trial| trial.ok).count(), rehearsal.trials.len());
        note(place, &mut begin(place)?, "rehearsal", json!({"ok": ok, "of": all}))?;
        environment::files::write_atomic(&place.dir.join(FILE), |file| {
            Ok(serde_json::to_writer(file, &rehearsal)?)
        })?;
        terminal::print(&match flags.json {
            true => format!("{}\n", serde_json::to_string_pretty(&rehearsal)?),
            false => picture(&rehearsal),
        });
        if rehearsal.is_ok() { Ok(()) } else { Err(Failure::Verdict(1)) }
    })
}

fn trial(way: &str, name: &str, outcome: Result<String, String>) -> Trial {
    let ok = outcome.is_ok();
    let says = outcome.unwrap_or_else(|why| why);
    Trial { way: way.to_owned(), name: name.to_owned(), ok, says, seconds: 0.0 }
}

fn picture(rehearsal: &Rehearsal) -> String {
    let line = |trial: &Trial| {
        let mark = if trial.ok { "ok     " } else { "NOT OK " };
        format!("{mark} {:<12}{:<48}{}\n", trial.name, trial.way, trial.says)
    };
    rehearsal.trials.iter().map(line).collect()
}
