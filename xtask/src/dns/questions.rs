//! Every name that a shape could have, and every type of question about it.

use std::net::IpAddr;

use serde_json::Value;

use super::message::Question;
use super::record::kinds;
use super::server::Transport;
use super::shapes::{EMPTY, NAMESPACE, Shape};

const ZONE: &str = "cluster.local";
/// The size that resolvers of today announce (RFC 9715).
const EDNS_BYTES: u16 = 1232;
/// Put before every service's name; most of them lead nowhere for most services.
const PREFIXES: [&str; 22] = [
    "_http._tcp",
    "_http._udp",
    "_peer._tcp",
    "_dns._udp",
    "_dns-tcp._tcp",
    "_sctp._sctp",
    "_a23456789-bcdef._tcp",
    "_80._tcp",
    "_nothing._tcp",
    "http._tcp",
    "_http.tcp",
    "_tcp",
    "_http",
    "x",
    "x.y",
    "*",
    "web-0",
    "web-1",
    "web-2",
    "three",
    "both",
    "_http._tcp.web-0",
];
/// Names that belong to no service.
const ELSEWHERE: [&str; 34] = [
    "cluster.local",
    "svc.cluster.local",
    "pod.cluster.local",
    "x.cluster.local",
    "dns.cluster.local",
    "ns.dns.cluster.local",
    "dns-version.cluster.local",
    "x.dns-version.cluster.local",
    "hostmaster.cluster.local",
    "*.cluster.local",
    "nothing.svc.cluster.local",
    "x.nothing.svc.cluster.local",
    "*.shapes.svc.cluster.local",
    "plain.*.svc.cluster.local",
    "nothing.shapes.svc.cluster.local",
    "shapes.x.cluster.local",
    "10-240-1-1.shapes.pod.cluster.local",
    "10-240-1-1.nothing.pod.cluster.local",
    "10-9-9-9.shapes.pod.cluster.local",
    "fd00-10-240--61.shapes.pod.cluster.local",
    "not-an-ip.shapes.pod.cluster.local",
    "300-1-1-1.shapes.pod.cluster.local",
    "x.10-240-1-1.shapes.pod.cluster.local",
    "*.shapes.pod.cluster.local",
    "kubernetes.default.svc.cluster.local",
    "_https._tcp.kubernetes.default.svc.cluster.local",
    "kube-dns.kube-system.svc.cluster.local",
    "plain.shapes.svc.cluster.local.shapes.svc.cluster.local",
    "www.example.net.shapes.svc.cluster.local",
    "www.example.net.svc.cluster.local",
    "www.example.net.cluster.local",
    "9.9.9.10.in-addr.arpa",
    "240.10.in-addr.arpa",
    "a.b.c.d.in-addr.arpa",
];

/// A question and how it is asked.
pub(super) type Asked = (Question, Transport);

/// All questions about all shapes.
pub(super) fn questions(shapes: &[Shape]) -> Vec<Asked> {
    let mut names: Vec<String> = ELSEWHERE.map(str::to_owned).into();
    for namespace in [NAMESPACE, EMPTY] {
        names.push(format!("{namespace}.svc.{ZONE}"));
        names.push(format!("{namespace}.pod.{ZONE}"));
    }
    for shape in shapes {
        names.extend(names_of(shape));
    }
    names.sort_unstable();
    names.dedup();
    let mut all: Vec<Asked> = names.iter().flat_map(|name| about(name)).collect();
    all.extend(names.iter().step_by(50).flat_map(|name| oddly(name)));
    all
}

fn names_of(shape: &Shape) -> Vec<String> {
    let base = format!("{}.{NAMESPACE}.svc.{ZONE}", shape.name);
    let mut names: Vec<String> = PREFIXES.iter().map(|prefix| format!("{prefix}.{base}")).collect();
    names.push(base.clone());
    let endpoints = shape.slices.iter().flat_map(|slice| slice["endpoints"].as_array().into_iter().flatten());
    let of_endpoints = endpoints.filter_map(|endpoint| endpoint["addresses"][0].as_str());
    // The first and the last few of many are as good as all.
    for address in of_endpoints.take(6) {
        let dashed = address.replace(['.', ':'], "-");
        let dashed = if dashed.ends_with('-') { dashed + "0" } else { dashed };
        names.push(format!("{dashed}.{base}"));
        names.push(format!("_http._tcp.{dashed}.{base}"));
        names.extend(reverse(address));
    }
    let of_service =
        shape.spec["clusterIPs"].as_array().cloned().unwrap_or_else(|| vec![shape.spec["clusterIP"].clone()]);
    names.extend(of_service.iter().filter_map(Value::as_str).filter_map(reverse));
    names
}

/// `1.0.0.10.in-addr.arpa` or 32 nibbles below `ip6.arpa`; nothing for `None`.
fn reverse(address: &str) -> Option<String> {
    let mut labels: Vec<String> = match address.parse().ok()? {
        IpAddr::V4(four) => four.octets().map(|byte| byte.to_string()).into(),
        IpAddr::V6(six) => {
            six.octets().iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|n| format!("{n:x}")).collect()
        }
    };
    labels.reverse();
    let suffix = if labels.len() == 4 { "in-addr.arpa" } else { "ip6.arpa" };
    Some(format!("{}.{suffix}", labels.join(".")))
}

fn about(name: &str) -> Vec<Asked> {
    let question = |name: &str, kind, edns| Question { name: name.to_owned(), kind, class: 1, edns };
    let mut all: Vec<Asked> = kinds().map(|kind| (question(name, kind, None), Transport::Udp)).collect();
    for kind in [1, 28, 33, 12] {
        all.push((question(name, kind, Some(EDNS_BYTES)), Transport::Udp));
        all.push((question(name, kind, None), Transport::Tcp));
        all.push((question(&mixed_case(name), kind, None), Transport::Udp));
    }
    all
}

/// Other classes, and types that nobody has.
fn oddly(name: &str) -> Vec<Asked> {
    let rows = [(1, 3), (1, 255), (33, 255), (255, 255), (65_280, 1), (251, 1), (252, 1), (0, 1)];
    rows.map(|(kind, class)| (Question { name: name.to_owned(), kind, class, edns: None }, Transport::Udp))
        .into()
}

/// As a resolver with 0x20 asks.
fn mixed_case(name: &str) -> String {
    let turned = |(index, character): (usize, char)| match index % 3 {
        0 => character.to_ascii_uppercase(),
        _ => character,
    };
    name.chars().enumerate().map(turned).collect()
}
