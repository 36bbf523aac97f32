//! Queries in, responses out, without a socket.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

use dns_message::{Builder, Flags, Header, Message, Name, Opt, Rdata, Section};
use environment::ManualClock;
use futures::FutureExt;
use futures::future::BoxFuture;

use service_names::ZoneConfig;

use super::elsewhere::{Outcome, Reply};
use super::knowledge::Origin;
use super::*;

/// Answers names below `at-once.` with an address at once, all others later; below `broken.` with octets that are none.
pub(crate) struct Stub;

impl Elsewhere for Stub {
    fn at_once(&self, query: &Query<'_>, _: Duration, out: &mut Vec<u8>) -> Option<Outcome> {
        let name = query.name().to_string();
        name.ends_with("at-once.").then(|| reply(query, out))
    }

    fn ask(self: Arc<Self>, query: Vec<u8>, _: SocketAddr) -> BoxFuture<'static, Reply> {
        async move {
            let mut scratch = Scratch::default();
            let query = gate(&query, &mut scratch).unwrap();
            let mut message = Vec::new();
            let outcome = reply(&query, &mut message);
            Reply { message, outcome }
        }
        .boxed()
    }
}

fn reply(query: &Query<'_>, out: &mut Vec<u8>) -> Outcome {
    if query.name().to_string().ends_with("broken.") {
        out.extend_from_slice(b"nonsense");
    } else {
        let mut builder = Builder::reply(
            query,
            Flags::RECURSION_AVAILABLE,
            Rcode::NOERROR,
            dns_message::MESSAGE_BYTES_MAX,
            None,
            out,
        );
        // "many": more than fits into a datagram.
        let many = if query.name().to_string().starts_with("many.") { 200 } else { 1 };
        for last in 0..many {
            let address = Rdata::A(Ipv4Addr::new(192, 0, 2, last));
            builder.record(Section::Answer, &query.name(), Class::IN, 30, &address);
        }
        builder.finish();
    }
    let error = Some((EdeCode::STALE_ANSWER, Cow::Borrowed("old")));
    Outcome { rcode: Rcode::NOERROR, source: "hosts", stale: true, error }
}

impl Knowledge for Freshness {
    fn freshness(&self) -> Freshness {
        *self
    }
}

pub(crate) fn shared() -> Arc<Shared> {
    shared_with(Freshness { origin: Origin::Live, age: Some(Duration::ZERO) })
}

fn shared_with(freshness: Freshness) -> Arc<Shared> {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
    let zone = Zone::new(ZoneConfig::kubeadm(Name::parse("cluster.local").unwrap()));
    Arc::new(Shared {
        clock,
        metrics: Metrics::default(),
        zone: Arc::new(zone),
        knowledge: Arc::new(freshness),
        fresh_for: Duration::from_secs(60),
        elsewhere: Arc::new(Stub),
        rules_first: false,
        rate_limit: None,
        cookie_secret: [7; 16],
        udp_bytes_max: dns_message::UDP_BYTES_MAX,
        rotate: true,
        search: Search::new(&[Name::parse("corp.example").unwrap()], &Name::parse("cluster.local").unwrap()),
        autopath: None,
        observers: None,
    })
}

pub(crate) fn query(id: u16, name: &str, opt: Option<Opt<'_>>) -> Vec<u8> {
    let mut out = Vec::new();
    let name = Name::parse(name).unwrap();
    let flags = Flags(Flags::RECURSION_DESIRED);
    Builder::query(id, flags, &name, RecordType::A, Class::IN, opt, &mut out).finish();
    out
}

fn client() -> SocketAddr {
    (IpAddr::from(Ipv4Addr::LOCALHOST), 4_000).into()
}

/// The result, TC, the number of answers and the extended error of the answer to `packet`, or why there is none.
fn check(packet: &[u8], protocol: Protocol, expected: &str) {
    check_with(shared(), packet, protocol, expected);
}

fn check_with(shared: Arc<Shared>, packet: &[u8], protocol: Protocol, expected: &str) {
    let mut pipeline = Pipeline::new(shared);
    let mut out = Vec::new();
    pipeline.begin();
    let found = match pipeline.answer(packet, client(), protocol, &mut out) {
        Verdict::Silence => "silence".to_owned(),
        Verdict::Ask => "ask".to_owned(),
        Verdict::Done(answered) => {
            assert_eq!(answered.bytes, (packet.len(), out.len()));
            summary(&out)
        }
    };
    assert_eq!(found, expected);
}

fn summary(message: &[u8]) -> String {
    let header = Header::read(message).unwrap();
    let mut text = format!("{} {}", header.flags.rcode(), header.counts[1]);
    if header.flags.has(Flags::TRUNCATED) {
        text += " TC";
    }
    let Ok(parsed) = Message::parse(message) else { return text };
    for record in parsed.records().flatten().filter(|record| record.record_type == RecordType::OPT) {
        text += " OPT";
        for (code, extra) in record.extended_errors() {
            text += &format!(" {}={extra}", code.0);
        }
    }
    text
}

#[test]
fn each_query_gets_what_it_asked_for_the_way_it_asked() {
    let edns = Some(Opt::default());
    check(&query(1, "a.at-once", None), Protocol::Udp, "NOERROR 1");
    check(&query(1, "a.at-once", edns), Protocol::Udp, "NOERROR 1 OPT 3=old");
    check(&query(1, "a.later", edns), Protocol::Udp, "ask");
    check(&query(1, "many.at-once", None), Protocol::Udp, "NOERROR 30 TC");
    check(&query(1, "many.at-once", None), Protocol::Tcp, "NOERROR 200");
    check(&query(1, "many.at-once", edns), Protocol::Tcp, "NOERROR 200 OPT 3=old");
    check(&query(1, "broken.at-once", None), Protocol::Udp, "NOERROR 1");
}

#[test]
fn what_is_not_served_is_refused() {
    let with = |change: fn(&mut Vec<u8>)| {
        let mut packet = query(1, "a.at-once", None);
        change(&mut packet);
        packet
    };
    // Class CHAOS.
    check(&with(|packet| *packet.last_mut().unwrap() = 3), Protocol::Udp, "REFUSED 0");
    // AXFR.
    check(
        &with(|packet| {
            let at = packet.len() - 3;
            packet[at] = 252
        }),
        Protocol::Tcp,
        "REFUSED 0",
    );
    // A response.
    check(&with(|packet| packet[2] |= 0x80), Protocol::Udp, "silence");
    // UPDATE.
    check(&with(|packet| packet[2] |= 5 << 3), Protocol::Udp, "NOTIMP 0");
    check(&with(|packet| packet.truncate(20)), Protocol::Udp, "FORMERR 0");
    check(&with(|packet| packet.truncate(11)), Protocol::Udp, "silence");
    check(&[], Protocol::Udp, "silence");
}

#[tokio::test]
async fn what_is_asked_elsewhere_comes_back_ready() {
    let shared = shared();
    let tally = shared.metrics.tally("dns://x", Protocol::Udp, false, crate::metrics::Writers::Many);
    for (name, protocol, expected) in [
        ("a.later", Protocol::Udp, "NOERROR 1 OPT 3=old"),
        ("many.later", Protocol::Tcp, "NOERROR 200 OPT 3=old"),
        ("a.broken", Protocol::Udp, "SERVFAIL 0 OPT 24=the response was broken"),
    ] {
        let asked = query(9, name, Some(Opt::default()));
        let answer = shared.clone().ask(asked, client(), protocol, tally.clone()).await;
        assert_eq!(summary(&answer), expected, "{name}");
        assert_eq!(Header::read(&answer).unwrap().id, 9);
    }
    assert_eq!(shared.metrics.pending.get(), 0);
}

#[test]
fn a_client_beyond_its_rate_hears_nothing() {
    let shared = shared();
    let shared = Arc::new(Shared {
        rate_limit: Some(RateLimit::new(2, 1)),
        clock: shared.clock.clone(),
        metrics: shared.metrics.clone(),
        zone: shared.zone.clone(),
        knowledge: shared.knowledge.clone(),
        fresh_for: shared.fresh_for,
        elsewhere: shared.elsewhere.clone(),
        cookie_secret: shared.cookie_secret,
        udp_bytes_max: shared.udp_bytes_max,
        rules_first: false,
        rotate: true,
        search: None,
        autopath: None,
        observers: None,
    });
    let mut pipeline = Pipeline::new(shared.clone());
    let packet = query(1, "a.at-once", None);
    let mut answers = 0;
    for _ in 0..5 {
        let mut out = Vec::new();
        let verdict = pipeline.answer(&packet, client(), Protocol::Udp, &mut out);
        answers += usize::from(matches!(verdict, Verdict::Done(_)));
    }
    assert_eq!((answers, shared.metrics.limited.get()), (2, 3));
}

#[test]
fn the_zone_says_how_old_it_is() {
    let packet = query(1, "no.default.svc.cluster.local", Some(Opt::default()));
    let check = |origin, age: u64, expected| {
        let freshness = Freshness { origin, age: Some(Duration::from_secs(age)) };
        check_with(shared_with(freshness), &packet, Protocol::Udp, expected);
    };
    check(Origin::Live, 0, "NXDOMAIN 0 OPT");
    check(Origin::Hub, 60, "NXDOMAIN 0 OPT");
    check(Origin::Disk, 734, "NXDOMAIN 0 OPT 19=age=734s source=disk");
    check(Origin::Nothing, 0, "SERVFAIL 0 OPT 14=nothing is known of the cluster yet");
}

#[test]
fn names_elsewhere_do_not_wait_for_the_zone() {
    let nothing = shared_with(Freshness { origin: Origin::Nothing, age: None });
    check_with(nothing.clone(), &query(1, "a.at-once", None), Protocol::Udp, "NOERROR 1");
    check_with(nothing, &query(1, "1.2.0.192.in-addr.arpa", None), Protocol::Udp, "ask");
}

#[test]
fn what_a_search_list_made_asks_nobody() {
    let check = |name: &str, expected| check(&query(1, name, Some(Opt::default())), Protocol::Udp, expected);
    let refused = "NXDOMAIN 0 OPT 17=made by a search list";
    check("kubernetes.default.svc.cluster.local.corp.example", refused);
    check("WEB.default.SVC.Corp.Example", refused);
    check("www.corp.example", "ask");
    check("svc.corp.example", "ask");
    check("cluster.local.corp.example", "ask");
    check("a.xsvc.corp.example", "ask");
    check("a.svc.xcorp.example", "ask");
}

/// Octets of a query changed, cut and appended at random: no panic, no answer to a response, no amplification.
#[test]
fn garbage() {
    const PACKETS: u32 = 20_000;
    let entropy = environment::SeededEntropy::new(8906);
    let random = |below: usize| (environment::Entropy::next_u64(&entropy) % below as u64) as usize;
    let mut pipeline = Pipeline::new(shared());
    pipeline.begin();
    let names =
        ["kubernetes.default.svc.cluster.local", "a.at-once", "many.at-once", "1.0.96.10.in-addr.arpa", "."];
    for _ in 0..PACKETS {
        let edns = (random(2) == 0).then(Opt::default);
        let mut packet = query(random(65_536) as u16, names[random(names.len())], edns);
        for _ in 0..random(6) {
            let at = random(packet.len());
            packet[at] = random(256) as u8;
        }
        match random(4) {
            0 => packet.truncate(random(packet.len())),
            1 => packet.extend((0..random(64)).map(|_| random(256) as u8)),
            _ => {}
        }
        for protocol in [Protocol::Udp, Protocol::Tcp] {
            let mut out = Vec::new();
            let Verdict::Done(answered) = pipeline.answer(&packet, client(), protocol, &mut out) else {
                continue;
            };
            let (asked, answer) = (Header::read(&packet).unwrap(), Header::read(&out).unwrap());
            assert!(!asked.flags.has(Flags::RESPONSE) && answer.flags.has(Flags::RESPONSE), "{packet:?}");
            assert_eq!(asked.id, answer.id);
            if answered.zone == ZoneLabel::Dropped {
                assert!(out.len() <= packet.len() + 11, "{packet:?}");
            }
            assert!(protocol == Protocol::Tcp || out.len() <= dns_message::UDP_BYTES_MAX, "{}", out.len());
        }
    }
}

/// The zone with a pod at `address` in the namespace `default`, and searches completed for it.
fn shared_with_pod(address: [u8; 4]) -> Arc<Shared> {
    use bytes::Bytes;
    use fanout::{Change, ItemKey};
    use service_names::payload::{Item as _, NamespaceItem, PodAddressItem};
    use service_names::{PodRecords, topic};

    let zone = Name::parse("cluster.local").unwrap();
    let mut settings = ZoneConfig::kubeadm(zone.clone());
    settings.pods = PodRecords::Verified;
    let names = Zone::new(settings);
    let pod = PodAddressItem { v4: Bytes::copy_from_slice(&address), v6: Bytes::new() };
    let changes = [
        (ItemKey::new(topic::NAMESPACES, b"default"), NamespaceItem {}.to_value()),
        (ItemKey::new(topic::POD_ADDRESSES, b"default/pod"), pod.to_value()),
    ];
    let changes = changes.map(|(item, value)| Change { item, value: Some(value) });
    names.apply(&changes, 1);
    let mut shared = Arc::try_unwrap(shared()).ok().unwrap();
    shared.zone = Arc::new(names);
    shared.autopath = Some(Autopath::new(&zone, &[Name::parse("corp.example").unwrap()]));
    Arc::new(shared)
}

#[tokio::test]
async fn a_pods_search_list_is_walked_at_its_first_step() {
    let pod = || shared_with_pod([127, 0, 0, 1]);
    let first = "a.later.default.svc.cluster.local";
    // Another client, another namespace, another type of question: as without.
    check_with(shared_with_pod([127, 0, 0, 2]), &query(1, first, None), Protocol::Udp, "NXDOMAIN 0");
    check_with(pod(), &query(1, "a.later.other.svc.cluster.local", None), Protocol::Udp, "NXDOMAIN 0");
    check_with(pod(), &query(1, "default.svc.cluster.local", None), Protocol::Udp, "NOERROR 0");
    check_with(pod(), &query(1, first, None), Protocol::Udp, "ask");

    // The stub answers everything outside: the first step that leaves the cluster exists.
    let shared = pod();
    let tally = shared.metrics.tally("dns://x", Protocol::Udp, false, crate::metrics::Writers::Many);
    let answer = shared.clone().ask(query(1, first, None), client(), Protocol::Udp, tally).await;
    assert_eq!(summary(&answer), "NOERROR 2");
    let alias = Message::parse(&answer).unwrap().records().next().unwrap().unwrap();
    assert_eq!(alias.target().unwrap().to_name(), Name::parse("a.later.corp.example").unwrap());
    assert_eq!(shared.metrics.autopath.get(), 1);
}
