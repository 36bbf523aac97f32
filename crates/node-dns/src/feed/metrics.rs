//! What the feed says about itself, read when it is scraped.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::Feed;
use super::freshness::ORIGINS;
use super::guard::Suspicion;
use crate::disk::DiskState;
use crate::pipeline::knowledge::Knowledge as _;

/// Reads the feed.
pub(super) struct Export(pub(super) Arc<Feed>);

impl fmt::Debug for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Export")
    }
}

const DISK_STATES: [(&str, DiskState); 3] =
    [("locked", DiskState::Locked), ("written", DiskState::Written), ("failing", DiskState::Failing)];

impl Suspicion {
    /// The value of the label `reason`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Shrunk { .. } => "shrunk",
            Self::OtherCluster { .. } => "other_cluster",
        }
    }
}

impl Collector for Export {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let (freshness, told) = (self.0.freshness(), self.0.told.lock().clone());
        let out = &mut encoder;
        // Nothing known is no sample: 0 would mean that everything is fresh.
        if let Some(age) = freshness.age {
            let help = "Since the zone was last shown to be what the API server says";
            gauge(out, "plimsoll_dns_snapshot_age_seconds", help, age.as_secs_f64())?;
        }
        let help = "1 for where the zone comes from";
        states(
            out,
            "plimsoll_dns_source",
            help,
            "source",
            ORIGINS.map(|of| (of.name(), of == freshness.origin)),
        )?;
        let zone = self.0.zone.stats();
        let gauges = [
            ("zone_services", "Services with names", zone.services),
            ("zone_endpoints", "Ready endpoints of services", zone.endpoints),
            ("zone_namespaces", "Namespaces", zone.namespaces),
            ("zone_slices", "Slices of endpoints", zone.slices),
            ("zone_refused_items", "Items of which no name can be made", told.refused),
            ("dead_addresses", "Addresses of this node that nobody answers at", told.dead),
            (
                "quarantined_items",
                "Items that the hub says are different, held back as suspicious",
                told.quarantine.as_ref().map_or(0, |quarantine| quarantine.items),
            ),
        ];
        for (name, help, value) in gauges {
            gauge(out, &format!("plimsoll_dns_{name}"), help, value as f64)?;
        }
        if let Some(quarantine) = &told.quarantine {
            let (name, help) = ("plimsoll_dns_quarantine", "1 while something is held back, with the reason");
            states(out, name, help, "reason", [(quarantine.suspicion.name(), true)])?;
        }
        if let Some(state) = told.disk {
            let help = "1 for how the copy on disk is";
            states(
                out,
                "plimsoll_dns_disk_state",
                help,
                "state",
                DISK_STATES.map(|(name, of)| (name, of == state)),
            )?;
            gauge(out, "plimsoll_dns_disk_bytes", "Size of the copy on disk", told.disk_bytes as f64)?;
            let help = "Writes that the disk did not take";
            counter(out, "plimsoll_dns_disk_failures", help, told.disk_failures)?;
        }
        counter(out, "plimsoll_dns_zone_changes", "Items set or removed so far", told.changes)
    }
}

fn gauge(out: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: f64) -> fmt::Result {
    ConstGauge::new(value).encode(out.encode_descriptor(name, help, None, MetricType::Gauge)?)
}

fn counter(out: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    ConstCounter::new(value).encode(out.encode_descriptor(name, help, None, MetricType::Counter)?)
}

fn states<const N: usize>(
    out: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    label: &str,
    states: [(&str, bool); N],
) -> fmt::Result {
    let mut family = out.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (state, is) in states {
        ConstGauge::new(i64::from(is)).encode(family.encode_family(&[(label, state)])?)?;
    }
    Ok(())
}
