//! What workloads exchange with the API servers, as the fuses of all nodes count it: a gate's source that needs neither an audit
//! log nor the API server.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use fanout::payload::NodeReport;
use parking_lot::Mutex;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

/// Workloads that are shown: those with the most; a cluster's DaemonSets are some dozens.
const WORKLOADS_MAX: usize = 256;

/// Of one workload, over all nodes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Traffic {
    /// In both directions.
    pub bytes_per_second: f64,
    /// Asked for and let through.
    pub connections_per_second: f64,
    /// Nodes that told of it.
    pub nodes: u32,
}

/// By namespace, kind and name.
pub type Shared = Arc<Mutex<BTreeMap<(String, String, String), Traffic>>>;

/// Adds up what nodes said.
pub(crate) fn sum<'a>(
    reports: impl Iterator<Item = &'a NodeReport>,
) -> BTreeMap<(String, String, String), Traffic> {
    let mut all: BTreeMap<(String, String, String), Traffic> = BTreeMap::new();
    for one in reports.flat_map(|report| &report.traffic) {
        // A node that counts nonsense must not make everybody's sum nonsense.
        if !(one.bytes_per_second.is_finite() && one.connections_per_second.is_finite()) {
            continue;
        }
        let of = all.entry((one.namespace.clone(), one.kind.clone(), one.name.clone())).or_default();
        of.bytes_per_second += one.bytes_per_second.max(0.0);
        of.connections_per_second += one.connections_per_second.max(0.0);
        of.nodes += 1;
    }
    while all.len() > WORKLOADS_MAX {
        let least =
            all.iter().min_by(|one, other| one.1.bytes_per_second.total_cmp(&other.1.bytes_per_second));
        let Some(least) = least.map(|(name, _)| name.clone()) else { break };
        all.remove(&least);
    }
    all
}

/// For a registry.
#[derive(Debug)]
pub(crate) struct Collect(pub(crate) Shared);

type Value = fn(&Traffic) -> f64;

const SHOWN: [(&str, &str, Value); 3] = [
    (
        "plimsoll_fleet_api_bytes_per_second",
        "Bytes a second between a workload and the API servers, as the fuses of all nodes count them",
        |one| one.bytes_per_second,
    ),
    (
        "plimsoll_fleet_api_connections_per_second",
        "Connections a second that a workload asks the API servers for",
        |one| one.connections_per_second,
    ),
    (
        "plimsoll_fleet_api_nodes",
        "Nodes on which a workload exchanges anything with the API servers",
        |one| f64::from(one.nodes),
    ),
];

impl Collector for Collect {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let all = self.0.lock().clone();
        for (name, help, value) in SHOWN {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for ((namespace, kind, workload), one) in &all {
                let labels = [
                    ("namespace", namespace.as_str()),
                    ("workload_kind", kind.as_str()),
                    ("workload", workload.as_str()),
                ];
                ConstGauge::new(value(one)).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use fanout::payload::TrafficReport;

    use super::*;

    #[test]
    fn nodes_add_up() {
        let report = |bytes_per_second: f64, name: &str| NodeReport {
            traffic: vec![TrafficReport {
                namespace: "t".to_owned(),
                kind: "DaemonSet".to_owned(),
                name: name.to_owned(),
                bytes_per_second,
                connections_per_second: 1.0,
            }],
            ..NodeReport::default()
        };
        let reports = [report(10.0, "a"), report(5.0, "a"), report(f64::NAN, "a"), report(1.0, "b")];
        let all = sum(reports.iter());
        let of = |name: &str| all[&("t".to_owned(), "DaemonSet".to_owned(), name.to_owned())];
        assert_eq!(of("a"), Traffic { bytes_per_second: 15.0, connections_per_second: 2.0, nodes: 2 });
        assert_eq!(of("b").nodes, 1);
        let many: Vec<NodeReport> = (0..300).map(|n| report(f64::from(n), &format!("w{n}"))).collect();
        let all = sum(many.iter());
        assert_eq!(all.len(), WORKLOADS_MAX);
        assert!(all.keys().all(|(_, _, name)| name != "w0"));
    }
}
