//! The cluster that an API server's metrics speak of.

use api_cost::{ApiServers, Cluster, Count, Gate, Resource, Version};
use apiserver_metrics::Reading;

/// One API server, its objects and their sizes, version and gates. Counts are fixed numbers: how they grow is not in them.
#[must_use]
pub fn cluster(reading: &Reading) -> Cluster {
    let version = reading.version.as_deref().and_then(|text| text.parse().ok()).unwrap_or(Version::NEWEST);
    let mut cluster = Cluster { version, ..Cluster::usual(1.0) };
    for (name, objects) in &reading.objects {
        let objects = to_f64(*objects);
        let stored = reading.stored_bytes.get(name).filter(|bytes| objects > 0.0 && **bytes > 0.0);
        let stored_bytes = stored.map(|bytes| bytes / objects);
        let resource = Resource { objects: Count::fixed(objects), stored_bytes, ..Resource::default() };
        cluster.resources.insert(name.clone(), resource);
    }
    let gates = reading.features.iter().filter_map(|(name, on)| Some((gate(name)?, *on)));
    cluster.gates = gates.collect();
    cluster.apiservers = ApiServers { count: 1, ..ApiServers::default() };
    if reading.cores >= 1.0 {
        cluster.apiservers.cores = reading.cores;
    }
    if let Some(limit) = reading.memory_limit_bytes {
        cluster.apiservers.memory_bytes = limit;
    }
    cluster.nodes = cluster.resources.get("nodes").map_or(1.0, |nodes| nodes.objects.at(0.0)).max(1.0);
    cluster
}

fn gate(name: &str) -> Option<Gate> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
}

#[expect(clippy::cast_precision_loss, reason = "numbers of objects")]
fn to_f64(number: u64) -> f64 {
    number as f64
}
