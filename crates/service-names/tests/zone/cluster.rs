//! A small cluster, and questions about it as text.

use std::net::IpAddr;

use bytes::Bytes;
use dns_message::{
    Builder, Class, EdeCode, Flags, Message, Name, Opt, Record, RecordType, Scratch, Section, gate,
};
use fanout::{Change, ItemKey, Topic};
use service_names::payload::{
    EndpointSliceItem, HeartbeatItem, HostItem, Item, NamespaceItem, PodAddressItem, PortItem, Protocol,
    ServiceItem, ServiceKind,
};
use service_names::{Manner, Outcome, Zone, ZoneConfig, topic};

pub(crate) const ZONE: &str = "cluster.local.";
pub(crate) const SERIAL: u32 = 1_700_000_000;

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(crate) fn set(of: Topic, key: &str, value: Bytes) -> Change {
    Change { item: ItemKey::new(of, key.as_bytes()), value: Some(value) }
}

pub(crate) fn gone(of: Topic, key: &str) -> Change {
    Change { item: ItemKey::new(of, key.as_bytes()), value: None }
}

/// Octets of addresses in text, by family.
fn octets(addresses: &str) -> (Bytes, Bytes) {
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    for text in addresses.split_whitespace() {
        match text.parse().unwrap() {
            IpAddr::V4(address) => v4.extend_from_slice(&address.octets()),
            IpAddr::V6(address) => v6.extend_from_slice(&address.octets()),
        }
    }
    (v4.into(), v6.into())
}

/// `http/tcp/80 dns/udp/53 /tcp/8080`
fn ports(text: &str) -> Vec<PortItem> {
    let port = |text: &str| {
        let mut parts = text.split('/');
        let name = parts.next().unwrap().into();
        let protocol = match parts.next().unwrap() {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => Protocol::Sctp,
        };
        PortItem { name, protocol: protocol.into(), port: parts.next().unwrap().parse().unwrap() }
    };
    text.split_whitespace().map(port).collect()
}

pub(crate) fn namespace(name: &str) -> Change {
    set(topic::NAMESPACES, name, NamespaceItem {}.to_value())
}

pub(crate) fn cluster_ip(key: &str, addresses: &str, port_texts: &str) -> Change {
    let (v4, v6) = octets(addresses);
    let kind = ServiceKind::ClusterIp.into();
    let item = ServiceItem { kind, v4, v6, ports: ports(port_texts), ..Default::default() };
    set(topic::SERVICES, key, item.to_value())
}

pub(crate) fn headless(key: &str) -> Change {
    let item = ServiceItem { kind: ServiceKind::Headless.into(), ..Default::default() };
    set(topic::SERVICES, key, item.to_value())
}

pub(crate) fn external(key: &str, target: &str) -> Change {
    let kind = ServiceKind::ExternalName.into();
    set(
        topic::SERVICES,
        key,
        ServiceItem { kind, external_name: target.into(), ..Default::default() }.to_value(),
    )
}

/// `endpoints` are addresses, those with a hostname as `host=address`.
pub(crate) fn slice(key: &str, service: &str, endpoints: &str, port_texts: &str) -> Change {
    let plain: Vec<&str> = endpoints.split_whitespace().filter(|text| !text.contains('=')).collect();
    let (v4, v6) = octets(&plain.join(" "));
    let named = endpoints.split_whitespace().filter_map(|text| text.split_once('='));
    let hosts = named.map(|(host, address)| {
        let (v4, v6) = octets(address);
        HostItem { name: host.into(), v4, v6 }
    });
    let hosts = hosts.collect();
    let item = EndpointSliceItem { service: service.into(), ports: ports(port_texts), v4, v6, hosts };
    set(topic::ENDPOINT_SLICES, key, item.to_value())
}

pub(crate) fn pod(key: &str, addresses: &str) -> Change {
    let (v4, v6) = octets(addresses);
    set(topic::POD_ADDRESSES, key, PodAddressItem { v4, v6 }.to_value())
}

pub(crate) fn heartbeat(written: u64, seen: u64) -> Change {
    let item = HeartbeatItem {
        written_unix_ms: written,
        seen_unix_ms: seen,
        version: 7,
        cluster: "0c0ffee0-0000-4000-8000-000000000000".into(),
    };
    set(topic::HEARTBEAT, "", item.to_value())
}

pub(crate) fn items() -> Vec<Change> {
    vec![
        namespace("default"),
        namespace("kube-system"),
        namespace("empty"),
        cluster_ip(
            "kube-system/kube-dns",
            "10.96.0.2 fd00:96::2",
            "dns/udp/53 dns-tcp/tcp/53 metrics/tcp/9153",
        ),
        cluster_ip("default/web", "10.96.0.10 fd00:96::10", "http/tcp/80 https/tcp/443"),
        slice("default/web-1", "web", "10.1.0.9", "http/tcp/8080 https/tcp/8443"),
        slice("default/web-2", "web", "fd00:1::9", "http/tcp/8080 https/tcp/8443"),
        cluster_ip("default/v6only", "fd00:96::20", "http/tcp/80"),
        cluster_ip("default/plain", "10.96.0.11", "/tcp/8080"),
        cluster_ip("default/noports", "10.96.0.12", ""),
        cluster_ip("default/ghost", "10.96.0.13", "http/tcp/80"),
        headless("default/db"),
        slice("default/db-1", "db", "db-0=10.1.0.1 db-1=10.1.0.2", "pg/tcp/5432"),
        slice("default/db-2", "db", "db-0=fd00:1::1 db-1=fd00:1::2", "pg/tcp/5432"),
        headless("default/pods"),
        slice("default/pods-1", "pods", "10.1.1.1 10.1.1.2", "/tcp/80"),
        slice("default/pods-2", "pods", "10.1.1.2 10.1.1.3 fd00:1:1::", "/tcp/80"),
        headless("default/nobody"),
        slice("default/nobody-1", "nobody", "", "http/tcp/80"),
        headless("default/nothing"),
        headless("default/mixed"),
        slice("default/mixed-1", "mixed", "10.1.2.1", "http/tcp/80 admin/tcp/9000"),
        slice("default/mixed-2", "mixed", "10.1.2.2", "http/tcp/8080"),
        headless("default/portless"),
        slice("default/portless-1", "portless", "10.1.3.1", ""),
        external("default/ext", "www.Example.com"),
        external("default/ext-in", "web.default.svc.cluster.local."),
        external("default/ext-twice", "ext-in.default.svc.cluster.local"),
        external("default/ext-lost", "missing.default.svc.cluster.local"),
        external("default/ext-host", "db-0.db.default.svc.cluster.local"),
        external("default/ext-ip", "10.0.0.1"),
        external("default/ext-self", "ext-self.default.svc.cluster.local"),
        external("default/ext-a", "ext-b.default.svc.cluster.local"),
        external("default/ext-b", "ext-a.default.svc.cluster.local"),
        external("default/ext-far", "ext.default.svc.cluster.local"),
        cluster_ip("other/web", "10.97.0.1", "http/tcp/80"),
        slice("other/web-1", "web", "10.1.0.1", "http/tcp/80"),
        pod("default/a", "10.1.0.9 fd00:1::9"),
        pod("other/b", "10.1.0.10"),
        heartbeat(1_000, 1_250),
    ]
}

pub(crate) fn config() -> ZoneConfig {
    ZoneConfig::kubeadm(name(ZONE))
}

pub(crate) fn zone_with(config: ZoneConfig, changes: &[Change]) -> Zone {
    let zone = Zone::new(config);
    zone.apply(changes, SERIAL);
    zone
}

pub(crate) fn zone() -> Zone {
    zone_with(config(), &items())
}

pub(crate) fn manner() -> Manner<'static> {
    Manner { limit_bytes: 65_535, rotation: 0, opt: None, stale: None }
}

/// A query packet for `name TYPE`.
pub(crate) fn query(question: &str, opt: Option<Opt<'_>>) -> Vec<u8> {
    let (asked, record_type) = question.split_once(' ').unwrap();
    let record_type = RecordType::from_name(record_type).unwrap();
    let flags = Flags(Flags::RECURSION_DESIRED);
    let mut packet = Vec::new();
    // A name here is short for one in the zone, unless it ends with a dot.
    let asked = if asked.ends_with('.') { asked.into() } else { format!("{asked}.{ZONE}") };
    Builder::query(9, flags, &name(&asked), record_type, Class::IN, opt, &mut packet).finish();
    packet
}

/// What the zone says, in one line: `RESULT answers / authority // additional`. The name that was asked is `@`,
/// `.cluster.local.` is `~`.
pub(crate) fn ask_with(zone: &Zone, question: &str, manner: &Manner<'_>) -> String {
    let packet = query(question, manner.opt);
    let mut scratch = Scratch::default();
    let query = gate(&packet, &mut scratch).unwrap();
    let mut out = Vec::new();
    match zone.answer(&query, manner, &mut out) {
        Outcome::Answered(answered) => {
            let said = said(&out);
            let message = Message::parse(&out).unwrap();
            assert_eq!(answered.answers, message.header().counts[1], "{question}");
            assert_eq!(answered.truncated, message.header().flags.has(Flags::TRUNCATED), "{question}");
            assert_eq!(answered.rcode, message.header().flags.rcode(), "{question}");
            assert_eq!(message.header().id, 9);
            assert!(message.repeats(query.question()), "{question}");
            assert!(out.len() <= manner.limit_bytes, "{question}");
            said
        }
        Outcome::Chase { target } => format!("chase {target}"),
        Outcome::Elsewhere => "elsewhere".into(),
    }
}

pub(crate) fn ask(zone: &Zone, question: &str) -> String {
    ask_with(zone, question, &manner())
}

pub(crate) fn said(response: &[u8]) -> String {
    let message = Message::parse(response).unwrap();
    let asked = message.question().unwrap().name.to_string();
    let records: Vec<Record<'_>> = message.records().map(Result::unwrap).collect();
    let flags = message.header().flags;
    let aa = if flags.has(Flags::AUTHORITATIVE) { "" } else { " not-authoritative" };
    let tc = if flags.has(Flags::TRUNCATED) { " truncated" } else { "" };
    let mut line = format!("{}{aa}{tc}", flags.rcode());
    for (section, mark) in
        [(Section::Answer, " "), (Section::Authority, " / "), (Section::Additional, " // ")]
    {
        let texts: Vec<String> = records
            .iter()
            .filter(|record| record.section == section)
            .map(|record| text(record, &asked))
            .collect();
        if !texts.is_empty() {
            line += mark;
            line += &texts.join(", ");
        }
    }
    line.replace(&format!(".{ZONE}"), "~")
}

fn text(record: &Record<'_>, asked: &str) -> String {
    if record.record_type == RecordType::OPT {
        let errors: Vec<(EdeCode, &str)> = record.extended_errors().collect();
        return errors.iter().map(|(code, text)| format!("{code} ({text})")).collect::<Vec<_>>().join(" ")
            + "OPT";
    }
    let owner = record.owner.to_string();
    let owner = if owner == asked { "@" } else { &owner };
    let data = record.rdata();
    let word = |at: usize| u16::from_be_bytes([data[at], data[at + 1]]);
    let data = match (record.record_type, record.address(), record.target()) {
        (_, Some(address), _) => address.to_string(),
        (RecordType::SRV, _, Some(target)) => format!("{} {} {} {target}", word(0), word(2), word(4)),
        (_, _, Some(target)) => target.to_string(),
        (RecordType::TXT, ..) => String::from_utf8_lossy(&data[1..]).into_owned(),
        (RecordType::SOA, ..) => u32::from_be_bytes(*data.last_chunk().unwrap()).to_string(),
        _ => format!("{data:?}"),
    };
    format!("{owner} {} {} {data}", record.record_type, record.ttl)
}
