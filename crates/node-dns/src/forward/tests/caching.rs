//! The cache before the upstreams.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::upstream::{Shape, code, shaped};
use super::*;

#[tokio::test]
async fn asked_once() {
    let upstream = Upstream::new(|query| match query.lower().as_str() {
        "gone.example." => vec![shaped(
            query,
            &Shape { rcode: Rcode::NXDOMAIN, addresses: &[], soa_minimum: Some(60), ..Shape::default() },
        )],
        _ => vec![answer(query, 1)],
    })
    .await;
    let forwarder = forwarder(".:53 {\ncache\nforward . {}\n}", &[&upstream]);
    assert!(at_once(&forwarder, "a.example.").is_none());
    ask(&forwarder, "a.example.").await;
    let (message, outcome) = at_once(&forwarder, "A.example.").unwrap();
    assert_eq!((outcome.source, outcome.stale), ("cache", false));
    assert_eq!(records(&message), ["A.example. 192.0.2.1"]);
    assert_eq!(ask(&forwarder, "a.EXAMPLE.").await.outcome.source, "cache");
    // NXDOMAIN is about all types of the name.
    assert_eq!(ask(&forwarder, "gone.example.").await.outcome.rcode, Rcode::NXDOMAIN);
    let other = ask_type(&forwarder, "gone.example.", RecordType::TXT).await;
    assert_eq!((other.outcome.rcode, other.outcome.source), (Rcode::NXDOMAIN, "cache"));
    assert_eq!(upstream.count(), 2);
}

#[tokio::test]
async fn many_who_ask_at_once() {
    let upstream = Upstream::new(|query| vec![answer(query, 1)]).await;
    let forwarder = forwarder(".:53 {\ncache\nforward . {}\n}", &[&upstream]);
    let replies = futures::future::join_all((0..100).map(|_| ask(&forwarder, "a.example."))).await;
    assert!(replies.iter().all(|reply| reply.outcome.rcode == Rcode::NOERROR));
    assert_eq!(upstream.count(), 1);
    // Of an answer that may not be kept, each who waited gets a copy all the same.
    let bare = Upstream::new(|query| vec![code(query, Rcode::NXDOMAIN)]).await;
    let second = super::forwarder(".:53 {\ncache\nforward . {}\n}", &[&bare]);
    let replies = futures::future::join_all((0..10).map(|_| ask(&second, "a.example."))).await;
    assert!(replies.iter().all(|reply| reply.outcome.rcode == Rcode::NXDOMAIN));
    assert_eq!(bare.count(), 1);
}

/// An upstream that can be switched off, whose answers are good for no time at all.
async fn switched() -> (Upstream, Arc<AtomicBool>) {
    let well = Arc::new(AtomicBool::new(true));
    let switch = Arc::clone(&well);
    let upstream = Upstream::new(move |query| match switch.load(Ordering::Relaxed) {
        true => vec![shaped(query, &Shape { ttl: 0, ..Shape::default() })],
        false => Vec::new(),
    })
    .await;
    (upstream, well)
}

const STALE: &str = "success 1024 60 0\nservfail 0\nserve_stale 1h verify 30ms 30s 30s";

#[tokio::test]
async fn stale_while_the_upstream_is_silent() {
    let (upstream, well) = switched().await;
    let text = format!(".:53 {{\ncache {{\n{STALE}\n}}\nforward . {{}} {{\nread_timeout 200ms\n}}\n}}");
    let forwarder = forwarder(&text, &[&upstream]);
    assert!(!ask(&forwarder, "a.example.").await.outcome.stale);
    well.store(false, Ordering::Relaxed);
    let reply = ask(&forwarder, "a.example.").await;
    assert_eq!((reply.outcome.rcode, reply.outcome.stale), (Rcode::NOERROR, true));
    assert_eq!(error(&reply), Some(EdeCode::STALE_ANSWER));
    let ttl = Message::parse(&reply.message).unwrap().records().next().unwrap().unwrap().ttl;
    assert_eq!(ttl, 30);
    // Once the fetch has failed, the upstream is left alone for a while, and nobody waits.
    while at_once(&forwarder, "a.example.").is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let before = upstream.received().len();
    for _ in 0..20 {
        assert!(ask(&forwarder, "a.example.").await.outcome.stale);
    }
    assert_eq!(upstream.received().len(), before);
    // A name that nobody knows fails.
    assert_eq!(ask(&forwarder, "b.example.").await.outcome.rcode, Rcode::SERVFAIL);
}

#[tokio::test]
async fn a_failure_never_replaces_an_answer() {
    let well = Arc::new(AtomicBool::new(true));
    let switch = Arc::clone(&well);
    let upstream = Upstream::new(move |query| match switch.load(Ordering::Relaxed) {
        true => vec![shaped(query, &Shape { ttl: 0, ..Shape::default() })],
        false => vec![code(query, Rcode::SERVFAIL)],
    })
    .await;
    let text = format!(".:53 {{\ncache {{\n{STALE}\n}}\nforward . {{}} {{\nmax_fails 0\n}}\n}}");
    let forwarder = forwarder(&text, &[&upstream]);
    ask(&forwarder, "a.example.").await;
    well.store(false, Ordering::Relaxed);
    for _ in 0..3 {
        let reply = ask(&forwarder, "a.example.").await;
        assert_eq!((reply.outcome.rcode, reply.outcome.stale), (Rcode::NOERROR, true));
    }
    assert_eq!(upstream.count(), 2, "the recheck timer");
}

#[tokio::test]
async fn parts_that_are_switched_off() {
    let upstream = Upstream::new(|query| match query.lower().as_str() {
        "gone.off.example." => vec![shaped(
            query,
            &Shape { rcode: Rcode::NXDOMAIN, addresses: &[], soa_minimum: Some(60), ..Shape::default() },
        )],
        _ => vec![answer(query, 1)],
    })
    .await;
    let forwarder =
        forwarder(".:53 {\ncache {\ndisable success off.example\n}\nforward . {}\n}", &[&upstream]);
    for name in ["a.off.example.", "gone.off.example.", "a.example."] {
        for _ in 0..3 {
            ask(&forwarder, name).await;
        }
    }
    assert_eq!(upstream.count(), 3 + 1 + 1);
}
