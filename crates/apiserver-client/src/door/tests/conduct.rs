//! How the door behaves towards a server that refuses, is away, or trips it up.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_forbidden_kind_is_named_without_the_servers_words() {
    let says = br#"{"kind":"Status","code":403,"reason":"Forbidden","message":"user token abc may not"}"#;
    let forbidden = || vec![Act::Head(403, ""), Act::Chunk(says.to_vec()), Act::End];
    let script = (0..20).map(|_| ("/pods", forbidden())).collect();
    let outcome = Run { script, seconds: 100, ..Run::default() }.play().await;
    let pods = &outcome.status.resources["pods"];
    assert_eq!((pods.phase, pods.synced), (Phase::Forbidden, false));
    assert_eq!(pods.last_error.as_deref(), Some("answered 403 Forbidden"));
    // 0.5, 1, 2, 4, 8, then every 15 s: half of the cap.
    assert_eq!(outcome.requests.len(), 6 + 5, "{:?}", outcome.requests);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_is_asked_seldom() {
    let outcome = Run { refuse_seconds: 1_000, seconds: 100, resume: AT_7, ..Run::default() }.play().await;
    assert_eq!(outcome.requests.len(), 6 + 5, "{:?}", outcome.requests);
    let pods = &outcome.status.resources["pods"];
    assert_eq!(pods.phase, Phase::Backoff);
    assert_eq!(pods.seconds_since_contact, None);
    assert_eq!(pods.resource_version.as_deref(), Some("7"));
    assert!(pods.last_error.as_deref().unwrap().contains("connection refused"), "{pods:?}");
    let line = "plimsoll_api_requests_total{verb=\"watch\",resource=\"pods\",code=\"connection\"} 11";
    assert!(outcome.metrics.contains(line), "{}", outcome.metrics);
}

#[tokio::test(start_paused = true)]
async fn in_an_outage_one_kind_asks_for_all() {
    let run = Run {
        resources: &[Resource::Nodes, Resource::Pods, Resource::Jobs],
        resume: &[(Resource::Nodes, "5"), (Resource::Pods, "6"), (Resource::Jobs, "7")],
        script: vec![("/nodes", quiet()), ("/pods", quiet()), ("/jobs", quiet())],
        refuse_seconds: 20,
        seconds: 40,
        beat: None,
    };
    let outcome = run.play().await;
    let mut expected = vec!["0.00 refused"; 3];
    expected.extend(["0.50 refused", "1.50 refused", "3.50 refused", "7.50 refused", "15.50 refused"]);
    expected.extend(["30.50 nodes Watch 5", "31.00 jobs Watch 7", "31.00 pods Watch 6"]);
    let mut requests = outcome.requests;
    requests[9..].sort();
    assert_eq!(requests, expected);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_an_outage_does_not_hurry_who_ran_into_a_timeout() {
    let run = Run {
        resources: &[Resource::Nodes, Resource::Pods, Resource::Jobs],
        resume: &[(Resource::Nodes, "5"), (Resource::Pods, "6"), (Resource::Jobs, "7")],
        script: vec![
            ("/nodes", vec![Act::Hang]),
            ("/pods", vec![Act::Hang]),
            ("/nodes", vec![Act::Hang]),
            ("/jobs", refused(410)),
            ("/jobs", quiet()),
            ("/pods", quiet()),
        ],
        seconds: 153,
        ..Run::default()
    };
    // Jobs get through in the moment when pods give up. An error would have pods wait half a second, so the timeout waits longer.
    let expected = [
        "0.00 nodes Watch 5",
        "75.00 pods Watch 6",
        "75.75 nodes Watch 5",
        "150.00 jobs Watch 7",
        "150.50 jobs WatchList",
        "150.75 pods Watch 6",
    ];
    assert_eq!(run.play().await.requests, expected);
}

#[tokio::test(start_paused = true)]
async fn bytes_are_counted_as_sent_and_the_flow_is_named() {
    let packed = member(&[event("ADDED", "a", "1"), chunk_of(bookmark("10", true))].concat());
    let count = packed.len();
    let head = "Content-Encoding: gzip\r\nX-Kubernetes-PF-FlowSchema-UID: f1\r\nX-Kubernetes-PF-PriorityLevel-UID: p1\r\n";
    let script = vec![(WATCH_LIST, vec![Act::Head(200, head), Act::Chunk(packed), Act::Hang])];
    let outcome = Run { script, ..Run::default() }.play().await;
    for line in [
        format!("plimsoll_api_response_bytes_total{{verb=\"watch\",resource=\"pods\"}} {count}"),
        "plimsoll_api_flow_info{flow_schema_uid=\"f1\",priority_level_uid=\"p1\"} 1".to_owned(),
    ] {
        assert!(outcome.metrics.contains(&line), "{line} is not in\n{}", outcome.metrics);
    }
    assert_eq!(outcome.status.budget.response_bytes_total, count as u64);
}

/// A sink with a bug that shows once.
#[derive(Default)]
struct Trips(Notes, std::sync::atomic::AtomicBool);

impl Sink for Trips {
    fn change(&self, resource: Resource, change: Change) {
        if matches!(change, Change::Applied(_)) && !self.1.swap(true, std::sync::atomic::Ordering::Relaxed) {
            panic!("on purpose");
        }
        self.0.change(resource, change);
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_costs_one_kind_one_replay() {
    let script = vec![(WATCH_LIST, replay(&["a"])), (WATCH_LIST, replay(&["a"])), ("/nodes", replay(&["n"]))];
    let sink = Arc::new(Trips::default());
    let run = Run { resources: &[Resource::Pods, Resource::Nodes], script, seconds: 40, ..Run::default() };
    let outcome = run.play_to(sink.clone()).await;
    assert_eq!(outcome.requests, ["0.00 pods WatchList", "0.00 nodes WatchList", "30.00 pods WatchList"]);
    assert_eq!(sink.0.0.lock().join(" "), "started started +n finished@10 started +a finished@10");
}

#[tokio::test(start_paused = true)]
async fn more_kinds_than_watches_is_an_error_before_anything_is_asked() {
    let config = kube::Config::new("http://scripted:1".parse().unwrap());
    let server = Server::new(Vec::new(), 0);
    let mut settings = DoorConfig::from_kubeconfig(None);
    settings.limits.open_watches = 1;
    let transport = Transport::over(&config, server.clone()).unwrap();
    let clock = Arc::new(SystemClock::new());
    let place = Place { server: String::new(), namespace: String::new() };
    let registry = &mut Registry::default();
    let door = Door::over(transport, place, &settings, clock, Arc::new(Half), registry).unwrap();
    let (sink, two) = (Arc::new(Notes::default()), [Resource::Pods, Resource::Nodes]);
    let kept = door
        .keep(&two, &Resume::new(), Arc::default(), Keep::default(), sink, CancellationToken::new())
        .await;
    assert_eq!(kept, Err(KeepError::TooFewWatches { wanted: 2, allowed: 1 }));
    assert!(server.log().is_empty());
}
