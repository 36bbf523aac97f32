//! What the door says about itself.

use std::collections::BTreeMap;

use serde::Serialize;

/// Where a resource stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Not its turn yet, or waiting for its share of the budget.
    #[default]
    Waiting,
    /// A full state is being read.
    Replaying,
    /// Changes come as they happen.
    Watching,
    /// The last request failed; the next one comes later.
    Backoff,
    /// The server says that we may not read it (401 or 403). Asked again with backoff: a role may be granted any time.
    Forbidden,
    /// The server has no such resource (404). Asked again with backoff.
    NotServed,
}

impl Phase {
    /// The phase as metrics and the status page name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Replaying => "replaying",
            Self::Watching => "watching",
            Self::Backoff => "backoff",
            Self::Forbidden => "forbidden",
            Self::NotServed => "not_served",
        }
    }
}

/// One resource.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceStatus {
    /// Where it stands.
    pub phase: Phase,
    /// Whether a full state has been read, or resumed, since the start.
    pub synced: bool,
    /// Since the last byte from the server about it; `None`: never.
    pub seconds_since_contact: Option<f64>,
    /// What went wrong last: code and reason, never a body, never a secret. Stays until a request succeeds.
    pub last_error: Option<String>,
    /// Objects received since the start, changes included.
    pub objects_seen: u64,
    /// Objects that could not be decoded since the start.
    pub undecodable: u64,
    /// A watch would resume here.
    pub resource_version: Option<String>,
    /// How full states are read: false once the server has refused watch-lists.
    pub watch_list: bool,
}

/// How much of a limit is in use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BudgetUse {
    /// What is allowed at once.
    pub limit: f64,
    /// What is in use of it; above the limit where it is charged after the fact (bytes).
    pub used: f64,
    /// What is allowed per second, where it is a rate.
    pub per_second: Option<f64>,
}

/// The budget and its use.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BudgetStatus {
    /// By name: requests, bytes, lists, watches, retries.
    pub budgets: BTreeMap<&'static str, BudgetUse>,
    /// Seconds for which the server has asked for silence; 0 mostly.
    pub held_seconds: f64,
    /// Requests made since the start.
    pub requests_total: u64,
    /// Bytes of response bodies since the start, as sent.
    pub response_bytes_total: u64,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DoorStatus {
    /// Where the API server is: scheme, host, port.
    pub server: String,
    /// By plural name.
    pub resources: BTreeMap<&'static str, ResourceStatus>,
    /// The budget and its use.
    pub budget: BudgetStatus,
}
