//! What the status page shows of this machine.

use std::time::Duration;

use node_probe::proc::memory::Summary;
use node_probe::proc::pressure::Pressure;
use node_probe::proc::stat;
use node_probe::{Folder, Reader};
use serde::Serialize;

use crate::scrape::Scrapes;

/// A moment of this machine and its agent.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The node's name.
    pub node: String,
    /// Load averages over 1, 5 and 15 minutes.
    pub load: Option<[f64; 3]>,
    /// CPUs that are online.
    pub cpus: usize,
    /// CPU seconds since boot that were not idle: two moments make a rate.
    pub cpu_busy_seconds: f64,
    /// Memory.
    pub memory: MemoryStatus,
    /// Seconds since boot in which some task waited for CPU, memory, I/O.
    pub waiting_seconds: WaitingStatus,
    /// Pods.
    pub pods: PodStatus,
    /// The link to the hub; absent when there is none to be.
    pub hub: Option<HubStatus>,
}

/// Bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemoryStatus {
    /// `MemTotal`
    pub total_bytes: u64,
    /// `MemAvailable`
    pub available_bytes: u64,
    /// What cannot be reclaimed at once.
    pub working_set_bytes: u64,
}

/// Seconds; `None` where the kernel does not count.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WaitingStatus {
    /// For a CPU.
    pub cpu: Option<f64>,
    /// For memory.
    pub memory: Option<f64>,
    /// For a block device.
    pub io: Option<f64>,
}

/// What is known of pods.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PodStatus {
    /// How many.
    pub count: usize,
    /// "pods-api", "cri", "read-only-port"; absent before the first answer.
    pub source: Option<&'static str>,
    /// Since they were last known to be complete.
    pub age_seconds: Option<f64>,
    /// Why the preferred source is not in use.
    pub error: Option<String>,
}

/// The link to the hub.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HubStatus {
    /// Whether the stream is up and in step.
    pub connected: bool,
    /// Since the hub last said something.
    pub age_seconds: Option<f64>,
    /// What it has said: items.
    pub items: usize,
    /// Why it is not connected.
    pub error: Option<String>,
}

const MICROSECONDS: f64 = 1e6;

impl Status {
    pub(crate) fn read(node: &str, scrapes: &Scrapes, hub: Option<HubStatus>) -> Self {
        let mut reader = Reader::default();
        let folder = Folder::open(&scrapes.trees.roots.procfs).ok();
        let mut read = |name: &str| {
            folder
                .as_ref()
                .and_then(|folder| reader.optional(folder, name).map(<[u8]>::to_vec))
                .unwrap_or_default()
        };
        let mut cpus = stat::Stat::default();
        cpus.parse(&read("stat"));
        let memory = Summary::parse(&read("meminfo"));
        let source = scrapes.pods.source();
        let mut waiting = |name| Pressure::parse(&read(name)).some.map(|total| total as f64 / MICROSECONDS);
        Self {
            node: node.to_owned(),
            waiting_seconds: WaitingStatus {
                cpu: waiting("pressure/cpu"),
                memory: waiting("pressure/memory"),
                io: waiting("pressure/io"),
            },
            load: stat::load(&read("loadavg")),
            cpus: cpus.cpus.len(),
            cpu_busy_seconds: cpus.busy_seconds(),
            memory: MemoryStatus {
                total_bytes: memory.total,
                available_bytes: memory.available,
                working_set_bytes: memory.working_set(),
            },
            pods: PodStatus {
                count: scrapes.pods.len(),
                source: source.source.map(node_probe::pods::Source::name),
                age_seconds: source.age.as_ref().map(Duration::as_secs_f64),
                error: source.error,
            },
            hub,
        }
    }
}
