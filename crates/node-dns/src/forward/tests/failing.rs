//! Upstreams that are silent, broken or unwilling, and upstreams that lead back to us.

use std::time::Duration;

use super::upstream::{Shape, code, shaped};
use super::*;

const QUICK: &str = "read_timeout 150ms\nhealth_check 10ms\npolicy sequential";

#[tokio::test]
async fn the_next_is_asked() {
    let silent = Upstream::new(|_| Vec::new()).await;
    let good = Upstream::new(|query| vec![answer(query, 2)]).await;
    let forwarder =
        forwarder(&format!(".:53 {{\nforward . {{}} {{}} {{\n{QUICK}\n}}\n}}"), &[&silent, &good]);
    assert_eq!(records(&ask(&forwarder, "a.example.").await.message), ["a.example. 192.0.2.2"]);
    // Two checks fail, and it is asked no more.
    until(|| silent.count() >= 4).await;
    let before = silent.received().len();
    for index in 0..5 {
        let name = format!("n{index}.example.");
        assert_eq!(records(&ask(&forwarder, &name).await.message), [format!("{name} 192.0.2.2")]);
    }
    assert_eq!(silent.received().len(), before);
}

#[tokio::test]
async fn servfail_is_not_health() {
    // Answers one name well and checks with SERVFAIL; a name without answer starts the checks.
    let sick = Upstream::new(|query| match query.message().question().unwrap().record_type {
        RecordType::NS => vec![code(query, Rcode::SERVFAIL)],
        _ => vec![code(query, Rcode::REFUSED)],
    })
    .await;
    let good = Upstream::new(|query| vec![answer(query, 2)]).await;
    let forwarder = forwarder(
        &format!(".:53 {{\nforward . {{}} {{}} {{\n{QUICK}\nfailover REFUSED\n}}\n}}"),
        &[&sick, &good],
    );
    assert_eq!(ask(&forwarder, "a.example.").await.outcome.rcode, Rcode::NOERROR);
    until(|| sick.count() >= 4).await;
    let before = sick.received().len();
    assert_eq!(ask(&forwarder, "b.example.").await.outcome.rcode, Rcode::NOERROR);
    assert_eq!(sick.received().len(), before, "down, although it answers");
}

#[tokio::test]
async fn an_upstream_that_comes_back() {
    let well = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let switch = Arc::clone(&well);
    let first = Upstream::new(move |query| match switch.load(std::sync::atomic::Ordering::Relaxed) {
        true => vec![answer(query, 1)],
        false => Vec::new(),
    })
    .await;
    let second = Upstream::new(|query| vec![answer(query, 2)]).await;
    let forwarder =
        forwarder(&format!(".:53 {{\nforward . {{}} {{}} {{\n{QUICK}\n}}\n}}"), &[&first, &second]);
    assert_eq!(records(&ask(&forwarder, "a.example.").await.message), ["a.example. 192.0.2.2"]);
    until(|| first.count() >= 4).await;
    well.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut index = 0;
    loop {
        index += 1;
        let name = format!("n{index}.example.");
        if records(&ask(&forwarder, &name).await.message) == [format!("{name} 192.0.2.1")] {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn nobody_answers() {
    let silent = Upstream::new(|_| Vec::new()).await;
    let forwarder = forwarder(&format!(".:53 {{\nforward . {{}} {{\n{QUICK}\n}}\n}}"), &[&silent]);
    let reply = ask(&forwarder, "a.example.").await;
    assert_eq!((reply.outcome.rcode, error(&reply)), (Rcode::SERVFAIL, Some(EdeCode::NETWORK_ERROR)));
    assert!(silent.received().len() <= 2, "two attempts at one upstream");
    // A port where nobody listens: refused at once.
    let address = silent.address;
    drop(silent);
    let text = format!(".:53 {{\nforward . {address} {{\n{QUICK}\nfailfast_all_unhealthy_upstreams\n}}\n}}");
    let dead = super::forwarder(&text, &[]);
    for _ in 0..50 {
        let reply = ask(&dead, "a.example.").await;
        assert_eq!(reply.outcome.rcode, Rcode::SERVFAIL);
        if error(&reply) == Some(EdeCode::NO_REACHABLE_AUTHORITY) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never taken for down");
}

#[tokio::test]
async fn errors_are_passed_on_with_their_reasons() {
    let upstream = Upstream::new(|query| {
        let opt = Opt { error: Some((EdeCode(6), "bogus")), ..Opt::default() };
        vec![shaped(
            query,
            &Shape { rcode: Rcode::SERVFAIL, addresses: &[], opt: Some(opt), ..Shape::default() },
        )]
    })
    .await;
    for cache in ["", "cache"] {
        let forwarder =
            forwarder(&format!(".:53 {{\n{cache}\nforward . {{}} {{\nmax_fails 0\n}}\n}}"), &[&upstream]);
        let before = upstream.count();
        for _ in 0..3 {
            let reply = ask(&forwarder, "a.example.").await;
            let found = reply.outcome.error.as_ref().map(|(code, text)| (code.0, text.to_string()));
            assert_eq!((reply.outcome.rcode, found), (Rcode::SERVFAIL, Some((6, "bogus".to_owned()))));
        }
        // Remembered for a moment (RFC 9520) where there is a cache.
        assert_eq!(upstream.count() - before, if cache.is_empty() { 3 } else { 1 });
    }
}

#[tokio::test]
async fn an_upstream_without_edns() {
    let old = Upstream::new(|query| {
        let edns = query.message().records().count() > 0;
        let shape = Shape { opt: None, ..Shape::default() };
        vec![if edns {
            shaped(query, &Shape { rcode: Rcode::FORMERR, addresses: &[], ..shape })
        } else {
            shaped(query, &shape)
        }]
    })
    .await;
    let forwarder = forwarder(".:53 {\nforward . {}\n}", &[&old]);
    assert_eq!(records(&ask(&forwarder, "a.example.").await.message), ["a.example. 192.0.2.1"]);
}

#[tokio::test]
async fn failover() {
    let first = Upstream::new(|query| vec![code(query, Rcode::SERVFAIL)]).await;
    let second = Upstream::new(|query| vec![code(query, Rcode::NXDOMAIN)]).await;
    let text = |option: &str| {
        format!(".:53 {{\nforward . {{}} {{}} {{\npolicy sequential\nmax_fails 0\n{option}\n}}\n}}")
    };
    let with = forwarder(&text("failover SERVFAIL"), &[&first, &second]);
    assert_eq!(ask(&with, "a.example.").await.outcome.rcode, Rcode::NXDOMAIN);
    let all = forwarder(&text("failover SERVFAIL NXDOMAIN"), &[&first, &second]);
    assert_eq!(ask(&all, "a.example.").await.outcome.rcode, Rcode::NXDOMAIN, "the last one's word");
    let without = forwarder(&text(""), &[&first, &second]);
    assert_eq!(ask(&without, "a.example.").await.outcome.rcode, Rcode::SERVFAIL);
}

#[tokio::test]
async fn too_many_at_once() {
    let upstream = Upstream::new(|_| Vec::new()).await;
    let text = format!(".:53 {{\nforward . {{}} {{\n{QUICK}\nmax_concurrent 2\n}}\n}}");
    let forwarder = forwarder(&text, &[&upstream]);
    let names: Vec<String> = (0..5).map(|index| format!("n{index}.example.")).collect();
    let replies = futures::future::join_all(names.iter().map(|name| ask(&forwarder, name))).await;
    let refused = replies.iter().filter(|reply| reply.outcome.rcode == Rcode::REFUSED).count();
    assert_eq!(refused, 3);
    // The refusal was ours: it is not remembered as a failure of the name.
    let text = text.replace("forward", "cache\nforward").replace("max_concurrent 2", "max_concurrent 1");
    let cached = super::forwarder(&text, &[&upstream]);
    let (_, second) = futures::future::join(ask(&cached, "a.example."), ask(&cached, "b.example.")).await;
    assert_eq!(second.outcome.rcode, Rcode::REFUSED);
    assert!(at_once(&cached, "b.example.").is_none());
}

#[tokio::test]
async fn loops() {
    let upstream = Upstream::new(|query| vec![code(query, Rcode::NXDOMAIN)]).await;
    let fine = forwarder(".:53 {\nloop\nforward . {}\n}", &[&upstream]);
    assert_eq!(fine.find_loop(&["127.0.0.1:1".parse().unwrap()]).await, Ok(()));
    let ours = [upstream.address];
    assert_eq!(fine.find_loop(&ours).await, Err(LoopError::Ourselves(upstream.address)));
    let everywhere = [SocketAddr::from(([0, 0, 0, 0], upstream.address.port()))];
    assert_eq!(fine.find_loop(&everywhere).await, Err(LoopError::Ourselves(upstream.address)));

    // An upstream that hands everything on to the forwarder that asked it.
    let back: Arc<OnceLock<Arc<Forwarder>>> = Arc::default();
    let way = Arc::clone(&back);
    let around = Upstream::new(move |query| {
        if let Some(forwarder) = way.get() {
            let ask = Arc::clone(forwarder).ask(query.bytes.clone(), query.from);
            drop(environment::spawn("around", ask));
        }
        // Late enough for the question to have come back.
        vec![code(query, Rcode::SERVFAIL)]
    })
    .await;
    let looping = forwarder(".:53 {\nloop\nforward . {} {\nread_timeout 1s\n}\n}", &[&around]);
    assert!(back.set(Arc::clone(&looping)).is_ok());
    let found = looping.find_loop(&[]).await;
    assert!(matches!(found, Err(LoopError::Around { .. })), "{found:?}");
}

async fn until(mut condition: impl FnMut() -> bool) {
    while !condition() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
