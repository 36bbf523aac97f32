//! The hub's part of rollouts.
//!
//! Owns: `DaemonRollout` and `LoadLine` documents ([`spec`], [`load_line`]), in a folder or from objects that somebody else reads, the answers of gates (PromQL), what must outlive the controller,
//! signing, and what each node is given: its identity, the last directive of each workload, the revisions that it may run
//! ([`Controller`]). Does not know: how a rollout proceeds (`rollout_plan::Rollout`), how items travel (`agent_link`), the API
//! server: nodes come from a function that it is given.
//!
//! ```text
//!   documents, nodes, reports, answers --every second--> Rollout --directive--> signed, written down --> fan-out
//! ```

mod collect;
mod controller;
mod documents;
mod kept;
pub mod limits;
pub mod load_line;
pub mod object;
mod page;
mod prometheus;
pub mod spec;
mod status;
mod steered;
pub mod traffic;

pub use controller::{Cluster, ClusterView, Config, Controller, Seen, Status};
pub use documents::{Document, Documents, Given};
pub use load_line::LoadLine;

/// `plimsoll_rollout_*`, `plimsoll_gate_state` and `plimsoll_fleet_api_*` for a registry.
pub fn collectors(seen: &Seen) -> [Box<dyn prometheus_client::collector::Collector>; 2] {
    [Box::new(collect::Collect(seen.status.clone())), Box::new(traffic::Collect(seen.traffic.clone()))]
}

pub use status::{GateStatus, PastRevision, RolloutStatus};
