//! Where each kind of name points.

use super::*;

/// (name below `cluster.local`, where it points)
fn check(text: &str, expected: Option<Place<'_>>) {
    let name = Name::parse(text).unwrap().to_lower();
    let mut buffer = [0; LABELS_MAX];
    let asked = Asked::of_name(name.as_wire(), &mut buffer);
    let zone = Suffix::new(&Name::parse("Cluster.Local").unwrap());
    assert_eq!(asked.place(&zone), expected, "{text}");
    assert_eq!(asked.is_within(&zone), expected.is_some(), "{text}");
}

#[test]
fn places() {
    let (key, host, namespace) = (b"\x03web\x02ns".as_slice(), b"host".as_slice(), b"\x02ns".as_slice());
    check("cluster.local", Some(Place::Apex));
    check("CLUSTER.local", Some(Place::Apex));
    check("svc.cluster.local", Some(Place::Container));
    check("pod.cluster.local", Some(Place::Container));
    check("probe.cluster.local", Some(Place::Container));
    check("dns.cluster.local", Some(Place::Container));
    check("ns.dns.cluster.local", Some(Place::Server));
    check("x.dns.cluster.local", Some(Place::Nothing));
    check("a.ns.dns.cluster.local", Some(Place::Nothing));
    check("dns-version.cluster.local", Some(Place::Version));
    check("x.dns-version.cluster.local", Some(Place::Nothing));
    check("_freshness.cluster.local", Some(Place::Freshness));
    check("x.probe.cluster.local", Some(Place::Freshness));
    check("y.x.probe.cluster.local", Some(Place::Nothing));
    check("ns.svc.cluster.local", Some(Place::Namespace { key: namespace }));
    check("Web.NS.svc.cluster.local", Some(Place::Service { key }));
    check("host.web.ns.svc.cluster.local", Some(Place::Endpoint { key, label: host }));
    check("_a._b.web.ns.svc.cluster.local", Some(Place::Port { key, port: b"_a", protocol: b"_b" }));
    check("x._a._b.web.ns.svc.cluster.local", Some(Place::Nothing));
    check("ns.pod.cluster.local", Some(Place::PodNamespace { key: namespace }));
    check("host.ns.pod.cluster.local", Some(Place::Pod { key: namespace, label: host }));
    check("x.host.ns.pod.cluster.local", Some(Place::Nothing));
    check("example.com.cluster.local", Some(Place::Nothing));
    check("local", None);
    check(".", None);
    check("acluster.local", None);
    check("cluster.local.example", None);
    // The zone's octets inside of a label.
    check(r"a\007cluster.local", None);
}
