//! What the agent says about itself: `plimsoll_agent_*`.

use node_probe::pods::Source;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// A scrape of 110 pods takes some 20 ms.
const DURATION_BUCKETS: [f64; 9] = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0];

/// Counters and gauges; cheap to clone, all clones count into the same.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    pub(crate) scrape_seconds: Histogram,
    pub(crate) scrapes_refused: Counter,
    pub(crate) collector_errors: Family<CollectorLabel, Counter>,
    pub(crate) pods: Gauge,
    pub(crate) source_in_use: Family<SourceLabel, Gauge>,
    pub(crate) source_age_seconds: Gauge<f64, std::sync::atomic::AtomicU64>,
    pub(crate) filesystems_stuck: Gauge,
    source_failures: Family<SourceLabel, Counter>,
    undecodable: Family<SourceLabel, Counter>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct CollectorLabel {
    pub(crate) collector: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct SourceLabel {
    pub(crate) source: SourceName,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SourceName(pub(crate) Source);

impl EncodeLabelValue for SourceName {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.0.name().encode(encoder)
    }
}

impl Metrics {
    /// Registers everything under `plimsoll_agent_`.
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            scrape_seconds: Histogram::new(DURATION_BUCKETS),
            scrapes_refused: Counter::default(),
            collector_errors: Family::default(),
            pods: Gauge::default(),
            source_in_use: Family::default(),
            source_age_seconds: Gauge::default(),
            filesystems_stuck: Gauge::default(),
            source_failures: Family::default(),
            undecodable: Family::default(),
        };
        let registry = registry.sub_registry_with_prefix("plimsoll_agent");
        let m = &metrics;
        registry.register(
            "scrape_duration_seconds",
            "Time spent on one scrape, waiting left out",
            m.scrape_seconds.clone(),
        );
        registry.register(
            "scrapes_refused",
            "Scrapes turned away because too many were under way",
            m.scrapes_refused.clone(),
        );
        registry.register(
            "collector_errors",
            "Files that could not be read, by collector",
            m.collector_errors.clone(),
        );
        registry.register("pods", "Pods known on this node", m.pods.clone());
        registry.register(
            "pod_source_in_use",
            "1 for the source that pods are known from",
            m.source_in_use.clone(),
        );
        registry.register(
            "pod_source_age_seconds",
            "Time since the pods were last known to be complete",
            m.source_age_seconds.clone(),
        );
        registry.register(
            "pod_source_failures",
            "Times that a source of pods gave nothing",
            m.source_failures.clone(),
        );
        registry.register("pods_undecodable", "Pods that could not be read", m.undecodable.clone());
        registry.register("filesystems_stuck", "Mounts that do not answer", m.filesystems_stuck.clone());
        metrics
    }

    pub(crate) fn source_failed(&self, source: Source) {
        self.source_failures.get_or_create(&SourceLabel { source: SourceName(source) }).inc();
    }

    pub(crate) fn undecodable(&self, source: Source) {
        self.undecodable.get_or_create(&SourceLabel { source: SourceName(source) }).inc();
    }

    pub(crate) fn collector_failed(&self, collector: &'static str) {
        self.collector_errors.get_or_create(&CollectorLabel { collector }).inc();
    }
}
