//! Changes: what one touches, what is refused, and that the way to a state does not matter.

use std::collections::{BTreeMap, HashSet};

use crate::cluster::{
    SERIAL, ask, cluster_ip, config, external, gone, headless, heartbeat, items, namespace, pod, set, slice,
    zone, zone_with,
};
use fanout::{Change, ItemKey, Topic};
use proptest::prelude::*;
use service_names::payload::{EndpointSliceItem, HeartbeatItem, Item as _, PortItem, ServiceItem};
use service_names::{LabelError, PodRecords, RefusedReason, Zone, ZoneConfig, topic};

const NXDOMAIN: &str = "NXDOMAIN / cluster.local. SOA 30 30";

/// (changes, (question, answer) after them)
type Step<'a> = (Vec<Change>, &'a [(&'a str, &'a str)]);

fn check(what: &str, steps: Vec<Step<'_>>) {
    let zone = zone();
    for (nth, (changes, rows)) in steps.into_iter().enumerate() {
        zone.apply(&changes, SERIAL + 1 + nth as u32);
        for (question, expected) in rows {
            assert_eq!(ask(&zone, question), *expected, "{what}, step {nth}: {question}");
        }
    }
}

#[test]
fn services_come_and_go() {
    check(
        "a service",
        vec![
            (
                vec![cluster_ip("default/new", "10.96.1.1", "http/tcp/80")],
                &[
                    ("new.default.svc A", "NOERROR @ A 30 10.96.1.1"),
                    ("1.1.96.10.in-addr.arpa. PTR", "NOERROR @ PTR 30 new.default.svc~"),
                ],
            ),
            (
                vec![cluster_ip("default/new", "10.96.1.2", "http/tcp/80")],
                &[
                    ("new.default.svc A", "NOERROR @ A 30 10.96.1.2"),
                    ("1.1.96.10.in-addr.arpa. PTR", "elsewhere"),
                    ("2.1.96.10.in-addr.arpa. PTR", "NOERROR @ PTR 30 new.default.svc~"),
                ],
            ),
            (
                vec![gone(topic::SERVICES, "default/new")],
                &[
                    ("new.default.svc A", NXDOMAIN),
                    ("_http._tcp.new.default.svc SRV", NXDOMAIN),
                    ("2.1.96.10.in-addr.arpa. PTR", "elsewhere"),
                ],
            ),
            (
                vec![gone(topic::SERVICES, "default/new"), gone(topic::SERVICES, "x/never")],
                &[("web.default.svc A", "NOERROR @ A 30 10.96.0.10")],
            ),
        ],
    );
    check(
        "its kind changes",
        vec![
            (
                vec![headless("default/web")],
                &[
                    ("web.default.svc A", "NOERROR @ A 30 10.1.0.9"),
                    ("10.0.96.10.in-addr.arpa. PTR", "elsewhere"),
                ],
            ),
            (
                vec![external("default/web", "example.com")],
                &[
                    ("web.default.svc A", "chase example.com."),
                    ("10-1-0-9.web.default.svc A", NXDOMAIN),
                    ("9.0.1.10.in-addr.arpa. PTR", "elsewhere"),
                ],
            ),
            (
                vec![cluster_ip("default/web", "10.96.0.10", "")],
                &[
                    ("web.default.svc A", "NOERROR @ A 30 10.96.0.10"),
                    ("9.0.1.10.in-addr.arpa. PTR", "NOERROR @ PTR 30 10-1-0-9.web.default.svc~"),
                ],
            ),
        ],
    );
}

#[test]
fn slices_come_and_go() {
    check(
        "endpoints",
        vec![
            (
                vec![slice("default/db-1", "db", "db-1=10.1.0.2 db-2=10.1.0.3", "pg/tcp/5432")],
                &[
                    ("db.default.svc A", "NOERROR @ A 30 10.1.0.2, @ A 30 10.1.0.3"),
                    ("db-0.db.default.svc A", "NOERROR / cluster.local. SOA 30 30"),
                    ("db-0.db.default.svc AAAA", "NOERROR @ AAAA 30 fd00:1::1"),
                    ("1.0.1.10.in-addr.arpa. PTR", "NOERROR @ PTR 30 10-1-0-1.web.other.svc~"),
                    ("3.0.1.10.in-addr.arpa. PTR", "NOERROR @ PTR 30 db-2.db.default.svc~"),
                ],
            ),
            (
                vec![gone(topic::ENDPOINT_SLICES, "default/db-2")],
                &[
                    ("db-0.db.default.svc AAAA", NXDOMAIN),
                    ("db.default.svc AAAA", "NOERROR / cluster.local. SOA 30 30"),
                ],
            ),
            (
                vec![gone(topic::ENDPOINT_SLICES, "default/db-1")],
                &[("db.default.svc A", NXDOMAIN), ("_pg._tcp.db.default.svc SRV", NXDOMAIN)],
            ),
            (
                vec![slice("default/db-9", "db", "db-9=10.1.0.9", "pg/tcp/5432")],
                &[("db.default.svc A", "NOERROR @ A 30 10.1.0.9")],
            ),
        ],
    );
    check(
        "a slice moves to another service",
        vec![
            (
                vec![slice("default/pods-1", "nothing", "10.1.1.1 10.1.1.2", "/tcp/80")],
                &[
                    ("pods.default.svc A", "NOERROR @ A 30 10.1.1.2, @ A 30 10.1.1.3"),
                    ("nothing.default.svc A", "NOERROR @ A 30 10.1.1.1, @ A 30 10.1.1.2"),
                ],
            ),
            (
                vec![gone(topic::ENDPOINT_SLICES, "default/pods-1")],
                &[("nothing.default.svc A", NXDOMAIN), ("1.1.1.10.in-addr.arpa. PTR", "elsewhere")],
            ),
        ],
    );
    check(
        "a slice before its service",
        vec![
            (
                vec![slice("default/early-1", "early", "10.1.5.1", "")],
                &[("early.default.svc A", NXDOMAIN), ("1.5.1.10.in-addr.arpa. PTR", "elsewhere")],
            ),
            (
                vec![headless("default/early")],
                &[
                    ("early.default.svc A", "NOERROR @ A 30 10.1.5.1"),
                    ("1.5.1.10.in-addr.arpa. PTR", "NOERROR @ PTR 30 10-1-5-1.early.default.svc~"),
                ],
            ),
        ],
    );
}

#[test]
fn namespaces_come_and_go() {
    let nodata = "NOERROR / cluster.local. SOA 30 30";
    check(
        "with and without services",
        vec![
            (vec![], &[("empty.svc A", nodata), ("other.svc A", nodata), ("new.svc A", NXDOMAIN)]),
            (
                vec![namespace("new"), gone(topic::NAMESPACES, "empty")],
                &[("empty.svc A", NXDOMAIN), ("new.svc A", nodata)],
            ),
            // A namespace with services exists, whatever came first.
            (vec![gone(topic::NAMESPACES, "default")], &[("default.svc A", nodata)]),
            (
                vec![gone(topic::SERVICES, "other/web")],
                &[("other.svc A", NXDOMAIN), ("10-1-1-1.other.pod A", NXDOMAIN)],
            ),
        ],
    );
}

#[test]
fn heartbeats() {
    let zone = zone_with(config(), &[]);
    assert_eq!(ask(&zone, "_freshness TXT"), "NOERROR / cluster.local. SOA 0 0");
    assert_eq!((zone.heartbeat(), zone.serial()), (None, 0));
    zone.apply(&[heartbeat(5, 6)], SERIAL);
    assert!(ask(&zone, "_freshness TXT").contains("written=5 seen=6"));
    assert_eq!(zone.heartbeat().unwrap().seen_unix_ms, 6);
    assert_eq!(zone.serial(), 0, "a heartbeat is no change of the zone");
    zone.apply(&[namespace("a"), heartbeat(7, 8)], SERIAL);
    assert_eq!(zone.serial(), SERIAL);
    zone.apply(&[gone(topic::HEARTBEAT, "")], SERIAL);
    assert_eq!(zone.heartbeat(), None);
}

#[test]
fn the_dead() {
    let zone = zone();
    let dead =
        |addresses: &[&str]| zone.set_dead(addresses.iter().map(|text| text.parse().unwrap()).collect());
    let pods = || ask(&zone, "pods.default.svc A");
    let all = "NOERROR @ A 30 10.1.1.1, @ A 30 10.1.1.2, @ A 30 10.1.1.3";
    assert_eq!(dead(&["10.1.1.2", "192.0.2.1"]), 1);
    assert_eq!(pods(), "NOERROR @ A 30 10.1.1.1, @ A 30 10.1.1.3");
    assert_eq!(ask(&zone, "pods.default.svc SRV").matches("10-1-1-2").count(), 0);
    assert_eq!(ask(&zone, "10-1-1-2.pods.default.svc A"), "NOERROR @ A 30 10.1.1.2", "its own name stays");
    assert_eq!(ask(&zone, "2.1.1.10.in-addr.arpa. PTR"), "NOERROR @ PTR 30 10-1-1-2.pods.default.svc~");
    assert_eq!(dead(&["10.1.1.1", "10.1.1.2", "10.1.1.3", "fd00:1:1::"]), 1);
    assert_eq!(pods(), all, "all dead is none dead");
    assert_eq!(ask(&zone, "pods.default.svc SRV").matches(" SRV ").count(), 4);
    // Of an endpoint with two addresses one is alive.
    assert_eq!(dead(&["10.1.0.1"]), 3);
    assert_eq!(ask(&zone, "db.default.svc A"), "NOERROR @ A 30 10.1.0.2");
    assert_eq!(ask(&zone, "_pg._tcp.db.default.svc SRV").matches(" SRV ").count(), 2);
    zone.apply(&[slice("default/db-1", "db", "db-0=10.1.0.1 db-3=10.1.0.4", "pg/tcp/5432")], 1);
    assert_eq!(ask(&zone, "db.default.svc A"), "NOERROR @ A 30 10.1.0.4", "still dead after a change");
    assert_eq!(dead(&[]), 2);
    assert_eq!(pods(), all);
}

/// (change, why it is refused); then what stood under its key is gone.
fn check_refused(change: Change, reason: RefusedReason) {
    let zone = zone();
    let before = zone.names();
    let applied = zone.apply(std::slice::from_ref(&change), 1);
    let refused: Vec<_> =
        applied.refused.iter().map(|refused| (refused.item.clone(), refused.reason)).collect();
    assert_eq!(refused, [(change.item.clone(), reason)]);
    assert_eq!(zone.stats().refused, zone_refused() + 1, "{:?}", change.item);
    assert!(zone.names().len() <= before.len());
    zone.apply(&[Change { value: None, ..change }], 2);
    assert_eq!(zone.stats().refused, zone_refused());
}

/// `ext-ip` of the little cluster.
fn zone_refused() -> usize {
    zone().stats().refused
}

#[test]
fn items_that_make_no_names() {
    use RefusedReason::{Address, Cluster, Encoding, ExternalName, Key, Kind, Label, Port};
    let long = "a".repeat(64);
    let service = |item: ServiceItem| set(topic::SERVICES, "default/web", item.to_value());
    check_refused(cluster_ip("default", "", ""), Key);
    check_refused(cluster_ip("default/", "", ""), Label(LabelError::Empty));
    check_refused(cluster_ip("/web", "", ""), Label(LabelError::Empty));
    check_refused(cluster_ip("default/Web", "", ""), Label(LabelError::Character));
    check_refused(cluster_ip("default/we_b", "", ""), Label(LabelError::Character));
    check_refused(cluster_ip("default/-web", "", ""), Label(LabelError::Character));
    check_refused(cluster_ip("default/web-", "", ""), Label(LabelError::Character));
    check_refused(cluster_ip("default/we.b", "", ""), Label(LabelError::Character));
    check_refused(cluster_ip("default/a/b", "", ""), Label(LabelError::Character));
    check_refused(cluster_ip("default/\u{e4}", "", ""), Label(LabelError::Character));
    check_refused(cluster_ip(&format!("default/{long}"), "", ""), Label(LabelError::Long));
    check_refused(cluster_ip(&format!("{long}/web"), "", ""), Label(LabelError::Long));
    check_refused(set(topic::SERVICES, "default/web", b"\xff".as_slice().into()), Encoding);
    check_refused(service(ServiceItem { kind: 9, ..Default::default() }), Kind);
    check_refused(service(ServiceItem { v4: vec![1, 2, 3].into(), ..Default::default() }), Address);
    check_refused(service(ServiceItem { v6: vec![1; 17].into(), ..Default::default() }), Address);
    let port = |name: &str, protocol, port| PortItem { name: name.into(), protocol, port };
    check_refused(service(ServiceItem { ports: vec![port("http", 0, 70_000)], ..Default::default() }), Port);
    check_refused(service(ServiceItem { ports: vec![port("http", 7, 80)], ..Default::default() }), Port);
    check_refused(
        service(ServiceItem { ports: vec![port("ht tp", 0, 80)], ..Default::default() }),
        Label(LabelError::Character),
    );
    check_refused(external("default/web", "10.0.0.1"), ExternalName);
    check_refused(external("default/web", "fd00::1"), ExternalName);
    check_refused(external("default/web", ""), ExternalName);
    check_refused(external("default/web", "."), ExternalName);
    check_refused(external("default/web", "a..b"), ExternalName);
    check_refused(external("default/web", &long), ExternalName);
    check_refused(slice("default/s", "Web", "", ""), Label(LabelError::Character));
    check_refused(slice("default/s", "", "", ""), Label(LabelError::Empty));
    check_refused(slice("default/s", "web", "bad_host=10.0.0.1", ""), Label(LabelError::Character));
    let broken = EndpointSliceItem { service: "web".into(), v4: vec![1].into(), ..Default::default() };
    check_refused(set(topic::ENDPOINT_SLICES, "default/web-1", broken.to_value()), Address);
    check_refused(namespace("Default"), Label(LabelError::Character));
    check_refused(pod("web", "10.0.0.1"), Key);
    let beat = |cluster: &str| HeartbeatItem { cluster: cluster.into(), ..Default::default() };
    check_refused(set(topic::HEARTBEAT, "", beat("a b").to_value()), Cluster);
    check_refused(set(topic::HEARTBEAT, "", beat(&"a".repeat(65)).to_value()), Cluster);
    check_refused(set(topic::HEARTBEAT, "x", beat("a").to_value()), Cluster);
    let key = ItemKey::new(topic::SERVICES, b"\xff/web");
    check_refused(Change { item: key, value: Some(ServiceItem::default().to_value()) }, Key);
}

#[test]
fn an_invalid_item_takes_its_place_from_a_valid_one() {
    check(
        "a service",
        vec![
            (
                vec![external("default/web", "10.0.0.1")],
                &[("web.default.svc A", NXDOMAIN), ("10.0.96.10.in-addr.arpa. PTR", "elsewhere")],
            ),
            (
                vec![cluster_ip("default/web", "10.96.0.10", "")],
                &[("web.default.svc A", "NOERROR @ A 30 10.96.0.10")],
            ),
        ],
    );
}

#[test]
fn names_that_would_be_too_long() {
    let mut config = config();
    let label = "z".repeat(63);
    config.zone = format!("{label}.{label}.{label}").parse().unwrap();
    let zone = Zone::new(config);
    let long = "s".repeat(60);
    let applied = zone.apply(
        &[cluster_ip(&format!("{long}/{long}"), "10.0.0.1", ""), cluster_ip("a/b", "10.0.0.2", "")],
        1,
    );
    assert_eq!(
        applied.refused.iter().map(|refused| refused.reason).collect::<Vec<_>>(),
        [RefusedReason::LongName]
    );
    assert_eq!((zone.stats().services, zone.stats().refused), (1, 1));
    // An endpoint whose name does not fit has no PTR record; its service answers.
    zone.apply(
        &[headless("a/h"), slice("a/h-1", "h", &format!("{}=10.0.0.3", "x".repeat(63)), "p/tcp/1")],
        2,
    );
    assert!(ask(&zone, "3.0.0.10.in-addr.arpa. PTR").starts_with("NOERROR"));
    assert!(!zone.names().is_empty());
}

#[test]
fn other_topics_are_not_ours() {
    let zone = zone();
    let before = zone.stats();
    let applied = zone.apply(&[set(Topic(1), "default/web", b"\xff".as_slice().into())], 9);
    assert_eq!(
        (applied.services, applied.refused.len(), zone.stats(), zone.serial()),
        (0, 0, before, SERIAL)
    );
}

#[test]
fn the_items_make_the_same_zone_again() {
    let zone = zone();
    let mut changes = Vec::new();
    zone.items(&mut |of, key, value| {
        changes
            .push(Change { item: ItemKey::new(of, key), value: Some(bytes::Bytes::copy_from_slice(value)) })
    });
    // All but the refused one.
    assert_eq!(changes.len(), items().len() - 1);
    let again = zone_with(config(), &changes);
    assert_eq!(again.names(), zone.names());
    assert_eq!(service_names::ZoneStats { refused: 1, ..again.stats() }, zone.stats());
}

#[test]
fn every_name_has_the_types_it_is_said_to_have() {
    let config = ZoneConfig { pods: PodRecords::Verified, ..config() };
    let zone = zone_with(config, &items());
    let names = zone.names();
    assert!(names.len() > 50, "{}", names.len());
    for (name, types) in names {
        for record_type in types {
            let said = ask(&zone, &format!("{name} {record_type}"));
            assert!(said.starts_with(&format!("NOERROR @ {record_type} ")), "{name} {record_type}: {said}");
        }
    }
}

/// A few services and slices that meet often.
fn any_change() -> impl Strategy<Value = Change> {
    let key =
        |prefix: &'static str| (0..2_u8, 0..3_u8).prop_map(move |(ns, n)| format!("ns{ns}/{prefix}{n}"));
    let addresses = prop::collection::vec((any::<bool>(), 0..4_u8), 0..5).prop_map(|some| {
        let text = |(host, last): (bool, u8)| {
            if host { format!("h{last}=10.0.0.{last} ") } else { format!("10.0.1.{last} ") }
        };
        some.into_iter().map(text).collect::<String>()
    });
    let ports =
        prop_oneof![Just(""), Just("http/tcp/80"), Just("http/tcp/80 dns/udp/53"), Just("http/tcp/81")];
    prop_oneof![
        (key("s"), 1..9_u8, ports.clone()).prop_map(|(key, last, ports)| cluster_ip(
            &key,
            &format!("10.9.0.{last}"),
            ports
        )),
        key("s").prop_map(|key| headless(&key)),
        key("s").prop_map(|key| external(&key, "s1.ns1.svc.cluster.local")),
        key("s").prop_map(|key| gone(topic::SERVICES, &key)),
        (key("e"), 0..3_u8, addresses.clone(), ports.clone()).prop_map(|(key, s, some, ports)| slice(
            &key,
            &format!("s{s}"),
            &some,
            ports
        )),
        (key("e"), 0..3_u8, addresses, ports).prop_map(|(key, s, some, ports)| slice(
            &key,
            &format!("s{s}"),
            &some,
            ports
        )),
        key("e").prop_map(|key| gone(topic::ENDPOINT_SLICES, &key)),
        (0..2_u8).prop_map(|ns| namespace(&format!("ns{ns}"))),
        (0..2_u8).prop_map(|ns| gone(topic::NAMESPACES, &format!("ns{ns}"))),
        (key("p"), 0..9_u8).prop_map(|(key, last)| pod(&key, &format!("10.0.2.{last}"))),
        key("p").prop_map(|key| gone(topic::POD_ADDRESSES, &key)),
    ]
}

proptest! {
    /// Whatever happened on the way, the zone is what its last items make of it; and its answers are those of its names.
    #[test]
    fn the_way_does_not_matter(batches in prop::collection::vec(prop::collection::vec(any_change(), 1..6), 1..12), dead in 0..4_u8) {
        let config = || ZoneConfig { pods: PodRecords::Verified, ..config() };
        let zone = Zone::new(config());
        let mut last = BTreeMap::new();
        let dead: HashSet<_> = (0..dead).map(|last| format!("10.0.1.{last}").parse().unwrap()).collect();
        for (nth, batch) in batches.iter().enumerate() {
            zone.apply(batch, 1);
            if nth == batches.len() / 2 {
                zone.set_dead(dead.clone());
            }
            for change in batch {
                last.insert(change.item.clone(), change.value.clone());
            }
        }
        let rest: Vec<Change> = last.into_iter().filter(|(_, value)| value.is_some()).map(|(item, value)| Change { item, value }).collect();
        let fresh = Zone::new(config());
        fresh.set_dead(dead);
        fresh.apply(&rest, 1);
        prop_assert_eq!(zone.names(), fresh.names());
        prop_assert_eq!(zone.stats(), fresh.stats());
        for (name, types) in zone.names() {
            for record_type in types.into_iter().chain([dns_message::RecordType::A, dns_message::RecordType::SRV]) {
                let question = format!("{name} {record_type}");
                let sorted = |zone: &Zone| {
                    let said = ask(zone, &question);
                    let mut words: Vec<String> = said.split(' ').map(|word| word.trim_end_matches(',').to_string()).collect();
                    words.sort();
                    words
                };
                prop_assert_eq!(sorted(&zone), sorted(&fresh), "{}", question);
            }
        }
    }
}
