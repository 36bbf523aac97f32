//! The live forecast as metrics.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::report::{Dimension, Report};
use crate::watch::Shared;

/// Workloads that have a series of their own: the dearest.
const WHO_MAX: usize = 20;

pub(crate) struct Collect(pub(crate) Arc<Shared>);

impl fmt::Debug for Collect {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Collect")
    }
}

/// (name, help, value)
type Row<T> = (&'static str, &'static str, fn(&T) -> f64);

const DIMENSIONS: [Row<Dimension>; 4] = [
    ("plimsoll_loadline_measured", "What is used of what can run out, in its unit", |one| one.measured),
    ("plimsoll_loadline_predicted", "What would be used on twice the nodes", |one| one.predicted),
    ("plimsoll_loadline_limit", "What may be used", |one| one.limit),
    ("plimsoll_loadline_nodes", "Nodes at which the limit is reached", |one| {
        one.nodes.unwrap_or(f64::INFINITY)
    }),
];

impl Collector for Collect {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let report = self.0.report();
        for (name, help, value) in DIMENSIONS {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for one in &report.dimensions {
                let labels = [("dimension", one.dimension.name())];
                ConstGauge::new(value(one)).encode(family.encode_family(&labels)?)?;
            }
        }
        let help = "CPU seconds a second that a workload costs the API servers, from audit events";
        let mut family = encoder.encode_descriptor("plimsoll_load_cores", help, None, MetricType::Gauge)?;
        for row in report.who.iter().take(WHO_MAX) {
            let labels = [("who", row.who.as_str())];
            ConstGauge::new(row.apiserver_cores).encode(family.encode_family(&labels)?)?;
        }
        let help = "1 while a change is not over";
        let mut family = encoder.encode_descriptor("plimsoll_load_alert", help, None, MetricType::Gauge)?;
        for alert in &report.alerts {
            let labels = [("alert", alert.name.name()), ("subject", alert.subject.as_str())];
            ConstGauge::new(1i64).encode(family.encode_family(&labels)?)?;
        }
        if let Some(age) = report.age_seconds {
            let help = "Since the API server's metrics were read";
            let family =
                encoder.encode_descriptor("plimsoll_load_age_seconds", help, None, MetricType::Gauge)?;
            ConstGauge::new(age).encode(family)?;
        }
        audit(&mut encoder, &report)
    }
}

fn audit(encoder: &mut DescriptorEncoder<'_>, report: &Report) -> fmt::Result {
    let Some(audit) = &report.audit else { return Ok(()) };
    let rows = [
        ("plimsoll_audit_events", "Audit events that came", audit.events),
        (
            "plimsoll_audit_events_sampled",
            "Of them, those that others stood for: the queue was half full",
            audit.sampled,
        ),
        (
            "plimsoll_audit_events_dropped",
            "Of them, those that were dropped: the queue was full",
            audit.dropped,
        ),
        ("plimsoll_audit_bodies_refused", "Bodies that were no audit events", audit.refused),
    ];
    for (name, help, value) in rows {
        let family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        ConstCounter::new(value).encode(family)?;
    }
    let help = "Audit events that wait";
    let family = encoder.encode_descriptor("plimsoll_audit_queue_events", help, None, MetricType::Gauge)?;
    #[expect(clippy::cast_precision_loss, reason = "at most the queue's length")]
    let queued = audit.queued as f64;
    ConstGauge::new(queued).encode(family)
}
