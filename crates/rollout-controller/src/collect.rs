//! Rollouts as metrics.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::controller::Status;
use crate::status::RolloutStatus;

/// For a registry.
#[derive(Debug)]
pub(crate) struct Collect(pub(crate) Status);

type Count = fn(&RolloutStatus) -> u32;

/// `plimsoll_rollout_nodes{state}`.
const NODES: [(&str, Count); 4] = [
    ("total", |one| one.nodes),
    ("assigned", |one| one.assigned_nodes),
    ("active", |one| one.active_nodes),
    ("reverted", |one| one.reverted_nodes),
];

impl Collector for Collect {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let rollouts = self.0.lock().clone();
        let mut nodes =
            gauge(&mut encoder, "plimsoll_rollout_nodes", "Nodes of a rollout by what they said")?;
        for one in &rollouts {
            for (state, count) in NODES {
                let labels = [("rollout", one.name.as_str()), ("state", state)];
                ConstGauge::new(i64::from(count(one))).encode(nodes.encode_family(&labels)?)?;
            }
        }
        let mut steps =
            gauge(&mut encoder, "plimsoll_rollout_step", "The step that a rollout is at, counted from one")?;
        for one in &rollouts {
            let step = i64::try_from(one.step).unwrap_or(i64::MAX);
            ConstGauge::new(step).encode(steps.encode_family(&[("rollout", one.name.as_str())])?)?;
        }
        let mut phases =
            gauge(&mut encoder, "plimsoll_rollout_phase", "1 for the phase that a rollout is in")?;
        for one in &rollouts {
            let labels = [("rollout", one.name.as_str()), ("phase", one.phase.as_str())];
            ConstGauge::new(1i64).encode(phases.encode_family(&labels)?)?;
        }
        let mut gates = gauge(
            &mut encoder,
            "plimsoll_gate_state",
            "1 if a gate's last question had an answer within its limit",
        )?;
        for one in &rollouts {
            for gate in &one.gates {
                let labels = [("rollout", one.name.as_str()), ("gate", gate.name.as_str())];
                ConstGauge::new(i64::from(gate.holds)).encode(gates.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

fn gauge<'a>(
    encoder: &'a mut DescriptorEncoder<'_>,
    name: &'a str,
    help: &'a str,
) -> Result<MetricEncoder<'a>, fmt::Error> {
    encoder.encode_descriptor(name, help, None, MetricType::Gauge)
}
