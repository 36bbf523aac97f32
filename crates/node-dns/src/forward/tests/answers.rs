//! Honest upstreams: over UDP, TCP and TLS; zones of their own; what the query looks like.

use std::collections::HashSet;
use std::sync::Arc;

use rustls_pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::TlsAcceptor;

use super::upstream::{Shape, code, shaped};
use super::*;

#[tokio::test]
async fn a_question_on_the_wire() {
    let upstream = Upstream::new(|query| vec![answer(query, 1)]).await;
    let forwarder = forwarder(".:53 {\nforward . {}\n}", &[&upstream]);
    for index in 0..20 {
        let reply = ask(&forwarder, &format!("a-rather-long-name-{index}.example.")).await;
        assert_eq!(reply.outcome.source, "forward");
        assert_eq!(records(&reply.message).len(), 1);
    }
    let received = upstream.received();
    let ports: HashSet<u16> = received.iter().map(|query| query.from.port()).collect();
    let ids: HashSet<u16> = received.iter().map(|query| query.message().header().id).collect();
    assert!(ports.len() > 15, "ports at random: {ports:?}");
    assert!(ids.len() > 15, "ids at random: {ids:?}");
    assert!(received.iter().any(|query| query.name() != query.lower()), "case at random");
    for query in &received {
        assert!(query.message().header().flags.has(Flags::RECURSION_DESIRED));
        let opt = query.message().records().next().unwrap().unwrap();
        assert_eq!((opt.record_type, opt.class.0), (RecordType::OPT, 1232));
    }
}

#[tokio::test]
async fn too_large_for_a_datagram() {
    let upstream = Upstream::new(|query| {
        if !query.tcp {
            return vec![shaped(query, &Shape { flags: Flags::TRUNCATED, ..Shape::default() })];
        }
        let addresses: Vec<[u8; 4]> = (0..200).map(|last| [192, 0, 2, last]).collect();
        vec![shaped(query, &Shape { addresses: &addresses, ..Shape::default() })]
    })
    .await;
    let forwarder = forwarder(".:53 {\nforward . {}\n}", &[&upstream]);
    let reply = ask(&forwarder, "large.example.").await;
    assert_eq!(records(&reply.message).len(), 200);
    assert_eq!(upstream.received().iter().map(|query| query.tcp).collect::<Vec<_>>(), [false, true]);
}

#[tokio::test]
async fn connections_are_used_again_and_may_be_gone() {
    // The third question on a connection finds it closed.
    let upstream = Upstream::new(|query| match query.lower().as_str() {
        "closed.example." => Vec::new(),
        _ => vec![answer(query, 1)],
    })
    .await;
    let forwarder = forwarder(
        ".:53 {\nforward . {} {\nforce_tcp\nmax_fails 0\nmax_connect_attempts 1\n}\n}",
        &[&upstream],
    );
    for name in ["a.example.", "b.example.", "closed.example.", "c.example.", "d.example."] {
        let reply = ask(&forwarder, name).await;
        let expected = if name == "closed.example." { Rcode::SERVFAIL } else { Rcode::NOERROR };
        assert_eq!(reply.outcome.rcode, expected, "{name}");
    }
    let ports: Vec<u16> = upstream.received().iter().map(|query| query.from.port()).collect();
    assert_eq!(ports[0], ports[1]);
    assert!(upstream.received().iter().all(|query| query.tcp));
    assert_eq!(ports.last(), ports.get(ports.len() - 2), "{ports:?}");
    assert_ne!(ports.first(), ports.last());
}

#[tokio::test]
async fn over_tls() {
    let key = rcgen::generate_simple_self_signed(vec!["dns.example".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("ca.pem");
    std::fs::write(&authority, key.cert.pem()).unwrap();
    let private = PrivatePkcs8KeyDer::from(key.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![key.cert.der().clone()], private.into())
        .unwrap();
    let tls = Some(TlsAcceptor::from(Arc::new(server)));
    let upstream = Upstream::with_tls(tls, |query| vec![answer(query, 9)]).await;
    let with_name = |name: &str| {
        let options = format!("tls {}\ntls_servername {name}\nmax_fails 0", authority.display());
        forwarder(&format!(".:53 {{\nforward . tls://{{}} {{\n{options}\n}}\n}}"), &[&upstream])
    };
    let good = with_name("dns.example");
    for name in ["a.example.", "b.example."] {
        assert_eq!(records(&ask(&good, name).await.message), [format!("{name} 192.0.2.9")]);
    }
    let ports: HashSet<u16> = upstream.received().iter().map(|query| query.from.port()).collect();
    assert_eq!(ports.len(), 1, "one connection");
    let reply = ask(&with_name("other.example"), "c.example.").await;
    assert_eq!((reply.outcome.rcode, error(&reply)), (Rcode::SERVFAIL, Some(EdeCode::NETWORK_ERROR)));
}

#[tokio::test]
async fn zones_of_their_own() {
    let (root, stub, deep) = (
        Upstream::new(|query| vec![answer(query, 1)]).await,
        Upstream::new(|query| vec![answer(query, 2)]).await,
        Upstream::new(|query| vec![answer(query, 3)]).await,
    );
    let forwarder = forwarder(
        ".:53 {\nforward . {} {\nexcept never.example\n}\nforward corp.example {}\n}\ndeep.corp.example:53 {\nforward . {}\n}",
        &[&root, &stub, &deep],
    );
    for (name, last) in [
        ("example.", "1"),
        ("acorp.example.", "1"),
        ("corp.example.", "2"),
        ("a.CORP.example.", "2"),
        ("deep.corp.example.", "3"),
        ("a.deep.corp.example.", "3"),
    ] {
        assert_eq!(records(&ask(&forwarder, name).await.message), [format!("{name} 192.0.2.{last}")]);
    }
    let reply = ask(&forwarder, "a.never.example.").await;
    assert_eq!((reply.outcome.rcode, error(&reply)), (Rcode::REFUSED, Some(EdeCode::NOT_AUTHORITATIVE)));
}

#[tokio::test]
async fn nobody_to_ask() {
    let reply = ask(&new(Settings::from_upstreams(&[])), "a.example.").await;
    assert_eq!(reply.outcome.rcode, Rcode::REFUSED);
    let reply = ask(&new(Settings::default()), "a.example.").await;
    assert_eq!(reply.outcome.rcode, Rcode::REFUSED);
}

#[tokio::test]
async fn rules_and_hosts() {
    let upstream = Upstream::new(|query| match query.lower().as_str() {
        "new.example." => vec![answer(query, 7)],
        _ => vec![code(query, Rcode::NXDOMAIN)],
    })
    .await;
    let forwarder = forwarder(
        ".:53 {\nrewrite name old.example new.example\ntemplate ANY HINFO . {\nrcode NXDOMAIN\n}\nany\n\
         hosts /does/not/exist {\n192.0.2.44 host.example\nfallthrough\n}\ncache\nforward . {}\n}",
        &[&upstream],
    );
    assert_eq!(records(&ask(&forwarder, "Old.example.").await.message), ["Old.example. 192.0.2.7"]);
    assert_eq!(records(&ask(&forwarder, "host.example.").await.message), ["host.example. 192.0.2.44"]);
    assert_eq!(at_once(&forwarder, "host.example.").unwrap().1.source, "hosts");
    assert!(at_once(&forwarder, "old.example.").is_none());
    assert_eq!(ask(&forwarder, "else.example.").await.outcome.rcode, Rcode::NXDOMAIN);
    let count = upstream.count();
    let hinfo = ask_type(&forwarder, "a.example.", RecordType::HINFO).await;
    assert_eq!((hinfo.outcome.rcode, hinfo.outcome.source), (Rcode::NXDOMAIN, "template"));
    let any = ask_type(&forwarder, "a.example.", RecordType::ANY).await;
    assert_eq!((any.outcome.rcode, records(&any.message).len()), (Rcode::NOERROR, 1));
    assert_eq!(upstream.count(), count, "asked nobody");
}

/// The cluster's zone: every name in it has one address.
struct Ours;

impl Cluster for Ours {
    fn answer(&self, query: &Query<'_>, out: &mut Vec<u8>) -> Option<Outcome> {
        let name = query.name();
        if !name.is_within(&Name::parse("cluster.local.").unwrap()) {
            return None;
        }
        let mut builder = Builder::reply(query, Flags::AUTHORITATIVE, Rcode::NOERROR, 65_535, None, out);
        let data = dns_message::Rdata::A([10, 0, 0, 1].into());
        builder.record(dns_message::Section::Answer, &name, Class::IN, 5, &data);
        builder.finish();
        Some(outcome(Rcode::NOERROR, "kubernetes", None))
    }
}

#[tokio::test]
async fn rules_that_lead_into_the_cluster() {
    let upstream = Upstream::new(|query| vec![answer(query, 1)]).await;
    let forwarder = forwarder(
        ".:53 {\nrewrite name suffix .corp.example .default.svc.cluster.local answer auto\nforward . {}\n}",
        &[&upstream],
    );
    forwarder.set_cluster(Arc::new(Ours));
    let reply = ask(&forwarder, "Web.corp.example.").await;
    assert_eq!(reply.outcome.source, "kubernetes");
    assert_eq!(records(&reply.message), ["Web.corp.example. 10.0.0.1"]);
    assert_eq!(upstream.count(), 0);
    for (name, wanted) in [("web.corp.example.", true), ("web.example.", false)] {
        let packet = packet(name, RecordType::A);
        let mut scratch = Scratch::default();
        assert_eq!(forwarder.wants(&gate(&packet, &mut scratch).unwrap()), wanted, "{name}");
    }
}
