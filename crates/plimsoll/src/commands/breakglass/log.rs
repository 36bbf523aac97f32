//! The audit log: checked, shown, brought to the cluster.

use emergency_access::audit::{FILE, Log, Record, verify};
use emergency_access::engage::engaged;
use emergency_access::way::{APPLY, Ask, insist};
use serde_json::json;

use super::Place;
use super::levers::note;
use super::orders::time;
use crate::commands::runtime;
use crate::flags::AuditVerb;
use crate::outcome::{Failure, Outcome};
use crate::terminal;

/// The ConfigMap.
const NAME: &str = "plimsoll-breakglass";
/// A ConfigMap has room for 1 MiB; the newest records that fit into this go.
const REPLAY_BYTES_MAX: usize = 768 << 10;
/// What uses a key that somebody may have kept.
const USES: [&str; 4] = ["issue", "engage", "sign", "send"];

pub(super) fn run(place: &Place, verb: AuditVerb) -> Outcome {
    match verb {
        AuditVerb::Verify { head } => {
            let records = verify(&place.dir.join(FILE), head.as_deref()).map_err(Failure::usage)?;
            let last = records.last().map_or("none", |record| record.hash.as_str());
            terminal::print(&format!(
                "{} records, each builds on the one before it; head: {last}\n",
                records.len()
            ));
            Ok(())
        }
        AuditVerb::Show => show(place),
        AuditVerb::Replay { ways, namespace } => runtime::one_thread(async {
            let ways = place.some_ways(&ways).await?;
            let mut log = Log::open(&place.dir).map_err(Failure::usage)?;
            let records = log.records().map_err(Failure::usage)?;
            let tainted = tainted(&records);
            let data = json!({
                "tainted": tainted.is_some().to_string(),
                "taintedBy": tainted.map(|record| format!("{} of {} at {}", record.what, record.who, time(record.at))).unwrap_or_default(),
                "head": log.head(),
                "records": newest(&records)?,
            });
            let object = json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": NAME, "namespace": namespace}, "data": data,
            });
            let path = format!("/api/v1/namespaces/{namespace}/configmaps/{NAME}");
            let ask =
                Ask::patch(format!("{path}?fieldManager=plimsoll-breakglass&force=true"), APPLY, object);
            insist(&ways[0].1, ask).await.map_err(|why| anyhow::anyhow!("{path}: {why}"))?;
            note(place, &mut log, "replayed", json!({"to": path, "records": records.len()}))?;
            terminal::print(&format!("{path}: {} records; tainted: {}\n", records.len(), tainted.is_some()));
            Ok(())
        }),
        AuditVerb::Rotated { reason } => {
            let mut log = Log::open(&place.dir).map_err(Failure::usage)?;
            note(place, &mut log, "rotated", json!({"reason": reason}))?;
            terminal::print(
                "not tainted any more; `plimsoll breakglass audit replay` says so to the cluster\n",
            );
            Ok(())
        }
    }
}

fn show(place: &Place) -> Outcome {
    let log = Log::open(&place.dir).map_err(Failure::usage)?;
    let records = log.records().map_err(Failure::usage)?;
    for record in &records {
        let mut data = record.data.clone();
        // It is what takes something back, and long.
        if let Some(fields) = data.as_object_mut() {
            fields.remove("undo");
        }
        terminal::print(&format!("{} {} {} {data}\n", time(record.at), record.who, record.what));
    }
    for (seq, what, _) in engaged(&log).map_err(Failure::usage)? {
        terminal::print(&format!("engaged (record {seq}): {what}\n"));
    }
    if let Some(record) = tainted(&records) {
        terminal::print(&format!(
            "the cluster is tainted since {}: change the keys that were used, then `plimsoll breakglass audit rotated`\n",
            time(record.at)
        ));
    }
    Ok(())
}

/// The first use since keys were changed.
fn tainted(records: &[Record]) -> Option<&Record> {
    let since = records.iter().rposition(|record| record.what == "rotated").map_or(0, |at| at + 1);
    records[since..].iter().find(|record| USES.contains(&record.what.as_str()))
}

/// As lines; objects that were deleted stay in the file.
fn newest(records: &[Record]) -> Result<String, Failure> {
    let mut lines = Vec::new();
    let mut bytes = 0;
    for record in records.iter().rev() {
        let line = serde_json::to_string(record)?;
        bytes += line.len() + 1;
        if bytes > REPLAY_BYTES_MAX {
            break;
        }
        lines.push(line);
    }
    lines.reverse();
    Ok(lines.join("\n"))
}
