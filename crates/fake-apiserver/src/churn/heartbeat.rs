//! What kubelets do whether anything happens or not.

use std::time::Duration;

use serde_json::json;

use crate::error::ApiError;
use crate::population::NodeSeat;
use crate::store::{Decision, Store};

/// A kubelet renews its lease so often.
const LEASE: Duration = Duration::from_secs(10);
/// And writes its status so often when nothing changed.
const STATUS: Duration = Duration::from_secs(300);

/// Whose turn it is.
#[derive(Debug, Default)]
pub(super) struct Heartbeats {
    leases: Turn,
    statuses: Turn,
}

#[derive(Debug, Default)]
struct Turn {
    next: usize,
    due: f64,
}

impl Turn {
    /// The nodes whose turn comes within `elapsed`, when each has one every `period`.
    fn take(&mut self, nodes: usize, elapsed: Duration, period: Duration) -> Vec<usize> {
        if nodes == 0 {
            return Vec::new();
        }
        self.due += nodes as f64 * elapsed.as_secs_f64() / period.as_secs_f64();
        let count = self.due as usize;
        self.due -= count as f64;
        let first = self.next;
        self.next = (first + count) % nodes;
        (0..count).map(|offset| (first + offset) % nodes).collect()
    }
}

impl Heartbeats {
    pub(super) fn beat(&mut self, store: &Store, nodes: &[NodeSeat], elapsed: Duration) {
        let wall = store.clock.wall();
        let now = jiff::Timestamp::new(wall.as_secs() as i64, wall.subsec_nanos() as i32).unwrap_or_default();
        for node in self.leases.take(nodes.len(), elapsed, LEASE) {
            let Some(leases) = store.resource("coordination.k8s.io", "leases") else { return };
            let key = format!("kube-node-lease/{}", nodes[node].name);
            // Somebody may have deleted it; a kubelet would make it again, this one is content.
            let _ = store.write(&leases, &key, |lease| {
                let mut lease = lease.ok_or_else(ApiError::no_such_path)?.value();
                lease["spec"]["renewTime"] = json!(format!("{now:.6}"));
                Ok(Decision::Put(lease))
            });
        }
        for node in self.statuses.take(nodes.len(), elapsed, STATUS) {
            let Some(kind) = store.resource("", "nodes") else { return };
            let time = json!(store.timestamp());
            let _ = store.write(&kind, &nodes[node].name, |node| {
                let mut node = node.ok_or_else(ApiError::no_such_path)?.value();
                for condition in node["status"]["conditions"].as_array_mut().into_iter().flatten() {
                    condition["lastHeartbeatTime"] = time.clone();
                }
                Ok(Decision::Put(node))
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_turn_in_each_period() {
        let mut turn = Turn::default();
        let mut turns = vec![0; 7];
        for _ in 0..1000 {
            for node in turn.take(7, Duration::from_millis(100), Duration::from_secs(10)) {
                turns[node] += 1;
            }
        }
        assert!(turns.iter().all(|count| (9..=10).contains(count)), "{turns:?}");
        assert!(turn.take(0, Duration::from_secs(1), LEASE).is_empty());
    }
}
