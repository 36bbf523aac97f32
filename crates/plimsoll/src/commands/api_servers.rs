//! The part of `plimsoll hub` that watches how the API server is, and tells the nodes.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use apiserver_health::Health;
use apiserver_health::announce::{Facts, announce};
use fanout::payload::{ApiServersItem, ShareItem};
use hub::Hub;
use hub::store::Store;
use objects::{Object, Resource};
use tokio_util::sync::CancellationToken;

/// What workloads may use on one node of a cluster of so many.
pub(crate) type Shares = Arc<dyn Fn(usize) -> Vec<ShareItem> + Send + Sync>;

/// Where every cluster's own Service and its endpoints are.
const NAMESPACE: &str = "default";
const NAME: &str = "kubernetes";
const HTTPS: &str = "https";

/// Begins, on a hub that does not run yet. Without agents nobody would hear of it, and nothing is asked.
pub(crate) fn start(hub: &Hub, health: Health, shares: Shares, stop: CancellationToken) {
    let Some(link) = hub.agents_link() else { return };
    let (store, judged) = (hub.objects(), health.clone());
    let facts = move || {
        let nodes: Vec<String> = store
            .objects(Resource::Nodes)
            .unwrap_or_default()
            .iter()
            .map(|node| node.meta().name.to_string())
            .collect();
        let addresses = servers(&store).iter().map(ToString::to_string).collect();
        let item = ApiServersItem { addresses, unwell: judged.is_unwell(), shares: shares(nodes.len()) };
        Facts { nodes, item }
    };
    environment::spawn("API servers", announce(link, Arc::new(facts), stop.clone()));
    environment::spawn("API server health", health.run(hub.door(), stop));
}

/// The Service's addresses and those behind it, sorted.
fn servers(store: &Store) -> Vec<SocketAddr> {
    let mut found = Vec::new();
    if let Some(Object::Service(service)) = store.get(Resource::Services, NAMESPACE, NAME) {
        let ports = service.ports.iter().filter(|port| &*port.name == HTTPS);
        for port in ports {
            found.extend(service.cluster_ips.iter().filter_map(|ip| address(ip, port.port)));
        }
    }
    if let Some(Object::EndpointSlice(slice)) = store.get(Resource::EndpointSlices, NAMESPACE, NAME) {
        let ports = slice.ports.iter().filter(|port| &*port.name == HTTPS);
        for port in ports {
            let addresses = slice.endpoints.iter().flat_map(|endpoint| &endpoint.addresses);
            found.extend(addresses.filter_map(|ip| address(ip, port.port)));
        }
    }
    found.sort();
    found.dedup();
    found
}

fn address(ip: &str, port: u16) -> Option<SocketAddr> {
    Some(SocketAddr::new(ip.parse::<IpAddr>().ok()?, port))
}
