//! Who takes part: nodes, their agents, the DNS servers beside some of them, the services of the cluster.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use fanout::{Change, Follows, ItemKey, Limits, SessionId, Subscriber, Topic, Transfer};

/// What there is in a world.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Nodes, each with an agent that follows its pods.
    pub(crate) agents: usize,
    /// How many of the nodes, from the first one on, have a DNS server beside the agent. It follows the names of the cluster,
    /// and comes after all agents in the list of sessions' owners.
    pub(crate) dns: usize,
    /// Pods of each node.
    pub(crate) pods: usize,
    /// Services of the cluster.
    pub(crate) services: usize,
    pub(crate) limits: Limits,
}

pub(super) struct Agent {
    pub(super) node: usize,
    pub(super) follows: Follows,
    /// What its consumer made of the changes.
    pub(super) shown: BTreeMap<ItemKey, Bytes>,
    pub(super) pulse: Bytes,
    pub(super) subscriber: Subscriber,
    pub(super) wake: Duration,
    /// The stream or attempt that counts; events of older ones are late.
    pub(super) stream: u64,
    pub(super) session: Option<SessionId>,
    pub(super) synced: bool,
    pub(super) partitioned: bool,
    /// A segment was lost: nothing of this stream arrives any more, and nobody is told.
    pub(super) broken: bool,
    pub(super) slow: Duration,
    pub(super) inbox_free: Duration,
}

impl Agent {
    pub(super) fn consume(&mut self, transfer: Transfer) {
        for Change { item, value } in transfer.changes {
            match value {
                Some(value) => self.shown.insert(item, value),
                None => self.shown.remove(&item),
            };
        }
    }
}

/// What the items of services are about.
pub(super) const NAMES: Topic = Topic(9);

/// As long as "namespace/name" usually is.
pub(super) fn service_key(service: usize) -> Bytes {
    Bytes::from(format!("namespace-{:04}/service-{service:06}", service % 100))
}

pub(super) fn service_value(version: u64) -> Bytes {
    Bytes::from(format!("{version:0200}"))
}

pub(super) fn name(node: usize) -> String {
    format!("node-{node:05}")
}
