//! What an agent tells its hub of its node: gated workloads, and what workloads exchange with the API servers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use agent_link::AgentLink;
use bytes::Bytes;
use confirmation::RevisionHash;
use environment::Clock;
use fanout::payload::{NodeReport, TrafficReport, WorkloadReport};
use fuse::Subject;
use prost::Message;
use workload_gate::protocol::WorkloadStatus;

/// How often the state of workloads is looked at; the hub hears of it if it has changed.
const LOOK: Duration = Duration::from_secs(1);
/// How often a node says that it is alive, changed or not, and over how long traffic is averaged: 5,000 nodes send 333 reports a
/// second.
const BEAT: Duration = Duration::from_secs(15);
/// Workloads whose traffic is told: those with the most.
const TRAFFIC_MAX: usize = 64;

/// Where the state is.
pub(crate) struct Sources {
    /// With gates.
    pub(crate) gates: Option<workload_gate::Shared>,
    /// With the fuse.
    pub(crate) fuse: Option<fuse::Shared>,
}

/// Without end.
pub(crate) async fn report(link: AgentLink, sources: Sources, clock: Arc<dyn Clock>) {
    let (mut traffic, mut before) = (Vec::new(), BTreeMap::new());
    let mut last = (u64::MAX, clock.monotonic());
    loop {
        let now = clock.monotonic();
        let beat = now.as_secs() / BEAT.as_secs();
        if let (true, Some(fuse)) = (beat != last.0, &sources.fuse) {
            traffic = rates(&fuse.lock(), &mut before, now.saturating_sub(last.1));
            last = (beat, now);
        }
        let workloads = sources.gates.as_ref().map(|gates| gates.lock().iter().map(one).collect());
        let report = NodeReport { workloads: workloads.unwrap_or_default(), beat, traffic: traffic.clone() };
        link.report(report.encode_to_vec().into());
        tokio::time::sleep(LOOK).await;
    }
}

/// Of each workload that has exchanged anything since `before`, which becomes what there is now. The first time says nothing.
fn rates(
    status: &fuse::Status,
    before: &mut BTreeMap<Subject, (u64, u64)>,
    span: Duration,
) -> Vec<TrafficReport> {
    let now: BTreeMap<Subject, (u64, u64)> = status
        .workloads
        .iter()
        .map(|(subject, one)| (subject.clone(), (one.up_bytes + one.down_bytes, one.connections)))
        .collect();
    let seconds = span.as_secs_f64().max(1.0);
    let rate = |(subject, (bytes, connections)): (&Subject, &(u64, u64))| {
        let former = before.get(subject)?;
        let (bytes, connections) = (bytes.saturating_sub(former.0), connections.saturating_sub(former.1));
        (bytes > 0 || connections > 0).then(|| TrafficReport {
            namespace: subject.namespace.clone(),
            kind: subject.kind.clone(),
            name: subject.name.clone(),
            bytes_per_second: bytes as f64 / seconds,
            connections_per_second: connections as f64 / seconds,
        })
    };
    let mut told: Vec<TrafficReport> = now.iter().filter_map(rate).collect();
    told.sort_by(|one, other| other.bytes_per_second.total_cmp(&one.bytes_per_second));
    told.truncate(TRAFFIC_MAX);
    *before = now;
    told
}

fn one(status: &WorkloadStatus) -> WorkloadReport {
    let running: Option<RevisionHash> = status.revision.as_ref().and_then(|hash| hash.parse().ok());
    WorkloadReport {
        workload: status.name.clone(),
        running: running.map(|hash| Bytes::copy_from_slice(hash.as_bytes())).unwrap_or_default(),
        on_trial: status.phase == "Trial",
        serial: status.serial.unwrap_or_default(),
        attempt: status.attempt.unwrap_or_default(),
        reverted: status.reverted,
    }
}

#[cfg(test)]
mod tests {
    use fuse::policy::Why;
    use fuse::status::WorkloadStatus;

    use super::*;

    #[test]
    fn traffic_is_what_was_exchanged_since_the_last_time() {
        let status = |down_bytes, connections| {
            let one = WorkloadStatus {
                mode: "observe".to_owned(),
                why: Why::Observed,
                until_up_seconds: None,
                share: None,
                places: 1,
                up_bytes: 0,
                down_bytes,
                dropped_bytes: 0,
                connections,
            };
            let subject: Subject = "t/DaemonSet/a".parse().unwrap();
            fuse::Status { workloads: [(subject, one)].into(), ..fuse::Status::default() }
        };
        let mut before = BTreeMap::new();
        let mut check = |now: fuse::Status, expected: &[(f64, f64)]| {
            let told = rates(&now, &mut before, Duration::from_secs(10));
            let told: Vec<_> =
                told.iter().map(|one| (one.bytes_per_second, one.connections_per_second)).collect();
            assert_eq!(told, expected);
        };
        check(status(1_000, 5), &[]);
        check(status(3_000, 5), &[(200.0, 0.0)]);
        check(status(3_000, 15), &[(0.0, 1.0)]);
        check(status(3_000, 15), &[]);
    }
}
