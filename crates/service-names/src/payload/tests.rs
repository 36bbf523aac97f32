//! Objects become items.

use objects::service::{Endpoint, EndpointSlice, Service, ServicePort};
use objects::{Interner, Meta};

use super::*;

fn port(name: &str, protocol: &str, port: u16) -> ServicePort {
    ServicePort { name: name.into(), protocol: protocol.into(), port }
}

fn service(kind: &str, addresses: &[&str], ports: &[ServicePort]) -> Service {
    Service {
        kind: kind.into(),
        cluster_ips: addresses.iter().map(|text| (*text).into()).collect(),
        external_name: "Example.com".into(),
        ports: ports.into(),
        ..Service::default()
    }
}

/// (type, addresses, kind, IPv4, IPv6, external name, ports)
fn check_service(kind: &str, addresses: &[&str], expected: (ServiceKind, &[u8], usize, &str, usize)) {
    let item =
        ServiceItem::from_object(&service(kind, addresses, &[port("b", "TCP", 2), port("a", "UDP", 1)]));
    let found = (item.kind(), item.v4.as_ref(), item.v6.len(), item.external_name.as_str(), item.ports.len());
    assert_eq!(found, expected, "{kind} {addresses:?}");
    assert_eq!(ServiceItem::from_value(item.to_value()), Ok(item));
}

#[test]
fn services() {
    use ServiceKind::{ClusterIp, ExternalName, Headless};
    check_service("ClusterIP", &["10.0.0.1"], (ClusterIp, &[10, 0, 0, 1], 0, "", 2));
    check_service("ClusterIP", &["fd00::1", "10.0.0.1"], (ClusterIp, &[10, 0, 0, 1], 16, "", 2));
    check_service("LoadBalancer", &["10.0.0.1"], (ClusterIp, &[10, 0, 0, 1], 0, "", 2));
    check_service("NodePort", &["10.0.0.1"], (ClusterIp, &[10, 0, 0, 1], 0, "", 2));
    check_service("ClusterIP", &["None"], (Headless, &[], 0, "", 0));
    check_service("ClusterIP", &[], (ClusterIp, &[], 0, "", 2));
    check_service("ClusterIP", &["nonsense"], (ClusterIp, &[], 0, "", 2));
    check_service("ExternalName", &[], (ExternalName, &[], 0, "Example.com", 0));
}

#[test]
fn ports_in_one_order_and_once() {
    let item = ServiceItem::from_object(&service(
        "ClusterIP",
        &[],
        &[
            port("b", "TCP", 2),
            port("a", "SCTP", 1),
            port("b", "TCP", 2),
            port("x", "QUIC", 3),
            port("", "", 4),
        ],
    ));
    let ports: Vec<_> =
        item.ports.iter().map(|port| (port.name.as_str(), port.protocol(), port.port)).collect();
    assert_eq!(ports, [("", Protocol::Tcp, 4), ("a", Protocol::Sctp, 1), ("b", Protocol::Tcp, 2)]);
}

fn slice(address_type: &str, service: Option<&str>, endpoints: Vec<Endpoint>) -> EndpointSlice {
    let interner = Interner::default();
    let labels = service.map(|name| (interner.sym("kubernetes.io/service-name"), interner.sym(name)));
    EndpointSlice {
        meta: Meta { labels: interner.list(labels.into_iter().collect()), ..Meta::default() },
        address_type: address_type.into(),
        endpoints: endpoints.into(),
        ..EndpointSlice::default()
    }
}

fn endpoint(address: &str, ready: Option<bool>, hostname: &str) -> Endpoint {
    Endpoint { addresses: [address.into()].into(), ready, hostname: hostname.into(), ..Endpoint::default() }
}

#[test]
fn slices() {
    let endpoints = vec![
        endpoint("10.0.0.2", Some(true), ""),
        endpoint("10.0.0.1", None, ""),
        endpoint("10.0.0.3", Some(false), ""),
        endpoint("10.0.0.5", Some(true), "b"),
        endpoint("10.0.0.4", Some(true), "a"),
        endpoint("10.0.0.6", Some(true), "b"),
        endpoint("10.0.0.7", Some(false), "c"),
        // A terminating endpoint is not ready unless `publishNotReadyAddresses` makes it so: the controller says which.
        Endpoint { terminating: Some(true), serving: Some(true), ..endpoint("10.0.0.8", Some(true), "") },
    ];
    let item = EndpointSliceItem::from_object(&slice("IPv4", Some("web"), endpoints)).unwrap();
    assert_eq!(item.service, "web");
    assert_eq!(item.v4.as_ref(), [10, 0, 0, 1, 10, 0, 0, 2, 10, 0, 0, 8]);
    let hosts: Vec<_> = item.hosts.iter().map(|host| (host.name.as_str(), host.v4.as_ref())).collect();
    assert_eq!(hosts, [("a", [10, 0, 0, 4].as_slice()), ("b", &[10, 0, 0, 5, 10, 0, 0, 6])]);
    assert_eq!(EndpointSliceItem::from_value(item.to_value()), Ok(item));
}

/// (address type, service, address, length of the item's IPv4 and IPv6 addresses)
fn check_slice(address_type: &str, service: Option<&str>, address: &str, expected: Option<(usize, usize)>) {
    let made =
        EndpointSliceItem::from_object(&slice(address_type, service, vec![endpoint(address, None, "")]));
    assert_eq!(
        made.map(|item| (item.v4.len(), item.v6.len())),
        expected,
        "{address_type} {service:?} {address}"
    );
}

#[test]
fn odd_slices() {
    check_slice("IPv4", Some("web"), "10.0.0.1", Some((4, 0)));
    check_slice("IPv6", Some("web"), "fd00::1", Some((0, 16)));
    check_slice("IPv6", Some("web"), "::ffff:10.0.0.1", Some((4, 0)));
    check_slice("IPv4", Some("web"), "nonsense", Some((0, 0)));
    check_slice("FQDN", Some("web"), "example.com", None);
    check_slice("IPv4", None, "10.0.0.1", None);
    check_slice("IPv4", Some(""), "10.0.0.1", None);
}

#[test]
fn the_order_of_endpoints_makes_no_change() {
    let of = |addresses: [&str; 3]| {
        let endpoints = addresses.iter().map(|address| endpoint(address, None, "")).collect();
        EndpointSliceItem::from_object(&slice("IPv4", Some("web"), endpoints)).unwrap().to_value()
    };
    assert_eq!(of(["10.0.0.1", "10.0.0.2", "10.0.0.3"]), of(["10.0.0.3", "10.0.0.1", "10.0.0.2"]));
}

/// (phase, addresses, length of the item's IPv4 and IPv6 addresses)
fn check_pod(phase: &str, addresses: &[&str], expected: Option<(usize, usize)>) {
    let pod = objects::pod::Pod {
        phase: phase.into(),
        pod_ips: addresses.iter().map(|text| (*text).into()).collect(),
        ..Default::default()
    };
    let made = PodAddressItem::from_object(&pod);
    assert_eq!(made.map(|item| (item.v4.len(), item.v6.len())), expected, "{phase} {addresses:?}");
}

#[test]
fn pods() {
    check_pod("Running", &["10.0.0.1", "fd00::1"], Some((4, 16)));
    check_pod("Pending", &["10.0.0.1"], Some((4, 0)));
    check_pod("Pending", &[], None);
    check_pod("Succeeded", &["10.0.0.1"], None);
    check_pod("Failed", &["10.0.0.1"], None);
}
