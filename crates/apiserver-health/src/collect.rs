//! Health as metrics.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::Health;

#[derive(Debug)]
pub(crate) struct Collect(pub(crate) Health);

impl Collector for Collect {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let seen = self.0.0.lock();
        // Nothing is known: a gate that asks for it must not hear that all is well.
        let Some(asked) = seen.asked else { return Ok(()) };
        let help = "Since the API server was asked last; about 5 s, and some more while it does not answer";
        let name = "plimsoll_apiserver_probe_age_seconds";
        let age = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        ConstGauge::new(asked.elapsed().as_secs_f64()).encode(age)?;
        let probes = [("fresh", seen.fresh), ("kept", seen.kept)];
        let help = "1 while the API server answers in time, 0 while it is late or silent";
        let well = encoder.encode_descriptor("plimsoll_apiserver_well", help, None, MetricType::Gauge)?;
        ConstGauge::new(i64::from(!seen.judge.is_unwell())).encode(well)?;
        let help = "How long the last answer took, on a fresh connection or on the one that is kept; no sample: there was none";
        let name = "plimsoll_apiserver_probe_seconds";
        let mut seconds = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (probe, (last, _)) in probes {
            if let Some(took) = last {
                ConstGauge::new(took.as_secs_f64()).encode(seconds.encode_family(&[("probe", probe)])?)?;
            }
        }
        let help = "Probes that were not answered within 5 s, or with an error";
        let name = "plimsoll_apiserver_probe_failures";
        let mut failures = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (probe, (_, failed)) in probes {
            ConstCounter::new(failed).encode(failures.encode_family(&[("probe", probe)])?)?;
        }
        Ok(())
    }
}
