//! What a zone of 10,000 services with 100,000 endpoints costs: `cargo run --release -p service-names --example zone-cost`.
//!
//! Prints the live heap (counted, so that no allocator's habits are in it) and the resident memory, the time from the items'
//! octets to the last name, the time of one changed slice, and nanoseconds and allocations of an answer, from the packet to
//! the last octet of the response: hits, names that do not exist as a search list makes them, and the rarer kinds.
#![expect(clippy::print_stdout, reason = "prints its measurement")]
#![expect(clippy::disallowed_methods, reason = "measures real time; nothing depends on it")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use dns_message::{Builder, Class, Flags, Name, Opt, RecordType, Scratch, gate};
use fanout::{Change, ItemKey, Topic};
use service_names::payload::{EndpointSliceItem, HostItem, Item, NamespaceItem, PortItem, ServiceItem};
use service_names::{Manner, Zone, ZoneConfig, topic};

const SERVICES: u32 = 10_000;
const ENDPOINTS_PER_SERVICE: u32 = 10;
const NAMESPACES: u32 = 100;
/// Every tenth service is headless, and every second one of those has hostnames, as a StatefulSet's has.
const HEADLESS_EVERY: u32 = 10;
const ROUNDS: usize = 20;
/// Slices of 100 endpoints, as the controller makes them.
const LARGE_SLICES: u32 = 50;

fn main() {
    let mut changes = Vec::new();
    items(&mut changes);
    let octets: usize =
        changes.iter().filter_map(|change| change.value.as_ref()).map(|value| value.len()).sum();
    let before = resident_bytes();
    let zone = Zone::new(ZoneConfig::kubeadm(name("cluster.local")));
    let mut load = Duration::ZERO;
    let counted = allocation_counter::measure(|| {
        let start = on_cpu();
        zone.apply(&changes, 1);
        load = on_cpu() - start;
    });
    let stats = zone.stats();
    println!("services                      {}", stats.services);
    println!("endpoints                     {}", stats.endpoints);
    println!("octets of the items           {octets}");
    println!("live heap, MB                 {:.1}", counted.bytes_current as f64 / 1e6);
    println!("highest heap of the load, MB  {:.1}", counted.bytes_max as f64 / 1e6);
    println!("resident, MB                  {:.1}", (resident_bytes() - before) as f64 / 1e6);
    println!("load, CPU ms                  {:.1}", load.as_secs_f64() * 1e3);

    let start = Instant::now();
    for round in 0..1_000 {
        zone.apply(&[slice_change(round * 7 % SERVICES, round)], 2);
    }
    println!("one slice changed, us         {:.1}", start.elapsed().as_secs_f64() * 1e3);

    zone.apply(&large_service(0), 3);
    let start = Instant::now();
    for round in 0..200 {
        zone.apply(&[large_slice(round % LARGE_SLICES, round / LARGE_SLICES)], 4);
    }
    println!("the same, of 5,000, us        {:.1}", start.elapsed().as_secs_f64() * 1e6 / 200.0);

    println!();
    println!("{:<34}{:>10}{:>14}", "question", "ns", "allocations");
    let each = |make: &dyn Fn(u32) -> String, record_type| -> Vec<Vec<u8>> {
        (0..SERVICES).map(|index| packet(&make(index * 7_919 % SERVICES), record_type, None)).collect()
    };
    let ns = |index: u32| index % NAMESPACES;
    let hit = |index: u32| format!("svc-{index}.ns-{}.svc.cluster.local", ns(index));
    answers(&zone, "A hit", &each(&hit, RecordType::A));
    let with_opt: Vec<Vec<u8>> = (0..SERVICES)
        .map(|index| packet(&hit(index * 7_919 % SERVICES), RecordType::A, Some(Opt::default())))
        .collect();
    answers(&zone, "A hit with EDNS", &with_opt);
    answers(&zone, "AAAA, no data", &each(&hit, RecordType::AAAA));
    let search = |index: u32| format!("www{index}.example.com.ns-{}.svc.cluster.local", ns(index));
    answers(&zone, "NXDOMAIN, first of a search list", &each(&search, RecordType::A));
    let search = |index: u32| format!("www{index}.example.com.svc.cluster.local");
    answers(&zone, "NXDOMAIN, second", &each(&search, RecordType::A));
    let search = |index: u32| format!("www{index}.example.com.cluster.local");
    answers(&zone, "NXDOMAIN, third", &each(&search, RecordType::A));
    let missing = |index: u32| format!("missing-{index}.ns-{}.svc.cluster.local", ns(index));
    answers(&zone, "NXDOMAIN, no such service", &each(&missing, RecordType::A));
    let outside = |index: u32| format!("www{index}.example.com");
    answers(&zone, "elsewhere", &each(&outside, RecordType::A));
    let headless = |index: u32| hit(index / HEADLESS_EVERY * HEADLESS_EVERY);
    answers(&zone, "A of 10 endpoints", &each(&headless, RecordType::A));
    let port = |index: u32| format!("_http._tcp.{}", hit(index));
    answers(&zone, "SRV", &each(&port, RecordType::SRV));
    let port = |index: u32| format!("_http._tcp.{}", headless(index));
    answers(&zone, "SRV of 10 endpoints", &each(&port, RecordType::SRV));
    let reverse = |index: u32| {
        let [_, b, c, d] = service_address(index);
        format!("{d}.{c}.{b}.10.in-addr.arpa")
    };
    answers(&zone, "PTR of a service", &each(&reverse, RecordType::PTR));
    let reverse = |index: u32| {
        let [_, b, c, d] = endpoint_address(index, 3);
        format!("{d}.{c}.{b}.10.in-addr.arpa")
    };
    answers(&zone, "PTR of an endpoint", &each(&reverse, RecordType::PTR));
}

/// The best of some rounds over all packets: what it costs when nobody else is on the core.
fn answers(zone: &Zone, what: &str, packets: &[Vec<u8>]) {
    let mut scratch = Scratch::default();
    let mut out = Vec::with_capacity(65_535);
    let mut best = Duration::MAX;
    let mut allocations = 0;
    for _ in 0..ROUNDS {
        let counted = allocation_counter::measure(|| {
            let start = Instant::now();
            for (rotation, packet) in packets.iter().enumerate() {
                out.clear();
                let query = gate(packet, &mut scratch).expect("a good query");
                let opt = query.edns.as_ref().map(Opt::in_reply_to);
                let limit_bytes = query.udp_limit(dns_message::UDP_BYTES_MAX);
                let manner = Manner { limit_bytes, rotation: rotation as u32, opt, stale: None };
                black_box(zone.answer(&query, &manner, &mut out));
                black_box(&out);
            }
            best = best.min(start.elapsed());
        });
        allocations = counted.count_total;
    }
    let nanoseconds = best.as_secs_f64() * 1e9 / packets.len() as f64;
    println!("{what:<34}{nanoseconds:>10.0}{:>14}", allocations as usize / packets.len());
}

fn packet(text: &str, record_type: RecordType, opt: Option<Opt<'_>>) -> Vec<u8> {
    let mut out = Vec::new();
    let flags = Flags(Flags::RECURSION_DESIRED);
    Builder::query(1, flags, &name(text), record_type, Class::IN, opt, &mut out).finish();
    out
}

fn items(changes: &mut Vec<Change>) {
    for index in 0..NAMESPACES {
        changes.push(set(topic::NAMESPACES, &format!("ns-{index}"), NamespaceItem {}.to_value()));
    }
    for index in 0..SERVICES {
        let headless = index.is_multiple_of(HEADLESS_EVERY);
        let v4 = if headless { Vec::new() } else { service_address(index).to_vec() };
        let item =
            ServiceItem { kind: headless.into(), v4: v4.into(), ports: ports(80), ..Default::default() };
        changes.push(set(topic::SERVICES, &key(index, ""), item.to_value()));
        changes.push(slice_change(index, 0));
    }
}

fn slice_change(index: u32, round: u32) -> Change {
    let addresses = (0..ENDPOINTS_PER_SERVICE).map(|nth| endpoint_address(index, nth + round % 2));
    let mut item =
        EndpointSliceItem { service: format!("svc-{index}"), ports: ports(8080), ..Default::default() };
    if index.is_multiple_of(2 * HEADLESS_EVERY) {
        let host = |(nth, address): (usize, [u8; 4])| HostItem {
            name: format!("svc-{index}-{nth}"),
            v4: address.to_vec().into(),
            ..Default::default()
        };
        item.hosts = addresses.enumerate().map(host).collect();
    } else {
        item.v4 = addresses.collect::<Vec<_>>().concat().into();
    }
    set(topic::ENDPOINT_SLICES, &key(index, "-abcde"), item.to_value())
}

/// A service of 5,000 endpoints.
fn large_service(round: u32) -> Vec<Change> {
    let item = ServiceItem { kind: 1, ..Default::default() };
    let service = set(topic::SERVICES, "ns-0/large", item.to_value());
    std::iter::once(service).chain((0..LARGE_SLICES).map(|nth| large_slice(nth, round))).collect()
}

/// One of its slices; one address changes from round to round.
fn large_slice(nth: u32, round: u32) -> Change {
    let address = |index: u32| (0x0a40_0000 + 128 * nth + index).to_be_bytes();
    let addresses: Vec<[u8; 4]> = (0..99).chain([100 + round % 20]).map(address).collect();
    let v4 = addresses.concat().into();
    let item = EndpointSliceItem { service: "large".into(), ports: ports(8080), v4, ..Default::default() };
    set(topic::ENDPOINT_SLICES, &format!("ns-0/large-{nth}"), item.to_value())
}

fn key(index: u32, suffix: &str) -> String {
    format!("ns-{}/svc-{index}{suffix}", index % NAMESPACES)
}

fn ports(port: u32) -> Vec<PortItem> {
    let one = |name: &str, port| PortItem { name: name.into(), protocol: 0, port };
    vec![one("http", port), one("metrics", 9090)]
}

/// 10.96.0.0/12, as most clusters have it.
fn service_address(index: u32) -> [u8; 4] {
    (0x0a60_0000 + index + 1).to_be_bytes()
}

/// 10.128.0.0/9.
fn endpoint_address(service: u32, nth: u32) -> [u8; 4] {
    (0x0a80_0000 + service * (ENDPOINTS_PER_SERVICE + 1) + nth).to_be_bytes()
}

fn set(of: Topic, key: &str, value: bytes::Bytes) -> Change {
    Change { item: ItemKey::new(of, key.as_bytes()), value: Some(value) }
}

fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

/// Time that this thread has had on a core: what others do on the machine is not in it. Good to a tick, 4 ms.
fn on_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or_default();
    Duration::from_nanos(nanoseconds)
}

fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize = status.split(' ').nth(1).and_then(|text| text.parse().ok()).unwrap_or_default();
    pages * 4096
}
