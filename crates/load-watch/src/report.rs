//! What `/load` says.

use load_attribution::Row;
use serde::{Deserialize, Serialize};

/// Everything, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Seconds since the API server's metrics were read; `None` before the first time.
    pub age_seconds: Option<f64>,
    /// Nodes of the cluster; `None` while the API server has not counted them, which it does once a minute.
    pub nodes: Option<f64>,
    /// CPU that the API server that was asked uses, cores.
    pub apiserver_cores: f64,
    /// Requests a second.
    pub requests_per_second: f64,
    /// Requests refused a second (429 by APF).
    pub rejects_per_second: f64,
    /// Open watches.
    pub watches: f64,
    /// Limits, and how far they are; none before the nodes are known.
    pub dimensions: Vec<Dimension>,
    /// What has changed and is not over.
    pub alerts: Vec<Alert>,
    /// Costs by who, from audit events; empty without the audit webhook.
    pub who: Vec<Row>,
    /// Load by flow schema, from the API server's metrics.
    pub flows: Vec<Flow>,
    /// The audit webhook; `None` where it is not configured.
    pub audit: Option<AuditReport>,
}

/// One limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dimension {
    /// Of what.
    pub dimension: DimensionName,
    /// What is used, in its unit.
    pub measured: f64,
    /// What would be used on twice the nodes.
    pub predicted: f64,
    /// What may be used.
    pub limit: f64,
    /// Nodes at which the limit is reached; `None` beyond a million.
    pub nodes: Option<f64>,
}

/// What can run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DimensionName {
    /// Cores of the API server; 0.6 of what it has is the limit.
    Cpu,
    /// Bytes of its memory; 0.8 of what it has is the limit.
    Memory,
    /// Seats of the priority level that is fullest.
    Seats,
    /// Bytes of etcd's file.
    EtcdBytes,
}

impl DimensionName {
    /// The label's value, and the name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Seats => "seats",
            Self::EtcdBytes => "etcdBytes",
        }
    }
}

/// What has changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    /// Which.
    pub name: AlertName,
    /// Of whom or what; empty where the name says it all.
    pub subject: String,
    /// For how long, seconds.
    pub since_seconds: f64,
    /// What it was.
    pub from: f64,
    /// What it is.
    pub to: f64,
}

/// The alerts that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AlertName {
    /// CPU seconds a second of all.
    ApiserverCpuChanged,
    /// CPU seconds a second that one workload costs, or seconds that a flow schema's requests run where there is no audit.
    ApiserverCostChanged,
    /// Mean seconds until an answer, by verb.
    ApiserverLatencyChanged,
    /// Requests refused a second.
    ApiserverRejects,
    /// Watches ended a second because they did not keep up.
    WatchTerminations,
    /// Bytes of etcd's file.
    EtcdSizeChanged,
}

impl AlertName {
    /// As it is written everywhere.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ApiserverCpuChanged => "ApiserverCpuChanged",
            Self::ApiserverCostChanged => "ApiserverCostChanged",
            Self::ApiserverLatencyChanged => "ApiserverLatencyChanged",
            Self::ApiserverRejects => "ApiserverRejects",
            Self::WatchTerminations => "WatchTerminations",
            Self::EtcdSizeChanged => "EtcdSizeChanged",
        }
    }
}

/// One flow schema.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Flow {
    /// Its name.
    pub flow_schema: String,
    /// Requests that were let in, a second.
    pub requests_per_second: f64,
    /// Requests that run at a time.
    pub executing: f64,
    /// Requests refused a second.
    pub rejects_per_second: f64,
}

/// How the audit webhook is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditReport {
    /// Events that came.
    pub events: u64,
    /// Of them, those that others stood for because the queue was half full.
    pub sampled: u64,
    /// Of them, those that were dropped because it was full.
    pub dropped: u64,
    /// Events that wait.
    pub queued: u64,
    /// Bodies that were no events.
    pub refused: u64,
}
