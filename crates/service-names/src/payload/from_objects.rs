//! Objects of the API server -> items; what the hub does.

use std::net::IpAddr;

use bytes::Bytes;

use super::{EndpointSliceItem, HostItem, PodAddressItem, PortItem, Protocol, ServiceItem, ServiceKind};

/// The label of a slice that names its service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

impl ServiceItem {
    /// Of a service.
    pub fn from_object(service: &objects::service::Service) -> Self {
        let headless = service.cluster_ips.iter().any(|text| text.as_str() == "None");
        let kind = match service.kind.as_str() {
            "ExternalName" => ServiceKind::ExternalName,
            _ if headless => ServiceKind::Headless,
            _ => ServiceKind::ClusterIp,
        };
        let (v4, v6) = match kind {
            ServiceKind::ClusterIp => octets(service.cluster_ips.iter().map(|text| text.as_str())),
            _ => Default::default(),
        };
        let external = kind == ServiceKind::ExternalName;
        let external_name = if external { service.external_name.as_str().into() } else { String::new() };
        // SRV records of a headless service are made of its slices' ports.
        let ports = if kind == ServiceKind::ClusterIp { ports(&service.ports) } else { Vec::new() };
        Self { kind: kind.into(), v4, v6, external_name, ports }
    }
}

impl EndpointSliceItem {
    /// Of a slice; `None` for one that belongs to no service, or holds names instead of addresses (`addressType: FQDN`).
    pub fn from_object(slice: &objects::service::EndpointSlice) -> Option<Self> {
        let service = slice.meta.labels.iter().find(|(key, _)| key.as_str() == SERVICE_NAME)?.1.as_str();
        if service.is_empty() || slice.address_type.as_str() == "FQDN" {
            return None;
        }
        let ready = || slice.endpoints.iter().filter(|endpoint| endpoint.ready != Some(false));
        let of = |endpoint: &objects::service::Endpoint| -> Vec<String> {
            endpoint.addresses.iter().map(|text| text.as_str().into()).collect()
        };
        let unnamed: Vec<String> = ready().filter(|one| one.hostname.is_empty()).flat_map(of).collect();
        let (v4, v6) = octets(unnamed.iter().map(String::as_str));
        let mut named: Vec<(&str, Vec<String>)> = ready()
            .filter(|one| !one.hostname.is_empty())
            .map(|one| (one.hostname.as_str(), of(one)))
            .collect();
        named.sort();
        let hosts = named.chunk_by(|one, other| one.0 == other.0).map(|same| {
            let (v4, v6) = octets(same.iter().flat_map(|(_, texts)| texts).map(String::as_str));
            HostItem { name: same[0].0.into(), v4, v6 }
        });
        Some(Self { service: service.into(), ports: ports(&slice.ports), v4, v6, hosts: hosts.collect() })
    }
}

impl PodAddressItem {
    /// Of a pod; `None` while it has no address, and when it has ended (its address may be another's by then).
    pub fn from_object(pod: &objects::pod::Pod) -> Option<Self> {
        if matches!(pod.phase.as_str(), "Succeeded" | "Failed") {
            return None;
        }
        let (v4, v6) = octets(pod.pod_ips.iter().map(|text| text.as_str()));
        (!v4.is_empty() || !v6.is_empty()).then_some(Self { v4, v6 })
    }
}

fn ports(ports: &[objects::service::ServicePort]) -> Vec<PortItem> {
    let mut items: Vec<PortItem> = ports
        .iter()
        .filter_map(|port| {
            let protocol = match port.protocol.as_str() {
                "TCP" | "" => Protocol::Tcp,
                "UDP" => Protocol::Udp,
                "SCTP" => Protocol::Sctp,
                _ => return None,
            };
            let name = port.name.as_str().into();
            Some(PortItem { name, protocol: protocol.into(), port: port.port.into() })
        })
        .collect();
    items.sort_by(|one, other| {
        (&one.name, one.protocol, one.port).cmp(&(&other.name, other.protocol, other.port))
    });
    items.dedup();
    items
}

/// Addresses in octets, by family, sorted and once each. What is no address is left out: the API server admits none.
fn octets<'a>(texts: impl Iterator<Item = &'a str>) -> (Bytes, Bytes) {
    let mut addresses: Vec<IpAddr> =
        texts.filter_map(|text| text.parse::<IpAddr>().ok()).map(|address| address.to_canonical()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    for address in addresses {
        match address {
            IpAddr::V4(address) => v4.extend_from_slice(&address.octets()),
            IpAddr::V6(address) => v6.extend_from_slice(&address.octets()),
        }
    }
    (v4.into(), v6.into())
}
