//! How answers are said: settings, sizes, rotation, staleness, aliases that lead outside.

use std::collections::HashSet;

use crate::cluster::{
    ask, ask_with, cluster_ip, config, gone, headless, items, manner, name, namespace, pod, query, said,
    slice, zone, zone_with,
};
use dns_message::{
    Builder, Class, EdeCode, Flags, Message, Opt, Rcode, Rdata, RecordType, Scratch, Section, UDP_BYTES_MAX,
    gate,
};
use service_names::{EmptyServices, Manner, Outcome, PodRecords, Stale, Zone, ZoneConfig, topic};

const NODATA: &str = "NOERROR / cluster.local. SOA 30 30";
const NXDOMAIN: &str = "NXDOMAIN / cluster.local. SOA 30 30";

/// (what, settings, question, answer)
fn check_config(what: &str, change: impl FnOnce(&mut ZoneConfig), rows: &[(&str, &str)]) {
    let mut config = config();
    change(&mut config);
    let zone = zone_with(config, &items());
    for (question, expected) in rows {
        assert_eq!(ask(&zone, question), *expected, "{what}: {question}");
    }
}

#[test]
fn settings() {
    check_config(
        "pods disabled",
        |config| config.pods = PodRecords::Disabled,
        &[("10-1-0-9.default.pod A", NXDOMAIN), ("default.pod A", NXDOMAIN), ("pod A", NODATA)],
    );
    check_config(
        "pods verified",
        |config| config.pods = PodRecords::Verified,
        &[
            ("10-1-0-9.default.pod A", "NOERROR @ A 30 10.1.0.9"),
            ("fd00-1--9.default.pod AAAA", "NOERROR @ AAAA 30 fd00:1::9"),
            ("10-1-0-9.other.pod A", NXDOMAIN),
            ("10-1-0-10.other.pod A", "NOERROR @ A 30 10.1.0.10"),
            ("10-1-0-10.default.pod A", NXDOMAIN),
            ("10-1-0-11.default.pod A", NXDOMAIN),
            ("default.pod A", NODATA),
        ],
    );
    check_config(
        "TTLs",
        |config| (config.ttl_seconds, config.negative_ttl_seconds) = (5, 1),
        &[
            ("web.default.svc A", "NOERROR @ A 5 10.96.0.10"),
            ("web.default.svc TXT", "NOERROR / cluster.local. SOA 1 1"),
            ("missing.default.svc A", "NXDOMAIN / cluster.local. SOA 1 1"),
            ("cluster.local. SOA", "NOERROR @ SOA 1 1"),
        ],
    );
    check_config(
        "ignore empty_service",
        |config| config.empty_services = EmptyServices::NxDomain,
        &[
            ("ghost.default.svc A", NXDOMAIN),
            ("_http._tcp.ghost.default.svc SRV", NXDOMAIN),
            ("web.default.svc A", "NOERROR @ A 30 10.96.0.10"),
            ("ext.default.svc A", "chase www.Example.com."),
        ],
    );
    check_config(
        "namespaces",
        |config| config.namespaces = vec!["other".into()],
        &[
            ("web.default.svc A", NXDOMAIN),
            ("default.svc A", NXDOMAIN),
            ("10-1-0-9.default.pod A", NXDOMAIN),
            ("web.other.svc A", "NOERROR @ A 30 10.97.0.1"),
            ("10.0.96.10.in-addr.arpa. PTR", "elsewhere"),
            ("1.0.1.10.in-addr.arpa. PTR", "NOERROR @ PTR 30 10-1-0-1.web.other.svc~"),
        ],
    );
    check_config(
        "reverse zones without fallthrough",
        |config| config.fallthrough_zones.clear(),
        &[
            ("99.0.96.10.in-addr.arpa. PTR", "NXDOMAIN / in-addr.arpa. SOA 30 30"),
            ("96.10.in-addr.arpa. PTR", "NXDOMAIN / in-addr.arpa. SOA 30 30"),
            ("in-addr.arpa. PTR", "NOERROR / @ SOA 30 30"),
            ("10.0.96.10.in-addr.arpa. PTR", "NOERROR @ PTR 30 web.default.svc~"),
        ],
    );
    check_config(
        "one reverse zone",
        |config| config.reverse_zones = vec![name("96.10.in-addr.arpa")],
        &[
            ("10.0.96.10.in-addr.arpa. PTR", "NOERROR @ PTR 30 web.default.svc~"),
            ("10.0.96.10.in-addr.arpa. TXT", "NOERROR / 96.10.in-addr.arpa. SOA 30 30"),
            ("1.0.1.10.in-addr.arpa. PTR", "elsewhere"),
        ],
    );
    check_config(
        "everything falls through",
        |config| config.fallthrough_zones = vec![name(".")],
        &[
            ("missing.default.svc A", "elsewhere"),
            ("web.default.svc TXT", NODATA),
            ("web.default.svc A", "NOERROR @ A 30 10.96.0.10"),
        ],
    );
    check_config(
        "no service to ask",
        |config| {
            config.server_service.1 = "missing".into();
            config.server_addresses = vec!["169.254.20.10".parse().unwrap(), "fd00::a".parse().unwrap()];
        },
        &[
            (
                "cluster.local. NS",
                "NOERROR @ NS 30 ns.dns~ // ns.dns~ A 30 169.254.20.10, ns.dns~ AAAA 30 fd00::a",
            ),
            ("ns.dns A", "NOERROR @ A 30 169.254.20.10"),
        ],
    );
    check_config(
        "no address at all",
        |config| config.server_service.1 = "missing".into(),
        &[("cluster.local. NS", "NOERROR @ NS 30 ns.dns~"), ("ns.dns A", NODATA)],
    );
}

#[test]
fn another_zone() {
    let zone = zone_with(ZoneConfig::kubeadm(name("k8s.Corp.example")), &items());
    let rows = [
        ("web.default.svc.k8s.corp.EXAMPLE. A", "NOERROR @ A 30 10.96.0.10"),
        ("web.default.svc.k8s.corp.example. TXT", "NOERROR / k8s.corp.example. SOA 30 30"),
        (
            "_http._tcp.web.other.svc.k8s.corp.example. SRV",
            "NOERROR @ SRV 30 0 100 80 web.other.svc.k8s.corp.example. // web.other.svc.k8s.corp.example. A 30 10.97.0.1",
        ),
        ("web.default.svc.cluster.local. A", "elsewhere"),
    ];
    for (question, expected) in rows {
        assert_eq!(ask(&zone, question), expected, "{question}");
    }
}

/// The addresses in an answer, in their order.
fn addresses(said: &str) -> Vec<String> {
    said.split(' ')
        .filter(|word| word.starts_with("10."))
        .map(|word| word.trim_end_matches(',').to_string())
        .collect()
}

#[test]
fn every_address_comes_first_once() {
    let zone = zone();
    for (question, count) in [("pods.default.svc A", 3), ("db.default.svc A", 2), ("web.default.svc A", 1)] {
        let answers: Vec<Vec<String>> = (0..count)
            .map(|rotation| addresses(&ask_with(&zone, question, &Manner { rotation, ..manner() })))
            .collect();
        let first: HashSet<&String> = answers.iter().map(|addresses| &addresses[0]).collect();
        assert_eq!(first.len(), count as usize, "{question}");
        assert!(answers.iter().all(|addresses| addresses.len() == count as usize), "{question}");
    }
}

/// A headless service of so many endpoints, in slices of 100, as the controller makes them.
fn large(endpoints: u16) -> Zone {
    let mut changes = vec![headless("default/large")];
    for start in (0..endpoints).step_by(100) {
        let of = |index: u16| format!("10.2.{}.{} ", index >> 8, index & 255);
        let texts: String = (start..(start + 100).min(endpoints)).map(of).collect();
        changes.push(slice(&format!("default/large-{start}"), "large", &texts, "http/tcp/80"));
    }
    zone_with(config(), &changes)
}

#[test]
fn five_thousand_endpoints() {
    let zone = large(5_000);
    assert_eq!(zone.stats().endpoints, 5_000);
    // (limit, question, records): 12 + 37 + 4 octets before them, 16 an address.
    let rows = [
        (512, "large.default.svc A", 28),
        (UDP_BYTES_MAX, "large.default.svc A", 73),
        (65_535, "large.default.svc A", 4_092),
        (512, "_http._tcp.large.default.svc SRV", 7),
        (65_535, "_http._tcp.large.default.svc SRV", 1_063),
    ];
    for (limit_bytes, question, expected) in rows {
        let said = ask_with(&zone, question, &Manner { limit_bytes, ..manner() });
        assert!(said.starts_with("NOERROR truncated"), "{said:.100}");
        assert_eq!(said.matches(" 30 ").count(), expected, "{question} {limit_bytes}");
    }
    // Each address has its turn, over UDP too.
    let seen: HashSet<String> = (0..5_000)
        .step_by(28)
        .flat_map(|rotation| {
            addresses(&ask_with(
                &zone,
                "large.default.svc A",
                &Manner { limit_bytes: 512, rotation, ..manner() },
            ))
        })
        .collect();
    assert_eq!(seen.len(), 5_000);
    assert_eq!(ask(&zone, "10-2-19-135.large.default.svc A"), "NOERROR @ A 30 10.2.19.135");
    assert_eq!(
        ask(&zone, "135.19.2.10.in-addr.arpa. PTR"),
        "NOERROR @ PTR 30 10-2-19-135.large.default.svc~"
    );
}

#[test]
fn additional_records_are_left_out_before_answers() {
    let zone = large(10);
    let manner = |limit_bytes| Manner { limit_bytes, ..manner() };
    let all = ask_with(&zone, "_http._tcp.large.default.svc SRV", &manner(65_535));
    assert_eq!((all.matches(" SRV ").count(), all.matches(" A ").count()), (10, 10));
    let some = ask_with(&zone, "_http._tcp.large.default.svc SRV", &manner(800));
    assert_eq!(some.matches(" SRV ").count(), 10);
    assert!(some.matches(" A ").count() < 10 && !some.contains("truncated"), "{some}");
}

#[test]
fn stale_answers() {
    let zone = zone();
    let stale = Some(Stale { ttl_seconds_max: 10, text: "age=734s source=disk" });
    let (without, with) =
        (Manner { stale, ..manner() }, Manner { stale, opt: Some(Opt::default()), ..manner() });
    let (old, gone) =
        ("Stale Answer (age=734s source=disk)OPT", "Stale NXDOMAIN Answer (age=734s source=disk)OPT");
    let rows = [
        ("web.default.svc A", "NOERROR @ A 10 10.96.0.10", old),
        ("missing.default.svc A", "NXDOMAIN / cluster.local. SOA 10 10", gone),
        ("web.default.svc TXT", "NOERROR / cluster.local. SOA 10 10", old),
        (
            "ext-in.default.svc A",
            "NOERROR @ CNAME 10 web.default.svc~, web.default.svc~ A 10 10.96.0.10",
            old,
        ),
        ("10.0.96.10.in-addr.arpa. PTR", "NOERROR @ PTR 10 web.default.svc~", old),
    ];
    for (question, expected, error) in rows {
        assert_eq!(ask_with(&zone, question, &without), expected, "{question}");
        let said = ask_with(&zone, question, &with);
        assert_eq!(said, format!("{expected} // {error}"), "{question}");
    }
    // The heartbeat is what it is.
    assert!(ask_with(&zone, "_freshness TXT", &without).starts_with("NOERROR @ TXT 0 written=1000"));
}

#[test]
fn edns_in_the_response_only_when_it_was_in_the_query() {
    let zone = zone();
    let opt = Some(Opt { dnssec_ok: true, cookie: Some(&[7; 24]), ..Opt::default() });
    for question in [
        "web.default.svc A",
        "missing.default.svc A",
        "web.default.svc SRV",
        "ext-in.default.svc A",
        "web.default.svc AXFR",
    ] {
        assert!(!ask(&zone, question).contains("OPT"), "{question}");
        assert!(ask_with(&zone, question, &Manner { opt, ..manner() }).ends_with("OPT"), "{question}");
    }
}

#[test]
fn the_longest_question_has_room_for_its_negative_answer() {
    let zone = zone();
    let label = "a".repeat(63);
    let question = format!("{label}.{label}.{label}.{} A", "b".repeat(46));
    let error = Some((EdeCode::OTHER, "x"));
    let text = "x".repeat(200);
    let stale = Some(Stale { ttl_seconds_max: 30, text: &text });
    let opt = Some(Opt { cookie: Some(&[1; 24]), error, ..Opt::default() });
    let said = ask_with(&zone, &question, &Manner { limit_bytes: 512, stale, opt, ..manner() });
    assert!(said.starts_with("NXDOMAIN / cluster.local. SOA 30 30 // Stale NXDOMAIN"), "{said}");
}

/// What an upstream says about `www.Example.com A`.
fn upstream(rcode: Rcode, records: &[(Section, &str, Rdata<'_>)]) -> Vec<u8> {
    let asked = query("www.Example.com. A", None);
    let mut scratch = Scratch::default();
    let asked = gate(&asked, &mut scratch).unwrap();
    let mut out = Vec::new();
    let mut builder =
        Builder::reply(&asked, Flags::RECURSION_AVAILABLE, rcode, 65_535, Some(Opt::default()), &mut out);
    for (section, owner, data) in records {
        assert!(builder.record(*section, &name(owner), Class::IN, 300, data));
    }
    builder.finish();
    out
}

/// (question, upstream's response, answer)
fn check_chased(question: &str, response: Option<&[u8]>, expected: &str) {
    let zone = zone();
    let packet = query(question, None);
    let mut scratch = Scratch::default();
    let query = gate(&packet, &mut scratch).unwrap();
    let mut out = Vec::new();
    let outcome = zone.answer_chased(&query, &manner(), response, &mut out);
    assert!(matches!(outcome, Outcome::Answered(_)), "{question}");
    assert_eq!(said(&out), expected, "{question}");
}

#[test]
fn aliases_that_lead_outside() {
    let address = Rdata::A([192, 0, 2, 1].into());
    let cdn = name("cdn.example.net");
    let good = upstream(Rcode::NOERROR, &[(Section::Answer, "www.example.com", address)]);
    let longer = upstream(
        Rcode::NOERROR,
        &[
            (Section::Answer, "www.example.com", Rdata::Cname(&cdn)),
            (Section::Answer, "cdn.example.net", address),
        ],
    );
    let cname = "@ CNAME 30 www.Example.com.";
    check_chased(
        "ext.default.svc A",
        Some(&good),
        &format!("NOERROR {cname}, www.Example.com. A 300 192.0.2.1"),
    );
    check_chased(
        "ext.default.svc A",
        Some(&longer),
        &format!(
            "NOERROR {cname}, www.Example.com. CNAME 300 cdn.example.net., cdn.example.net. A 300 192.0.2.1"
        ),
    );
    check_chased(
        "ext-far.default.svc A",
        Some(&good),
        "NOERROR @ CNAME 30 ext.default.svc~, ext.default.svc~ CNAME 30 www.Example.com., www.Example.com. A 300 192.0.2.1",
    );
    let none = upstream(Rcode::NOERROR, &[]);
    let missing = upstream(Rcode::NXDOMAIN, &[]);
    check_chased("ext.default.svc A", Some(&none), &format!("NOERROR {cname}"));
    check_chased("ext.default.svc A", Some(&missing), &format!("NXDOMAIN {cname}"));
    check_chased("ext.default.svc A", Some(&upstream(Rcode::SERVFAIL, &[])), "SERVFAIL");
    check_chased("ext.default.svc A", Some(&upstream(Rcode::REFUSED, &[])), "SERVFAIL");
    check_chased("ext.default.svc A", Some(&good[..good.len() - 20]), "SERVFAIL");
    check_chased("ext.default.svc A", Some(b""), "SERVFAIL");
    check_chased("ext.default.svc A", None, "SERVFAIL");
    // The service became something else while the upstream was asked.
    check_chased("web.default.svc A", Some(&good), "NOERROR @ A 30 10.96.0.10");
    let mut another = good.clone();
    another[13] = b'x';
    check_chased("ext.default.svc A", Some(&another), "SERVFAIL");
}

#[test]
fn other_classes_are_not_ours() {
    let zone = zone();
    let mut packet = query("web.default.svc A", None);
    let end = packet.len();
    packet[end - 1] = 3;
    let mut scratch = Scratch::default();
    let query = gate(&packet, &mut scratch).unwrap();
    let mut out = Vec::new();
    assert_eq!(zone.answer(&query, &manner(), &mut out), Outcome::Elsewhere);
    assert!(out.is_empty());
    assert!(zone.contains(&query));
}

#[test]
fn case_is_kept() {
    let zone = zone();
    for question in ["wEb.DeFaUlT.sVc.ClUsTeR.lOcAl. A", "nO.SuCh.sVc.ClUsTeR.lOcAl. A"] {
        let packet = query(question, None);
        let mut scratch = Scratch::default();
        let query = gate(&packet, &mut scratch).unwrap();
        let mut out = Vec::new();
        zone.answer(&query, &manner(), &mut out);
        let message = Message::parse(&out).unwrap();
        assert!(message.repeats(query.question()));
        let record = message.records().next().unwrap().unwrap();
        let owner = record.owner.to_string();
        assert!(question.contains(owner.trim_end_matches('.')), "{owner}");
        assert!(record.record_type == RecordType::A || record.record_type == RecordType::SOA);
    }
}

#[test]
fn an_address_of_many_services() {
    let mut changes = Vec::new();
    for index in 0..50 {
        changes.push(headless(&format!("default/s{index}")));
        changes.push(slice(&format!("default/s{index}-1"), &format!("s{index}"), "10.3.0.1", ""));
    }
    let zone = zone_with(config(), &changes);
    let all = ask(&zone, "1.0.3.10.in-addr.arpa. PTR");
    assert_eq!(all.matches(" PTR ").count(), 50);
    let some = ask_with(&zone, "1.0.3.10.in-addr.arpa. PTR", &Manner { limit_bytes: 512, ..manner() });
    assert!(some.starts_with("NOERROR truncated"), "{some}");
    zone.apply(&[cluster_ip("default/own", "10.3.0.1", "")], 2);
    assert_eq!(ask(&zone, "1.0.3.10.in-addr.arpa. PTR"), "NOERROR @ PTR 30 own.default.svc~");
    zone.apply(&[gone(topic::SERVICES, "default/own")], 3);
    assert_eq!(ask(&zone, "1.0.3.10.in-addr.arpa. PTR").matches(" PTR ").count(), 50);
    let rest: Vec<_> = (0..50).map(|index| gone(topic::SERVICES, &format!("default/s{index}"))).collect();
    zone.apply(&rest, 4);
    assert_eq!(ask(&zone, "1.0.3.10.in-addr.arpa. PTR"), "elsewhere");
}

#[test]
fn pods_in_two_namespaces_at_one_address() {
    let config = ZoneConfig { pods: PodRecords::Verified, ..config() };
    let zone = zone_with(
        config,
        &[namespace("a"), namespace("b"), pod("a/one", "10.4.0.1"), pod("b/two", "10.4.0.1")],
    );
    let found = |namespace: &str| ask(&zone, &format!("10-4-0-1.{namespace}.pod A")).starts_with("NOERROR");
    assert!(found("a") && found("b"));
    zone.apply(&[pod("a/one", "10.4.0.2")], 2);
    assert!(!found("a") && found("b"));
    zone.apply(&[gone(topic::POD_ADDRESSES, "b/two")], 3);
    assert!(!found("b"));
    assert_eq!(zone.stats().pod_addresses, 1);
}
