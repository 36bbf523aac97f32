//! What the hub says about itself, for `/readyz`, the metrics and the status page.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use agent_link::HubHandle;
use apiserver_client::{Door, ResourceStatus};
use objects::Resource;
use serde::Serialize;

use crate::health::{self, Verdict};
use crate::snapshot::Snapshots;
use crate::store::Store;

/// Everything at once.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// Whether `/readyz` says yes.
    pub ready: bool,
    /// Why, in a few words.
    pub reason: String,
    /// What is not known, with the reason: a resource that is still to come, or one that the API server refuses.
    pub missing: Vec<String>,
    /// The API server: scheme, host, port.
    pub server: String,
    /// Each resource that is kept.
    pub resources: Vec<KindStatus>,
    /// The budget towards the API server and its use, by name of the limit.
    pub budget: BTreeMap<&'static str, BudgetUse>,
    /// Requests to the API server since the start.
    pub requests: u64,
    /// Bytes of their answers.
    pub response_bytes: u64,
    /// The copy on disk; absent without a data directory.
    pub snapshot: Option<SnapshotStatus>,
    /// The agents; absent when none can connect.
    pub agents: Option<AgentsStatus>,
}

/// One resource.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KindStatus {
    /// Plural name.
    pub resource: &'static str,
    /// "Pod"
    pub kind: &'static str,
    /// A whole set is in the store, from the API server or from the snapshot.
    pub synced: bool,
    /// It is the snapshot's, and the API server has not been heard since.
    pub restored: bool,
    /// Objects in the store.
    pub objects: usize,
    /// Since the last sign that the set is current.
    pub age_seconds: Option<f64>,
    /// What the door is doing about it: waiting, replaying, watching, backoff, forbidden, not_served.
    pub phase: &'static str,
    /// What went wrong last, until a request succeeds.
    pub error: Option<String>,
    /// Objects that could not be decoded.
    pub undecodable: u64,
    /// LISTs (a watch-list is none) that succeeded and that failed.
    pub lists: (u64, u64),
    /// Watches that succeeded and that failed.
    pub watches: (u64, u64),
}

/// How much of a limit is in use.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BudgetUse {
    /// In use.
    pub used: f64,
    /// Allowed at once.
    pub limit: f64,
    /// Refilled each second; absent for what is given back instead.
    pub per_second: Option<f64>,
}

/// The copy on disk.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SnapshotStatus {
    /// Size of all files.
    pub bytes: u64,
    /// Since disk and memory were last the same, for the resource where that is longest ago.
    pub age_seconds: Option<f64>,
    /// Why it cannot be written.
    pub error: Option<String>,
}

/// The agents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct AgentsStatus {
    /// Connected now.
    pub connected: usize,
    /// Nodes that could have one.
    pub known: usize,
    /// Bytes sent to all of them since the start.
    pub bytes_sent: u64,
}

/// The names that the status page and the flags use for the door's limits.
const BUDGET_NAMES: [(&str, &str); 5] = [
    ("requests", "requests_per_second"),
    ("bytes", "response_bytes_per_second"),
    ("lists", "concurrent_lists"),
    ("watches", "open_watches"),
    ("retries", "retries"),
];

/// Puts a [`Status`] together from the parts.
pub(crate) struct Observer {
    pub(crate) resources: Vec<Resource>,
    pub(crate) store: Arc<Store>,
    pub(crate) door: Door,
    pub(crate) snapshots: Option<Arc<Snapshots>>,
    pub(crate) agents: Option<HubHandle>,
}

impl Status {
    /// What stands in the way of what is not known yet, each error once.
    pub(crate) fn trouble(&self) -> String {
        let missing = self.resources.iter().filter(|kind| !kind.synced);
        let errors: BTreeSet<&str> = missing.filter_map(|kind| kind.error.as_deref()).collect();
        errors.into_iter().collect::<Vec<_>>().join("; ")
    }
}

impl KindStatus {
    /// The resource, and what went wrong with it.
    pub(crate) fn describe(&self) -> String {
        match &self.error {
            Some(error) => format!("{} ({error})", self.resource),
            None => self.resource.to_owned(),
        }
    }
}

impl Observer {
    pub(crate) fn status(&self) -> Status {
        let door = self.door.status();
        let kind = |resource: &Resource| {
            let at_door = door.resources.get(resource.plural());
            self.kind(*resource, at_door)
        };
        let resources: Vec<KindStatus> = self.resources.iter().map(kind).collect();
        let Verdict { ready, reason } = health::judge(&resources);
        let budget = BUDGET_NAMES
            .into_iter()
            .filter_map(|(name, shown)| Some((shown, door.budget.budgets.get(name)?)))
            .map(|(shown, of)| {
                (shown, BudgetUse { used: of.used, limit: of.limit, per_second: of.per_second })
            })
            .collect();
        let missing = resources.iter().filter(|kind| !kind.synced).map(KindStatus::describe).collect();
        Status {
            ready,
            reason,
            missing,
            server: door.server,
            resources,
            budget,
            requests: door.budget.requests_total,
            response_bytes: door.budget.response_bytes_total,
            snapshot: self.snapshots.as_ref().map(|snapshots| snapshots.status()),
            agents: self.agents.as_ref().map(agents),
        }
    }

    fn kind(&self, resource: Resource, door: Option<&ResourceStatus>) -> KindStatus {
        let state = self.store.state(resource);
        let answers = |verb| {
            let answers = self.door.answers(verb, resource);
            (answers.successes, answers.failures)
        };
        KindStatus {
            resource: resource.plural(),
            kind: resource.info().kind,
            synced: state.known,
            restored: state.restored,
            objects: state.objects,
            age_seconds: state.age.map(|age| age.as_secs_f64()),
            phase: door.map_or("waiting", |door| door.phase.name()),
            error: door.and_then(|door| door.last_error.clone()),
            undecodable: state.undecodable,
            lists: answers("list"),
            watches: answers("watch"),
        }
    }
}

fn agents(handle: &HubHandle) -> AgentsStatus {
    let stats = handle.stats();
    AgentsStatus {
        connected: stats.agents_connected,
        known: stats.agents_known,
        bytes_sent: stats.bytes_sent,
    }
}
