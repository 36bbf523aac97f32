//! Full states: watch-lists, pages, objects that cannot be read, kinds one after the other.

use super::*;

#[tokio::test(start_paused = true)]
async fn full_states() {
    let first = |token| whole(page(&["a", "b"], "10", token));
    let gzip_page = vec![OK_GZIP, Act::Chunk(member(&page(&["a", "b"], "10", ""))), Act::End];
    let members = vec![
        OK_GZIP,
        Act::Chunk(member(&event("ADDED", "a", "1"))),
        Act::Chunk([member(&event("ADDED", "b", "1")), member(&chunk_of(bookmark("10", true)))].concat()),
        Act::Hang,
    ];
    let trickle = (0..9).flat_map(|_| [Act::Chunk(b" ".to_vec()), Act::Pause(50)]);
    let trickle: Vec<_> = [OK].into_iter().chain(trickle).collect();
    let rows: Vec<(&str, Vec<Exchange>, &[&str], &str)> = vec![
        (
            "watch-list",
            vec![(WATCH_LIST, replay(&["a", "b"]))],
            &["0.00 pods WatchList"],
            "started +a +b finished@10",
        ),
        (
            "gzip, a member per event",
            vec![(WATCH_LIST, members)],
            &["0.00 pods WatchList"],
            "started +a +b finished@10",
        ),
        (
            "refused: pages",
            vec![
                (WATCH_LIST, refused(422)),
                (FIRST_PAGE, first("to ken")),
                ("continue=to%20ken", whole(page(&["c"], "10", ""))),
                (WATCH, quiet()),
            ],
            &[
                "0.00 pods WatchList",
                "0.00 pods FirstPage",
                "0.00 pods NextPage to%20ken",
                "0.00 pods Watch 10",
            ],
            "started +a +b +c finished@10",
        ),
        (
            "gzip page",
            vec![(WATCH_LIST, refused(400)), (FIRST_PAGE, gzip_page), (WATCH, quiet())],
            &["0.00 pods WatchList", "0.00 pods FirstPage", "0.00 pods Watch 10"],
            "started +a +b finished@10",
        ),
        (
            "expired continue token",
            vec![
                (WATCH_LIST, refused(422)),
                (FIRST_PAGE, first("t1")),
                ("continue=t1", refused(410)),
                (FIRST_PAGE, first("")),
                (WATCH, quiet()),
            ],
            &[
                "0.00 pods WatchList",
                "0.00 pods FirstPage",
                "0.00 pods NextPage t1",
                "0.50 pods FirstPage",
                "0.50 pods Watch 10",
            ],
            "started +a +b started +a +b finished@10",
        ),
        (
            "a page that breaks off is asked for again",
            vec![
                (WATCH_LIST, refused(422)),
                (FIRST_PAGE, first("t1")),
                ("continue=t1", vec![OK, Act::Chunk(page(&["c", "d"], "10", "")[..150].to_vec())]),
                ("continue=t1", whole(page(&["c"], "10", ""))),
                (WATCH, quiet()),
            ],
            &[
                "0.00 pods WatchList",
                "0.00 pods FirstPage",
                "0.00 pods NextPage t1",
                "0.50 pods NextPage t1",
                "0.50 pods Watch 10",
            ],
            "started +a +b +c finished@10",
        ),
        (
            "stall in the initial events",
            vec![(WATCH_LIST, vec![OK, added("a", "1"), Act::Hang]), (WATCH_LIST, replay(&["a"]))],
            &["0.00 pods WatchList", "75.75 pods WatchList"],
            "started +a started +a finished@10",
        ),
        (
            "a trickle",
            vec![
                (WATCH_LIST, refused(422)),
                (FIRST_PAGE, trickle),
                (FIRST_PAGE, first("")),
                (WATCH, quiet()),
            ],
            &["0.00 pods WatchList", "0.00 pods FirstPage", "120.75 pods FirstPage", "120.75 pods Watch 10"],
            "started started +a +b finished@10",
        ),
    ];
    for (name, script, requests, changes) in rows {
        let outcome = check(name, &[], script, requests, changes).await;
        let pods = &outcome.status.resources["pods"];
        assert_eq!((pods.phase, pods.synced), (Phase::Watching, true), "{name}");
        assert_eq!(pods.resource_version.as_deref(), Some("10"), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_bad_object_does_not_hurt_the_others() {
    let bad_utf8 =
        [&br#"{"type":"ADDED","object":{"metadata":{"name":""#[..], b"\xff\xfe", b"\"}}}\n"].concat();
    let bad_shape = br#"{"type":"ADDED","object":{"metadata":{"name":7,"resourceVersion":"9"}}}"#.to_vec();
    let huge_name = "x".repeat(17 << 20);
    let rows = [
        ("invalid UTF-8", Act::Chunk(bad_utf8)),
        ("another shape", Act::Chunk(bad_shape)),
        ("17 MiB", Act::Chunk(event("ADDED", &huge_name, "9"))),
    ];
    for (name, bad) in rows {
        let script = vec![(
            WATCH_LIST,
            vec![OK, added("a", "1"), bad, added("b", "1"), bookmark("10", true), Act::Hang],
        )];
        let changes = "started +a undecodable +b finished@10";
        let outcome = check(name, &[], script, &["0.00 pods WatchList"], changes).await;
        let pods = &outcome.status.resources["pods"];
        assert_eq!((pods.objects_seen, pods.undecodable), (2, 1), "{name}");
        let counted = "plimsoll_api_undecodable_total{resource=\"pods\"} 1";
        assert!(outcome.metrics.contains(counted), "{name}:\n{}", outcome.metrics);
    }
}

#[tokio::test(start_paused = true)]
async fn kinds_start_one_after_the_other_and_a_forbidden_one_does_not_block() {
    let slow = vec![OK, added("a", "1"), Act::Pause(20), bookmark("10", true), Act::Hang];
    let quick = || vec![OK, bookmark("10", true), Act::Hang];
    let run = Run {
        resources: &[Resource::Nodes, Resource::Pods, Resource::Services, Resource::Jobs],
        resume: &[(Resource::Jobs, "5")],
        script: vec![
            ("/nodes", slow),
            ("/pods", refused(403)),
            ("/services", vec![OK, Act::Pause(1), bookmark("10", true), Act::Hang]),
            ("/pods", refused(403)),
            ("/pods", quick()),
            ("/jobs", quiet()),
        ],
        seconds: 60,
        ..Run::default()
    };
    let outcome = run.play().await;
    let expected = [
        "0.00 nodes WatchList",
        "20.00 pods WatchList",
        "20.00 services WatchList",
        // Pods wait for the one slot for lists, which services hold until 21 s.
        "21.00 pods WatchList",
        "21.00 jobs Watch 5",
        "22.00 pods WatchList",
    ];
    let mut requests = outcome.requests.clone();
    requests[3..5].sort_by(|left, right| right.cmp(left));
    assert_eq!(requests, expected);
    assert!(outcome.status.resources.values().all(|resource| resource.phase == Phase::Watching));
    for line in [
        "plimsoll_api_requests_total{verb=\"watch\",resource=\"pods\",code=\"403\"} 2",
        "plimsoll_api_requests_total{verb=\"watch\",resource=\"pods\",code=\"200\"} 1",
        "plimsoll_api_budget_used{budget=\"watches\"} 4.0",
        "plimsoll_api_budget_used{budget=\"lists\"} 0.0",
        "plimsoll_api_resource_phase{resource=\"jobs\",phase=\"watching\"} 1",
        "plimsoll_api_retries_total{resource=\"pods\"} 2",
    ] {
        assert!(outcome.metrics.contains(line), "{line} is not in\n{}", outcome.metrics);
    }
}
