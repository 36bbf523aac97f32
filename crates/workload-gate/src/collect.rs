//! Gated workloads as metrics of the agent.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::protocol::WorkloadStatus;

/// All workloads as of the last look.
pub type Shared = Arc<Mutex<Vec<WorkloadStatus>>>;

/// For a registry.
#[derive(Debug)]
pub struct Collect(pub Shared);

impl Collector for Collect {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let workloads = self.0.lock().clone();
        let help = "Until an unconfirmed revision is stopped on this node; no sample: none is on trial";
        let name = "plimsoll_confirm_seconds_left";
        let mut left = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for one in &workloads {
            let Some(seconds) = one.confirm_seconds_left.and_then(|left| i64::try_from(left).ok()) else {
                continue;
            };
            ConstGauge::new(seconds).encode(left.encode_family(&[("workload", one.name.as_str())])?)?;
        }
        let help = "Tries that this node has given up since the agent's start";
        let mut reverts = encoder.encode_descriptor("plimsoll_reverts", help, None, MetricType::Counter)?;
        for one in &workloads {
            let labels = [("workload", one.name.as_str())];
            ConstCounter::new(one.reverts).encode(reverts.encode_family(&labels)?)?;
        }
        let help = "1 for what a gated workload is at";
        let mut phases =
            encoder.encode_descriptor("plimsoll_workload_phase", help, None, MetricType::Gauge)?;
        for one in &workloads {
            let labels = [("workload", one.name.as_str()), ("phase", one.phase.as_str())];
            ConstGauge::new(1i64).encode(phases.encode_family(&labels)?)?;
        }
        let help = "1 while a workload is told to leave the API server alone";
        let mut quiesced =
            encoder.encode_descriptor("plimsoll_workload_quiesced", help, None, MetricType::Gauge)?;
        for one in &workloads {
            let labels = [("workload", one.name.as_str())];
            ConstGauge::new(i64::from(one.quiesced)).encode(quiesced.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
