//! `plimsoll node`: people on a node, without the API server.

use std::fmt::Write as _;
use std::path::Path;

use confirmation::hex;
use environment::files;
use workload_gate::protocol::{Answer, Verb, WorkloadStatus};

use crate::commands::{node_fuse, node_order, runtime};
use crate::flags::{NodeFlags, NodeVerb, WorkloadVerb};
use crate::outcome::{Failure, Outcome};
use crate::terminal;

pub(crate) fn run(flags: NodeFlags) -> Outcome {
    let asked = match flags.verb {
        NodeVerb::Fuse { verb } => return node_fuse::run(&flags.run_dir, verb),
        NodeVerb::Order { file } => return node_order::run(&flags.run_dir, &file),
        NodeVerb::Workload(asked) => asked,
    };
    let as_json = matches!(asked, WorkloadVerb::Status { json: true });
    let verb = verb(asked)?;
    runtime::one_thread(async {
        let answer = workload_gate::ask(&flags.run_dir, &verb).await.map_err(Failure::usage)?;
        show(answer, as_json)
    })
}

fn show(answer: Answer, as_json: bool) -> Outcome {
    match answer {
        Answer::Status { workloads } if as_json => {
            terminal::print(&format!("{}\n", serde_json::to_string_pretty(&workloads)?));
        }
        Answer::Status { workloads } => terminal::print(&picture(&workloads)),
        Answer::Done { what } => terminal::print(&format!("{what}\n")),
        Answer::Refused { why } => return Err(Failure::Usage(why)),
    }
    if !as_json {
        terminal::complain("(the API server was not needed)");
    }
    Ok(())
}

fn verb(verb: WorkloadVerb) -> Result<Verb, Failure> {
    Ok(match verb {
        WorkloadVerb::Status { .. } => Verb::Status,
        WorkloadVerb::Stop { workload } => Verb::Stop { workload },
        WorkloadVerb::Revert { workload } => Verb::Revert { workload },
        WorkloadVerb::Quarantine { workload, revision } => Verb::Quarantine { workload, revision },
        WorkloadVerb::Allow { workload, revision } => Verb::Allow { workload, revision },
        WorkloadVerb::Freeze => Verb::Freeze { frozen: true },
        WorkloadVerb::Unfreeze => Verb::Freeze { frozen: false },
        WorkloadVerb::Tell { file } => Verb::Tell { token: hexadecimal(&file)? },
        WorkloadVerb::Load { file } => Verb::Load { revision: hexadecimal(&file)? },
    })
}

fn hexadecimal(file: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    files::read_into(file, &mut bytes, workload_gate::limits::FILE_BYTES_MAX)
        .map_err(|error| Failure::Usage(format!("{} cannot be read: {error}", file.display())))?;
    Ok(hex::encode(&bytes))
}

fn picture(workloads: &[WorkloadStatus]) -> String {
    let mut text = format!(
        "{:<20}{:<9}{:<14}{:<14}{:<11}{}\n",
        "WORKLOAD", "PHASE", "REVISION", "LAST GOOD", "CONFIRM IN", "NOTES"
    );
    for one in workloads {
        let short = |hash: &Option<String>| {
            hash.as_deref().map_or("-", |hash| hash.get(..12).unwrap_or(hash)).to_owned()
        };
        let left = one.confirm_seconds_left.map_or("-".to_owned(), |seconds| format!("{seconds} s"));
        let (revision, good) = (short(&one.revision), short(&one.last_known_good));
        let _ = writeln!(
            text,
            "{:<20}{:<9}{revision:<14}{good:<14}{left:<11}{}",
            one.name,
            one.phase,
            notes(one)
        );
    }
    text
}

fn notes(one: &WorkloadStatus) -> String {
    let mut notes = Vec::new();
    if let (Some(rollout), Some(serial)) = (&one.rollout, one.serial) {
        notes.push(format!("{rollout} #{serial}"));
    }
    if one.frozen {
        notes.push("frozen".to_owned());
    }
    if one.quiesced {
        notes.push("told to leave the API server alone".to_owned());
    }
    let counted = [("quarantined", one.quarantined.len()), ("failed", one.failed.len())];
    notes.extend(
        counted.iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("{count} {what}")),
    );
    notes.extend(one.refused.iter().map(|why| format!("last word not followed: {why}")));
    notes.extend(one.last_end.iter().map(|how| format!("ended last: {how}")));
    notes.join("; ")
}
