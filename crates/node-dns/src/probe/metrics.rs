//! What the prober found, by path and layer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::{Finding, Probe};

/// Counts of all rounds.
#[derive(Debug, Clone, Default)]
pub(super) struct Metrics {
    probes: Family<Labels, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    layer: &'static str,
    server: String,
    proto: &'static str,
    result: &'static str,
    grade: &'static str,
}

/// The last round, read when it is scraped.
struct Last(Arc<Mutex<Vec<Probe>>>);

impl Metrics {
    pub(super) fn register(registry: &mut Registry, last: &Arc<Mutex<Vec<Probe>>>) -> Self {
        let metrics = Self::default();
        let help = "Probes past every cache, by path, result and grade";
        registry.register("plimsoll_dns_probes", help, metrics.probes.clone());
        registry.register_collector(Box::new(Last(last.clone())));
        metrics
    }

    pub(super) fn count(&self, probes: &[Probe], age_max: Duration) {
        for probe in probes {
            let labels = Labels {
                layer: probe.target.layer.name(),
                server: probe.target.server.to_string(),
                proto: probe.transport.name(),
                result: probe.finding.name(),
                grade: probe.finding.grade(probe.target.layer, age_max).name(),
            };
            self.probes.get_or_create(&labels).inc();
        }
    }
}

/// The last round for a registry.
pub(super) fn collector(last: &Arc<Mutex<Vec<Probe>>>) -> Box<dyn Collector> {
    Box::new(Last(last.clone()))
}

impl fmt::Debug for Last {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Last")
    }
}

impl Collector for Last {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        type Read = fn(&Probe) -> Option<f64>;
        let families: [(&str, &str, Read); 3] = [
            (
                "plimsoll_dns_probe_success",
                "1 when somebody answered the last probe of the path, however old what it said is",
                |probe| {
                    Some(f64::from(u8::from(matches!(
                        probe.finding,
                        Finding::Heartbeat { .. } | Finding::Answered(_)
                    ))))
                },
            ),
            ("plimsoll_dns_probe_seconds", "How long the last probe of the path took", |probe| {
                Some(probe.took.as_secs_f64())
            }),
            (
                "plimsoll_dns_probe_heartbeat_age_seconds",
                "Age of the heartbeat that the last probe brought: of the path from the API server to here",
                |probe| match &probe.finding {
                    Finding::Heartbeat { age, .. } => Some(age.as_secs_f64()),
                    _ => None,
                },
            ),
        ];
        let probes = self.0.lock().clone();
        for (name, help, read) in families {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for probe in &probes {
                let Some(value) = read(probe) else { continue };
                let server = probe.target.server.to_string();
                let labels = [
                    ("layer", probe.target.layer.name()),
                    ("server", server.as_str()),
                    ("proto", probe.transport.name()),
                ];
                ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}
