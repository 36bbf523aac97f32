//! Known workloads, and the classes that follow from their requests.

use super::*;
use crate::class::{Actor, Confidence, RequestClass, RetryLaw, Returns, Trigger, Verb};
use crate::observation::Ending;

fn seen(instance: &str, at: f64, uri: &str) -> Observation {
    Observation {
        at_seconds: at,
        took_seconds: 0.1,
        instance: instance.to_owned(),
        user: Some("system:serviceaccount:monitoring:telemetry".to_owned()),
        user_agent: None,
        method: "GET".to_owned(),
        uri: uri.to_owned(),
        accept: Some("application/json".to_owned()),
        gzip: Some(false),
        status: Some(200),
        retry_after_seconds: None,
        request_bytes: None,
        response_bytes: Some(50_000),
        wire_bytes: Some(50_000),
        objects: Some(10),
        events: None,
        ending: Ending::Complete,
    }
}

fn profile(observations: &[Observation]) -> Profile {
    let mut collector = Collector::new(Source::Proxy);
    for observation in observations {
        collector.take(observation);
    }
    let facts = Facts {
        objects: BTreeMap::from([("pods".to_owned(), 100)]),
        cluster_nodes: Some(3),
        ..Facts::default()
    };
    collector.finish(facts).expect("a profile")
}

fn only(observations: &[Observation]) -> RequestClass {
    let mut profile = profile(observations);
    assert_eq!(profile.requests.len(), 1, "{:?}", profile.requests);
    profile.requests.remove(0)
}

/// Fractions that look random and are the same each time.
fn noise(number: u32) -> f64 {
    f64::from(number.wrapping_mul(2_654_435_761) >> 8) / f64::from(1u32 << 24)
}

#[test]
fn every_node_lists_all_pods_every_minute() {
    let nodes = ["a", "b", "c"].into_iter().enumerate();
    let requests: Vec<Observation> = nodes
        .flat_map(|(node, name)| {
            (0..15u32).map(move |turn| {
                seen(name, 0.01 * node as f64 + f64::from(turn) * 60.0, "/api/v1/pods?resourceVersion=0")
            })
        })
        .collect();
    let class = only(&requests);
    assert_eq!(
        (class.id.as_str(), class.on, class.actor, class.returns),
        ("list-pods", Trigger::Period, Actor::Node, Returns::All)
    );
    assert_eq!(class.every.map(|every| every.to_string()).as_deref(), Some("1m"));
    assert_eq!(class.jitter.map(|jitter| jitter.as_seconds()), Some(0.0));
    assert_eq!(class.confidence.get("every"), Some(&Confidence::High));
    let profile = profile(&requests);
    assert_eq!(profile.workload.namespace.as_deref(), Some("monitoring"));
    assert_eq!(profile.recorded.instances, Some(3));
}

#[test]
fn a_jittered_period_is_one() {
    let requests: Vec<Observation> = (0..40u32)
        .map(|turn| seen("a", f64::from(turn) * 30.0 + 8.0 * noise(turn), "/api/v1/nodes"))
        .collect();
    let class = only(&requests);
    assert_eq!(class.on, Trigger::Period);
    let (every, jitter) =
        (class.every.expect("a period").as_seconds(), class.jitter.expect("a spread").as_seconds());
    assert!((28.0..32.0).contains(&every), "{every}");
    assert!((3.0..18.0).contains(&jitter), "{jitter}");
    assert_eq!(class.confidence.get("actor"), Some(&Confidence::Low));
}

#[test]
fn an_informer_lists_and_watches_at_its_start() {
    let watch = |at: f64, took: f64| Observation {
        took_seconds: took,
        objects: None,
        events: Some(400),
        ..seen(
            "a",
            at,
            "/api/v1/pods?watch=true&resourceVersion=5&timeoutSeconds=400&fieldSelector=spec.nodeName%3Dn1",
        )
    };
    let list = seen("a", 0.0, "/api/v1/pods?limit=500&resourceVersion=0&fieldSelector=spec.nodeName%3Dn1");
    let profile = profile(&[list, watch(0.2, 400.0), watch(400.3, 350.0), watch(750.5, 300.0)]);
    let [list, watch] = &profile.requests[..] else { panic!("{:?}", profile.requests) };
    assert_eq!((list.on, list.count, list.returns), (Trigger::Startup, 1.0, Returns::PerNode));
    assert_eq!((watch.verb, watch.on, watch.returns), (Verb::Watch, Trigger::Startup, Returns::PerNode));
    assert_eq!(watch.renew.map(|renew| renew.to_string()).as_deref(), Some("5m..400s"));
    let events = watch.observed.as_ref().and_then(|observed| observed.events_per_second);
    assert!(events.is_some_and(|events| (1.0..1.4).contains(&events)), "{events:?}");
}

#[test]
fn one_of_three_is_the_leader() {
    let mut requests: Vec<Observation> = (0..30u32)
        .map(|turn| {
            let uri = "/apis/coordination.k8s.io/v1/namespaces/a/leases/b";
            Observation {
                method: "PUT".to_owned(),
                request_bytes: Some(600),
                ..seen("a", f64::from(turn) * 2.0, uri)
            }
        })
        .collect();
    requests.extend(["a", "b", "c"].map(|name| seen(name, 0.0, "/api/v1/nodes")));
    let profile = profile(&requests);
    let lease = profile.requests.iter().find(|class| class.resource == "leases").expect("leases");
    assert_eq!((lease.actor, lease.on, lease.body_bytes), (Actor::Cluster, Trigger::Period, Some(600)));
    let nodes = profile.requests.iter().find(|class| class.resource == "nodes").expect("nodes");
    assert_eq!((nodes.actor, nodes.on), (Actor::Node, Trigger::Startup));
}

#[test]
fn what_has_no_rule_is_an_event() {
    let mut at = 0.0;
    let requests: Vec<Observation> = (0..60u32)
        .map(|turn| {
            at += 1.5 + 200.0 * noise(turn).powi(4);
            seen("a", at, "/api/v1/namespaces/x/pods/y")
        })
        .collect();
    let class = only(&requests);
    assert_eq!((class.on, class.returns), (Trigger::Event, Returns::Count(1.0)));
}

#[test]
fn pages_of_one_turn_are_counted_together() {
    let mut requests = Vec::new();
    for turn in 0..10u32 {
        let at = f64::from(turn) * 60.0;
        requests.push(seen("a", at, "/api/v1/pods?limit=500"));
        requests.extend(
            (1..4u32).map(|page| seen("a", at + 0.1 * f64::from(page), "/api/v1/pods?limit=500&continue=x")),
        );
    }
    let profile = profile(&requests);
    let [first, next] = &profile.requests[..] else { panic!("{:?}", profile.requests) };
    assert_eq!((first.continues, first.count), (false, 1.0));
    assert_eq!((next.continues, next.count, next.on), (true, 3.0, Trigger::Period));
}

#[test]
fn what_is_selected_is_a_share_of_what_there_is() {
    let requests: Vec<Observation> = (0..10u32)
        .map(|turn| seen("a", f64::from(turn) * 60.0, "/api/v1/pods?labelSelector=app%3Dx"))
        .collect();
    assert_eq!(only(&requests).returns, Returns::Share(0.1));
    let requests: Vec<Observation> =
        (0..10u32).map(|turn| seen("a", f64::from(turn) * 60.0, "/api/v1/namespaces/x/secrets")).collect();
    assert_eq!(only(&requests).returns, Returns::Count(10.0));
}

/// An informer's watch is open when a recording ends: what it brought shows how large its objects are and how they compress.
#[test]
fn an_open_watch_that_brought_a_list_shows_its_sizes() {
    let check = |events: u64, expected: Option<(f64, f64)>| {
        let open = Observation {
            wire_bytes: Some(5_000),
            events: Some(events),
            ending: Ending::Open,
            ..seen(
                "a",
                0.0,
                "/api/v1/pods?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
            )
        };
        let observed = only(&[open]).observed.expect("it was seen");
        assert_eq!(observed.response_bytes.zip(observed.wire_bytes), expected, "{events} changes");
    };
    check(0, Some((50_000.0, 5_000.0)));
    check(1, Some((50_000.0, 5_000.0)));
    check(2, None);
}

#[test]
fn laws_of_repetition() {
    let check = |waits: &[f64], retry_after: Option<f64>, law: RetryLaw, honours: bool| {
        let mut at = 0.0;
        let mut requests = vec![seen("a", at, "/api/v1/pods")];
        for turn in 1..4u32 {
            at = f64::from(turn) * 1000.0;
            for wait in waits {
                requests.push(Observation {
                    status: Some(429),
                    retry_after_seconds: retry_after,
                    ..seen("a", at, "/api/v1/pods")
                });
                at += 0.1 + wait;
            }
            requests.push(seen("a", at, "/api/v1/pods"));
        }
        let class = only(&requests);
        let retry = class.retry.expect("a law");
        assert_eq!((retry.law, retry.honours_retry_after), (law, honours), "{waits:?}");
        assert_eq!(class.on, Trigger::Period, "{waits:?}");
    };
    check(&[0.0, 0.0, 0.0], None, RetryLaw::Immediate, false);
    check(&[5.0, 5.0, 5.0], None, RetryLaw::Fixed, false);
    check(&[1.0, 2.0, 4.0], None, RetryLaw::Exponential, false);
    check(&[2.0, 2.0, 2.0], Some(2.0), RetryLaw::Fixed, true);
    check(&[], None, RetryLaw::Unseen, false);
}

#[test]
fn a_client_that_gives_up_says_when() {
    let requests: Vec<Observation> = (0..6u32)
        .map(|turn| Observation {
            ending: Ending::ClientGone,
            took_seconds: 30.0,
            status: None,
            ..seen("a", f64::from(turn) * 60.0, "/api/v1/pods")
        })
        .collect();
    assert_eq!(only(&requests).timeout.map(|timeout| timeout.to_string()).as_deref(), Some("30s"));
}

#[test]
fn nothing_seen_is_no_profile() {
    let error = Collector::new(Source::Audit).finish(Facts::default()).expect_err("nothing");
    assert_eq!(error.to_string(), "requests: no request was seen; nothing can be said about the workload");
}

#[test]
fn memory_is_bounded() {
    let mut collector = Collector::new(Source::Audit);
    for number in 0..5000u32 {
        collector.take(&seen(
            &format!("copy-{number}"),
            f64::from(number),
            &format!("/api/v1/things{}?resourceVersion=0", number % 1000),
        ));
    }
    assert!(collector.shapes() <= SHAPES_MAX);
    let profile = collector.finish(Facts::default()).expect("a profile");
    assert_eq!(profile.unknown.len(), 2, "{:?}", profile.unknown);
}
