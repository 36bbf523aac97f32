//! The part of the metrics that is read off the door at the moment of a scrape: budget and phases.

use std::fmt;
use std::sync::{Arc, Weak};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::door::Inner;
use crate::status::{BudgetStatus, BudgetUse};

/// Reads a door that may be gone.
pub(crate) struct Export(Weak<Inner>);

impl Export {
    pub(crate) fn new(door: &Arc<Inner>) -> Self {
        Self(Arc::downgrade(door))
    }
}

impl fmt::Debug for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Export")
    }
}

impl Collector for Export {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(door) = self.0.upgrade() else { return Ok(()) };
        door.heartbeat.encode(&mut encoder, door.clock.monotonic())?;
        let status = door.status();
        encode_budgets(&mut encoder, &status.budget)?;
        let mut phases = encoder.encode_descriptor(
            "plimsoll_api_resource_phase",
            "1 for the phase that the resource is in",
            None,
            MetricType::Gauge,
        )?;
        for (resource, state) in &status.resources {
            let labels = [("resource", *resource), ("phase", state.phase.name())];
            ConstGauge::new(1i64).encode(phases.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

fn encode_budgets(encoder: &mut DescriptorEncoder<'_>, budget: &BudgetStatus) -> fmt::Result {
    type Read = fn(&BudgetUse) -> Option<f64>;
    let families: [(&str, &str, Read); 3] = [
        ("plimsoll_api_budget_limit", "What the budget allows at once", |of| Some(of.limit)),
        (
            "plimsoll_api_budget_used",
            "What is in use of it; above the limit where it is charged afterwards",
            |of| Some(of.used),
        ),
        ("plimsoll_api_budget_per_second", "What the budget allows per second, where it is a rate", |of| {
            of.per_second
        }),
    ];
    for (name, help, read) in families {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (budget, of) in &budget.budgets {
            let Some(value) = read(of) else { continue };
            ConstGauge::new(value).encode(family.encode_family(&[("budget", *budget)])?)?;
        }
    }
    let held = ConstGauge::new(budget.held_seconds);
    let help = "Seconds for which the API server has asked for silence";
    held.encode(encoder.encode_descriptor(
        "plimsoll_api_budget_held_seconds",
        help,
        None,
        MetricType::Gauge,
    )?)
}
