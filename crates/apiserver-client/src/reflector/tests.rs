//! Scripts: at second t this comes in; this is asked for next, and this is what the sink is told.

use std::sync::Arc;

use objects::meta::{Meta, MetaOnly};

use super::*;
use crate::failure::Silence;

/// (second, what comes in, what is said and done).
type Line<'a> = (u64, Input, &'a str);

/// Plays a script with `random` 0.5, base 1 s, cap 30 s: the first error waits 0.5 s, then 1, 2, 4 …
fn check(name: &str, resume: Option<&str>, script: &[Line<'_>]) -> Reflector {
    let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
    let mut reflector = Reflector::new(resume, true, backoff);
    for (number, (second, input, expected)) in script.iter().enumerate() {
        let mut changes = Vec::new();
        let next = reflector.step(copy(input), Duration::from_secs(*second), 0.5, &mut changes);
        let said =
            changes.iter().map(|change| show_change(change) + "; ").collect::<String>() + &show_next(&next);
        assert_eq!(said, *expected, "{name}, line {number}: {input:?}");
    }
    reflector
}

fn show_next(next: &Next) -> String {
    match next {
        Next::Read => "read".to_owned(),
        Next::Ask(ask) => {
            format!("{:?} {}{}", ask.call, ask.resource_version, ask.continue_token).trim_end().to_owned()
        }
        Next::Wait { wait, why: Why::Retry } => format!("retry in {} s", wait.as_secs_f64()),
        Next::Wait { wait, why: Why::Outage } => format!("outage: retry in {} s", wait.as_secs_f64()),
        Next::Wait { wait, why: Why::Renewal } => format!("again in {} s", wait.as_secs_f64()),
    }
}

fn show_change(change: &Change) -> String {
    match change {
        Change::ReplayStarted => "started".to_owned(),
        Change::Applied(object) => format!("+{}", object.key().name),
        Change::Deleted(object) => format!("-{}", object.key().name),
        Change::ReplayFinished { resource_version } => format!("finished {resource_version}"),
        Change::Bookmark { resource_version } => format!("bookmark {resource_version}"),
        Change::Undecodable => "undecodable".to_owned(),
    }
}

fn copy(input: &Input) -> Input {
    match input {
        Input::Go => Input::Go,
        Input::Opened => Input::Opened,
        Input::Applied(object) => Input::Applied(object.clone()),
        Input::Deleted(object) => Input::Deleted(object.clone()),
        Input::Bookmark { resource_version, initial_events_end } => Input::Bookmark {
            resource_version: resource_version.clone(),
            initial_events_end: *initial_events_end,
        },
        Input::Undecodable { resource_version } => {
            Input::Undecodable { resource_version: resource_version.clone() }
        }
        Input::PageEnd(end) => Input::PageEnd(end.clone()),
        Input::Closed => Input::Closed,
        Input::Failed(failure) => Input::Failed(failure.clone()),
    }
}

fn object(name: &str, version: &str) -> Object {
    let meta = Meta { name: name.into(), resource_version: version.into(), ..Meta::default() };
    Object::MetaOnly(Arc::new(MetaOnly { meta, ..MetaOnly::default() }))
}

fn applied(name: &str, version: &str) -> Input {
    Input::Applied(object(name, version))
}

fn deleted(name: &str, version: &str) -> Input {
    Input::Deleted(object(name, version))
}

fn bookmark(version: &str) -> Input {
    Input::Bookmark { resource_version: version.to_owned(), initial_events_end: false }
}

fn initial_end(version: &str) -> Input {
    Input::Bookmark { resource_version: version.to_owned(), initial_events_end: true }
}

fn page_end(version: &str, token: Option<&str>) -> Input {
    Input::PageEnd(ListEnd {
        resource_version: version.to_owned(),
        continue_token: token.map(str::to_owned),
        remaining: None,
    })
}

fn status(code: u16) -> Input {
    Input::Failed(Failure::new(Cause::Status { code, reason: String::new() }))
}

fn busy(seconds: u64) -> Input {
    let cause = Cause::Status { code: 429, reason: "TooManyRequests".to_owned() };
    Input::Failed(Failure { cause, retry_after: Some(Duration::from_secs(seconds)) })
}

fn reset() -> Input {
    Input::Failed(Failure::new(Cause::Connection("reset".to_owned())))
}

fn silence(silence: Silence) -> Input {
    Input::Failed(Failure::new(Cause::Timeout(silence)))
}

#[test]
fn a_watch_list_becomes_the_watch_and_resumes_where_it_ended() {
    let reflector = check(
        "watch-list",
        None,
        &[
            (0, Input::Go, "WatchList"),
            (0, Input::Opened, "started; read"),
            (0, applied("a", "900"), "+a; read"),
            (0, applied("b", "3"), "+b; read"),
            (1, initial_end("1000"), "finished 1000; read"),
            (2, applied("c", "1001"), "+c; read"),
            (3, bookmark("1005"), "bookmark 1005; read"),
            (4, deleted("c", "1007"), "-c; read"),
            (400, Input::Closed, "again in 0 s"),
            (400, Input::Go, "Watch 1007"),
            (400, Input::Opened, "read"),
            // It ended long before its time: the server goes down in good order.
            (410, Input::Closed, "again in 0.5 s"),
        ],
    );
    assert_eq!((reflector.phase(), reflector.synced()), (Phase::Watching, true));
}

#[test]
fn a_snapshot_resumes_without_a_list() {
    let reflector = check(
        "resume",
        Some("77"),
        &[
            (0, Input::Go, "Watch 77"),
            (0, Input::Opened, "read"),
            (1, applied("a", "78"), "+a; read"),
            (2, reset(), "retry in 0.5 s"),
            (3, Input::Go, "Watch 78"),
        ],
    );
    assert!(reflector.synced());
}

#[test]
fn a_version_that_is_too_old_costs_one_replay() {
    let rows = [
        ("as the answer", vec![(1, status(410), "retry in 0.5 s")]),
        ("as an event", vec![(1, Input::Opened, "read"), (1, status(410), "retry in 0.5 s")]),
    ];
    for (name, middle) in rows {
        let mut script = vec![(0, Input::Go, "Watch 77")];
        script.extend(middle);
        script.extend([(2, Input::Go, "WatchList"), (2, Input::Opened, "started; read")]);
        check(name, Some("77"), &script);
    }
}

#[test]
fn a_replay_followed_by_410_again_and_again_backs_off() {
    check(
        "410 loop",
        None,
        &[
            (0, Input::Go, "WatchList"),
            (0, Input::Opened, "started; read"),
            (50, initial_end("10"), "finished 10; read"),
            (50, status(410), "retry in 0.5 s"),
            (60, Input::Go, "WatchList"),
            (60, Input::Opened, "started; read"),
            (110, initial_end("20"), "finished 20; read"),
            (110, status(410), "retry in 1 s"),
            (120, Input::Go, "WatchList"),
            (120, Input::Opened, "started; read"),
            (170, initial_end("30"), "finished 30; read"),
            (170, status(410), "retry in 2 s"),
        ],
    );
}

#[test]
fn servers_without_watch_lists_get_pages() {
    let refusals = [
        ("bad request", vec![(0, status(400), "FirstPage")]),
        ("invalid", vec![(0, status(422), "FirstPage")]),
        ("invalid, as an event", vec![(0, Input::Opened, "started; read"), (0, status(422), "FirstPage")]),
        (
            "ignored: an ordinary bookmark comes first",
            vec![
                (0, Input::Opened, "started; read"),
                (0, applied("a", "1"), "+a; read"),
                (9, bookmark("9"), "FirstPage"),
            ],
        ),
        (
            "broken off three times",
            vec![
                (0, Input::Opened, "started; read"),
                (60, Input::Closed, "retry in 0.5 s"),
                (61, Input::Go, "WatchList"),
                (61, Input::Opened, "started; read"),
                (62, reset(), "retry in 1 s"),
                (65, Input::Go, "WatchList"),
                (65, Input::Opened, "started; read"),
                (365, silence(Silence::End), "retry in 3 s"),
                (370, Input::Go, "FirstPage"),
            ],
        ),
    ];
    for (name, refusal) in refusals {
        let mut script = vec![(0, Input::Go, "WatchList")];
        script.extend(refusal);
        script.extend([
            (400, Input::Opened, "started; read"),
            (400, applied("a", "9"), "+a; read"),
            (400, page_end("1000", Some("t1")), "NextPage t1"),
            (401, Input::Opened, "read"),
            (401, applied("b", "1"), "+b; read"),
            (401, page_end("1000", None), "finished 1000; Watch 1000"),
            (402, Input::Opened, "read"),
        ]);
        let reflector = check(name, None, &script);
        assert!(!reflector.watch_list(), "{name}");
    }
}

#[test]
fn a_page_that_fails_is_asked_for_again_and_an_expired_token_starts_over() {
    check(
        "pages",
        None,
        &[
            (0, Input::Go, "WatchList"),
            (0, status(422), "FirstPage"),
            (0, Input::Opened, "started; read"),
            (0, page_end("5", Some("t1")), "NextPage t1"),
            (0, status(500), "retry in 0.5 s"),
            (1, Input::Go, "NextPage t1"),
            (1, Input::Opened, "read"),
            (1, applied("a", "4"), "+a; read"),
            (2, reset(), "retry in 1 s"),
            (3, Input::Go, "NextPage t1"),
            (3, status(410), "retry in 0.5 s"),
            (5, Input::Go, "FirstPage"),
            (5, Input::Opened, "started; read"),
            (5, page_end("9", Some("t2")), "NextPage t2"),
            (5, Input::Opened, "read"),
            (5, page_end("9", Some("t2")), "retry in 2 s"),
            (9, Input::Go, "FirstPage"),
        ],
    );
}

#[test]
fn the_server_says_when() {
    check(
        "429",
        Some("7"),
        &[
            (0, Input::Go, "Watch 7"),
            (0, busy(20), "retry in 20.5 s"),
            (21, Input::Go, "Watch 7"),
            (21, busy(0), "retry in 1 s"),
        ],
    );
}

#[test]
fn after_an_outage_410_does_not_wait_as_long_as_the_outage_did() {
    check(
        "restart of the server",
        Some("7"),
        &[
            (0, Input::Go, "Watch 7"),
            (0, reset(), "outage: retry in 0.5 s"),
            (1, Input::Go, "Watch 7"),
            (1, reset(), "outage: retry in 1 s"),
            (3, Input::Go, "Watch 7"),
            (3, reset(), "outage: retry in 2 s"),
            (9, Input::Go, "Watch 7"),
            (9, status(410), "retry in 0.5 s"),
            (10, Input::Go, "WatchList"),
        ],
    );
}

#[test]
fn a_timeout_waits_longer_than_an_error() {
    let rows = [
        ("error", status(500), "retry in 0.5 s"),
        ("no head", silence(Silence::Head), "outage: retry in 0.75 s"),
        ("no connection", reset(), "outage: retry in 0.5 s"),
        ("a proxy with nothing behind it", status(503), "outage: retry in 0.5 s"),
        ("gateway timeout", status(504), "outage: retry in 0.75 s"),
    ];
    for (name, failure, expected) in rows {
        check(
            name,
            Some("7"),
            &[(0, Input::Go, "Watch 7"), (75, failure, expected), (80, Input::Go, "Watch 7")],
        );
    }
}

#[test]
fn a_watch_that_ends_at_once_is_a_failure() {
    check(
        "flapping",
        Some("7"),
        &[
            (0, Input::Go, "Watch 7"),
            (0, Input::Opened, "read"),
            (1, Input::Closed, "retry in 0.5 s"),
            (2, Input::Go, "Watch 7"),
            (2, Input::Opened, "read"),
            (3, Input::Closed, "retry in 1 s"),
            (5, Input::Go, "Watch 7"),
            (5, Input::Opened, "read"),
            // Four seconds to the ceiling: this one lived long enough to forgive.
            (15, applied("a", "8"), "+a; read"),
            (16, reset(), "retry in 0.5 s"),
        ],
    );
}

#[test]
fn phases_name_what_only_an_operator_can_mend() {
    let rows = [
        (401, Phase::Forbidden),
        (403, Phase::Forbidden),
        (404, Phase::NotServed),
        (406, Phase::Backoff),
        (500, Phase::Backoff),
        (410, Phase::Backoff),
    ];
    for (code, expected) in rows {
        let reflector =
            check("phase", Some("7"), &[(0, Input::Go, "Watch 7"), (0, status(code), "retry in 0.5 s")]);
        assert_eq!((code, reflector.phase()), (code, expected));
        assert_eq!(reflector.last_error().unwrap().code(), Some(code));
    }
}

#[test]
fn what_cannot_be_decoded_moves_the_version_all_the_same() {
    let undecodable = |version: &str| Input::Undecodable { resource_version: version.to_owned() };
    check(
        "undecodable",
        Some("7"),
        &[
            (0, Input::Go, "Watch 7"),
            (0, Input::Opened, "read"),
            (0, undecodable("9"), "undecodable; read"),
            (0, undecodable(""), "undecodable; read"),
            (0, applied("a", ""), "+a; read"),
            (9, reset(), "retry in 0.5 s"),
            (10, Input::Go, "Watch 9"),
        ],
    );
}

#[test]
fn a_refused_version_is_doubted_once() {
    check(
        "no number",
        Some("ab-cd"),
        &[
            (0, Input::Go, "Watch ab-cd"),
            (0, status(400), "retry in 0.5 s"),
            (1, Input::Go, "WatchList"),
            (1, Input::Opened, "started; read"),
            (1, initial_end("ef-gh"), "finished ef-gh; read"),
            (2, reset(), "retry in 1 s"),
            // The server's own version, and refused: it is not the version.
            (3, Input::Go, "Watch ef-gh"),
            (3, status(422), "retry in 2 s"),
            (5, Input::Go, "Watch ef-gh"),
            (5, Input::Opened, "read"),
            (99, reset(), "retry in 0.5 s"),
            (100, Input::Go, "Watch ef-gh"),
            (100, status(400), "retry in 1 s"),
            (101, Input::Go, "WatchList"),
        ],
    );
    check("any version is none", Some("0"), &[(0, Input::Go, "WatchList")]);
}

#[test]
fn a_full_state_without_an_end_starts_over() {
    let mut reflector =
        Reflector::new(None, false, Backoff::new(Duration::from_secs(1), Duration::from_secs(30)));
    let mut changes = Vec::new();
    let mut step = |input| {
        changes.clear();
        reflector.step(input, Duration::ZERO, 0.5, &mut changes)
    };
    let ask = |token: &str| {
        let call = if token.is_empty() { Call::FirstPage } else { Call::NextPage };
        Next::Ask(Ask { call, resource_version: String::new(), continue_token: token.to_owned() })
    };
    let given_up = |seconds| Next::Wait { wait: Duration::from_secs_f64(seconds), why: Why::Retry };
    assert_eq!(step(Input::Go), ask(""));
    // A new token for ever.
    for page in 0..REPLAY_PAGES_MAX {
        assert_eq!(step(Input::Opened), Next::Read);
        assert_eq!(step(page_end("7", Some(&page.to_string()))), ask(&page.to_string()));
    }
    assert_eq!(step(Input::Opened), Next::Read);
    assert_eq!(step(page_end("7", Some("more"))), given_up(0.5));
    assert_eq!(step(Input::Go), ask(""));
    // Objects for ever.
    assert_eq!(step(Input::Opened), Next::Read);
    for _ in 0..REPLAY_OBJECTS_MAX {
        assert_eq!(step(applied("a", "1")), Next::Read);
    }
    assert_eq!(step(applied("a", "1")), given_up(1.0));
    assert_eq!(step(Input::Go), ask(""));
}

#[test]
fn two_silent_watches_doubt_the_version_once() {
    let mut script = vec![(0, Input::Go, "Watch 7")];
    let idle = || silence(Silence::Body);
    script.extend([
        (0, Input::Opened, "read"),
        (180, idle(), "retry in 0.75 s"),
        (181, Input::Go, "Watch 7"),
        (181, Input::Opened, "read"),
        // A server restored from a backup is silent until it comes to version 7 again.
        (361, idle(), "retry in 0.5 s"),
        (362, Input::Go, "WatchList"),
        (362, Input::Opened, "started; read"),
        (362, initial_end("3"), "finished 3; read"),
    ]);
    // After that silence is this server's way, until a bookmark shows that it is not.
    for round in 0..3 {
        let at = 400 + round * 200;
        script.extend([
            (at + 180, Input::Closed, "again in 0.5 s"),
            (at + 181, Input::Go, "Watch 3"),
            (at + 181, Input::Opened, "read"),
        ]);
    }
    check("silence", Some("7"), &script);
}
