//! What the hub says about itself.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use crate::status::{KindStatus, Observer};

/// Counters that something increments; what can be asked for is collected by [`Collect`] instead.
#[derive(Debug, Clone, Default)]
pub(crate) struct Metrics {
    snapshot_writes: Family<Outcome, Counter>,
    snapshot_seconds: Counter<f64, AtomicU64>,
    snapshot_rejected: Family<Reason, Counter>,
    cluster_changes: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        let help = "Files of the snapshot written, or not";
        registry.register("plimsoll_snapshot_writes", help, metrics.snapshot_writes.clone());
        let help = "Seconds spent on writing the snapshot";
        registry.register("plimsoll_snapshot_write_seconds", help, metrics.snapshot_seconds.clone());
        let help = "Files of the snapshot that were not used at the start: damaged, newer or foreign";
        registry.register("plimsoll_snapshot_rejected", help, metrics.snapshot_rejected.clone());
        let help = "Times that another cluster was found behind the API server's address while the hub ran";
        registry.register("plimsoll_cluster_changes", help, metrics.cluster_changes.clone());
        metrics
    }

    pub(crate) fn cluster_changed(&self) {
        self.cluster_changes.inc();
    }

    pub(crate) fn snapshot_write(&self, success: bool, took: Duration) {
        let result = if success { "success" } else { "error" };
        self.snapshot_writes.get_or_create(&Outcome { result }).inc();
        self.snapshot_seconds.inc_by(took.as_secs_f64());
    }

    pub(crate) fn rejected(&self, reason: &'static str) {
        self.snapshot_rejected.get_or_create(&Reason { reason }).inc();
    }

    #[cfg(test)]
    pub(crate) fn rejections(&self, reason: &'static str) -> u64 {
        self.snapshot_rejected.get_or_create(&Reason { reason }).get()
    }
}

/// Asks the hub for its state at each scrape.
pub(crate) struct Collect(pub(crate) Arc<Observer>);

impl fmt::Debug for Collect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Collect")
    }
}

type Read = fn(&KindStatus) -> Option<f64>;

/// Per resource: name, help, value.
const KINDS: [(&str, &str, Read); 4] = [
    (
        "plimsoll_state_age_seconds",
        "Since the API server last said something that shows the resource's state to be current",
        |kind| kind.age_seconds,
    ),
    ("plimsoll_state_objects", "Objects in the store", |kind| Some(kind.objects as f64)),
    (
        "plimsoll_state_synced",
        "1 once the whole state is known, from the API server or from the snapshot",
        |kind| Some(f64::from(u8::from(kind.synced))),
    ),
    (
        "plimsoll_state_restored",
        "1 while the state is the snapshot's and the API server has not been heard since",
        |kind| Some(f64::from(u8::from(kind.restored))),
    ),
];

impl Collector for Collect {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let status = self.0.status();
        for (name, help, read) in KINDS {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for kind in &status.resources {
                let Some(value) = read(kind) else { continue };
                ConstGauge::new(value).encode(family.encode_family(&[("resource", kind.resource)])?)?;
            }
        }
        let name = "plimsoll_state_missing";
        let help = "1 for a resource of which nothing is known, with what is being done about it";
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for kind in status.resources.iter().filter(|kind| !kind.synced) {
            let labels = [("resource", kind.resource), ("phase", kind.phase)];
            ConstGauge::new(1i64).encode(family.encode_family(&labels)?)?;
        }
        gauge(&mut encoder, "plimsoll_ready", "Whether /readyz says yes", f64::from(u8::from(status.ready)))?;
        if let Some(snapshot) = &status.snapshot {
            gauge(
                &mut encoder,
                "plimsoll_snapshot_bytes",
                "Size of the snapshot's files",
                snapshot.bytes as f64,
            )?;
            if let Some(age) = snapshot.age_seconds {
                gauge(
                    &mut encoder,
                    "plimsoll_snapshot_age_seconds",
                    "Since disk and memory were last the same",
                    age,
                )?;
            }
        }
        compatible(&mut encoder, &status.resources)
    }
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: f64) -> fmt::Result {
    ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)
}

/// kube-state-metrics' own metrics, as far as its published alerts read them. Its label `resource` is a Go type.
fn compatible(encoder: &mut DescriptorEncoder<'_>, kinds: &[KindStatus]) -> fmt::Result {
    type Counts = fn(&KindStatus) -> (u64, u64);
    let families: [(&str, &str, Counts); 2] = [
        ("kube_state_metrics_list", "LISTs by resource and result", |kind| kind.lists),
        ("kube_state_metrics_watch", "Watches by resource and result, watch-lists included", |kind| {
            kind.watches
        }),
    ];
    for (name, help, read) in families {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for kind in kinds {
            let go_type = format!("*v1.{}", kind.kind);
            let (success, error) = read(kind);
            for (result, count) in [("success", success), ("error", error)] {
                let labels = [("resource", go_type.as_str()), ("result", result)];
                ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
            }
        }
    }
    gauge(encoder, "kube_state_metrics_total_shards", "Shards: there is one", 1.0)?;
    let (name, help) = ("kube_state_metrics_shard_ordinal", "The ordinal of this shard");
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    ConstGauge::new(0i64).encode(family.encode_family(&[("shard_ordinal", "0")])?)?;
    let name = "kube_state_metrics_build_info";
    let help = "The kube-state-metrics whose families this build has, and the build";
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    let revision = concat!("plimsoll-", env!("CARGO_PKG_VERSION"));
    let labels = [("version", "v2.20.0"), ("revision", revision), ("branch", "")];
    ConstGauge::new(1i64).encode(family.encode_family(&labels)?)
}
