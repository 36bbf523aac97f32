//! What came of a drill.

use serde::Serialize;

use crate::scenario::Scenario;

/// Figures and the story. All times since the drill began, in seconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The scenario's name.
    pub scenario: &'static str,
    /// Its nodes.
    pub nodes: u32,
    /// Its seed.
    pub seed: u64,
    /// `status.phase` in the end.
    pub phase: String,
    /// Why it stopped.
    pub stopped: Option<String>,
    /// The first start of the new revision on any node.
    pub first_start: Option<f64>,
    /// When the controller stopped it.
    pub stopped_at: Option<f64>,
    /// When the last unconfirmed node had stopped the new revision, after the last fault or the stop.
    pub last_unconfirmed_at: Option<f64>,
    /// Most nodes that ran the new revision at once.
    pub most_nodes: u32,
    /// Nodes that run it in the end.
    pub nodes_at_end: u32,
    /// Nodes that run anything in the end.
    pub nodes_running: u32,
    /// Nodes that are on trial in the end.
    pub on_trial_at_end: u32,
    /// Of somebody else's small request, milliseconds, before anything was started.
    pub latency_before: f64,
    /// The same, 99th percentile from then on.
    pub latency_p99: f64,
    /// Seconds in which nobody answered it.
    pub unanswered: u32,
    /// Requests that the workload made.
    pub workload_requests: u64,
    /// Words that the controller signed.
    pub tokens: u32,
    /// The longest of them, bytes. It goes to each node once.
    pub token_bytes: usize,
    /// All of them, bytes: what the hub makes and stores, whatever the number of nodes.
    pub signed_bytes: usize,
    /// Status writes to the API server.
    pub api_writes: u32,
    /// What happened.
    pub story: Vec<Event>,
    /// Once a second.
    #[serde(skip)]
    pub seconds: Vec<Second>,
}

impl Report {
    pub(crate) fn begin(scenario: &Scenario) -> Self {
        Self { scenario: scenario.name, nodes: scenario.nodes, seed: scenario.seed, ..Self::default() }
    }
}

/// Something worth telling.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// Seconds since the drill began.
    pub at: f64,
    /// A sentence.
    pub what: String,
}

/// How things stood.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Second {
    /// Nodes that ran the new revision.
    pub nodes: u32,
    /// Somebody else's small request, milliseconds; none if nobody answered.
    pub latency: Option<f64>,
}

/// The 99th percentile of what was answered; nothing if nothing was.
pub(crate) fn p99(seconds: &[Second]) -> f64 {
    let mut answered: Vec<f64> = seconds.iter().filter_map(|second| second.latency).collect();
    answered.sort_unstable_by(f64::total_cmp);
    let last = answered.len().saturating_sub(1);
    answered.get(last * 99 / 100).copied().unwrap_or(0.0)
}
