//! A plausible cluster: nodes, namespaces, workloads with their pods, services with their endpoints, leases.
//!
//! Everything that refers to something else refers to something that is there: owners, counts, node names, endpoints. The same
//! seed gives the same names, sizes and states; only times are relative to now.

mod app;
mod cluster;
mod container;
mod draw;
mod namespace;
mod node;
mod pod;
mod service;
#[cfg(test)]
pub(crate) mod tests;
mod workload;

pub(crate) use app::{App, Controller};
pub(crate) use draw::Draw;
pub(crate) use node::NodeSeat;
pub(crate) use pod::{Life, PodPlan, pod};
pub(crate) use service::endpoint_slices;
pub(crate) use workload::{deployment_status, replica_set, replica_set_status};

use jiff::{SignedDuration, Timestamp};

use crate::churn::Churn;
use crate::config::ClusterPlan;
use crate::store::Store;

/// What the churn must know of the cluster to go on plausibly.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) nodes: Vec<NodeSeat>,
    pub(crate) apps: Vec<App>,
    pub(crate) draw: Draw,
}

/// Fills an empty store; without a plan with the namespaces that every cluster has.
pub(crate) async fn fill(store: &Store, plan: Option<ClusterPlan>) -> Option<Model> {
    let Some(plan) = plan else {
        namespace::load(store, &namespace::SYSTEM.map(str::to_owned), &mut Draw::new(0));
        return None;
    };
    let store = store.clone();
    // Seconds of work for a large cluster: not on a thread that serves.
    tokio::task::spawn_blocking(move || cluster::build(&store, plan)).await.ok()
}

impl Model {
    /// Lets the cluster live, for as long as the server runs.
    pub(crate) async fn churn(self, store: Store, plan: ClusterPlan) {
        if plan.churn_per_second > 0.0 {
            Churn::new(self, store, plan.churn_per_second).run().await;
        }
    }
}

/// So many seconds before now, as `metav1.Time` has it.
pub(crate) fn ago(now: Timestamp, seconds: u64) -> String {
    let seconds = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(0));
    now.checked_sub(seconds).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}
