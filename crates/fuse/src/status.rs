//! What the fuse does now: one file for people and for the agent that comes after, and metrics.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use environment::files;
use parking_lot::Mutex;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use serde::{Deserialize, Serialize};

use crate::policy::Why;
use crate::subject::Subject;
use crate::table::Rates;

/// 256 workloads of some 500 bytes.
const STATUS_BYTES_MAX: usize = 1 << 20;

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// When, in seconds since the machine's start.
    pub up_seconds: u64,
    /// Whether the table stands.
    pub is_armed: bool,
    /// Why not, or what was wrong last.
    pub problem: Option<String>,
    /// The API servers whose traffic is meant.
    pub servers: Vec<String>,
    /// The API server is overloaded, until this time after the machine's start.
    pub overloaded_until_up_seconds: Option<u64>,
    /// Workloads of this node that are not counted, because there are too many.
    pub uncounted: u64,
    /// Every workload of this node that has a pod.
    pub workloads: BTreeMap<Subject, WorkloadStatus>,
}

/// One workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadStatus {
    /// "observe", "limit" or "cut".
    pub mode: String,
    /// Why.
    #[serde(flatten)]
    pub why: Why,
    /// Until when, in seconds since the machine's start.
    pub until_up_seconds: Option<u64>,
    /// What it may use before it is held to it.
    pub share: Option<Rates>,
    /// Addresses and cgroups.
    pub places: u64,
    /// Bytes to the API servers that were let through, since this agent's start.
    pub up_bytes: u64,
    /// Bytes from them.
    pub down_bytes: u64,
    /// Bytes that were not let through.
    pub dropped_bytes: u64,
    /// Connections that were asked for and let through.
    pub connections: u64,
}

/// As of the last look.
pub type Shared = Arc<Mutex<Status>>;

impl Status {
    /// Reads what a fuse wrote last.
    ///
    /// # Errors
    /// There is none, or it is something else.
    pub fn read(path: &Path) -> io::Result<Self> {
        let mut bytes = Vec::new();
        files::read_into(path, &mut bytes, STATUS_BYTES_MAX)?;
        Ok(serde_json::from_slice(&bytes)?)
    }

    /// Writes it, as a whole or not at all.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        files::write_atomic(path, |file| Ok(serde_json::to_writer(file, self)?))
    }
}

/// For a registry.
#[derive(Debug)]
pub struct Collect(pub Shared);

type Count = fn(&WorkloadStatus) -> u64;
/// The value of a label `direction`, if the family has it, and the count.
type Counts = &'static [(&'static str, Count)];

/// Family, help, counts.
const COUNTED: [(&str, &str, Counts); 3] = [
    (
        "plimsoll_fuse_bytes",
        "Bytes between a workload's pods on this node and the API servers",
        &[("up", |one| one.up_bytes), ("down", |one| one.down_bytes)],
    ),
    (
        "plimsoll_fuse_dropped_bytes",
        "Bytes that the fuse did not let through",
        &[("", |one| one.dropped_bytes)],
    ),
    (
        "plimsoll_fuse_connections",
        "Connections that a workload's pods on this node asked the API servers for",
        &[("", |one| one.connections)],
    ),
];
const MODES: [&str; 3] = ["observe", "limit", "cut"];

impl Collector for Collect {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let status = self.0.lock().clone();
        let up = encoder.encode_descriptor(
            "plimsoll_fuse_up",
            "1 if traffic to the API servers is counted and can be limited on this node",
            None,
            MetricType::Gauge,
        )?;
        ConstGauge::new(i64::from(status.is_armed)).encode(up)?;
        let overloaded = encoder.encode_descriptor(
            "plimsoll_fuse_overload",
            "1 while workloads are held to their shares because the API server is overloaded",
            None,
            MetricType::Gauge,
        )?;
        ConstGauge::new(i64::from(status.overloaded_until_up_seconds.is_some())).encode(overloaded)?;
        for (name, help, counts) in COUNTED {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for (subject, one) in &status.workloads {
                for (direction, count) in counts {
                    let extra = if direction.is_empty() { None } else { Some(("direction", *direction)) };
                    let labels = labels(subject, extra);
                    ConstCounter::new(count(one)).encode(family.encode_family(&labels)?)?;
                }
            }
        }
        let help = "1 for what a workload may do with the API servers on this node";
        let mut modes = encoder.encode_descriptor("plimsoll_fuse_mode", help, None, MetricType::Gauge)?;
        for (subject, one) in &status.workloads {
            for mode in MODES {
                let labels = labels(subject, Some(("mode", mode)));
                ConstGauge::new(i64::from(one.mode == mode)).encode(modes.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

fn labels<'a>(subject: &'a Subject, extra: Option<(&'a str, &'a str)>) -> Vec<(&'a str, &'a str)> {
    let mut labels = vec![
        ("namespace", subject.namespace.as_str()),
        ("workload_kind", subject.kind.as_str()),
        ("workload", subject.name.as_str()),
    ];
    labels.extend(extra);
    labels
}
