//! Seats against what a real server took, and the rules behind them.

use super::*;
use crate::samples::request;
use crate::version::Version;

/// workload-low of a server with 600 seats.
const LEVEL_MAX: u64 = 37;

fn check(minor: u32, words: &str, stats: Option<(u64, u64)>, expected: u64) {
    let gates = Gates::of(Version { major: 1, minor });
    let stats = stats.map(|(objects, bytes)| ObjectStats { objects, average_bytes: Some(bytes) });
    let found = seats(&request(words), stats, 0, &gates, LEVEL_MAX).map(|seats| seats.initial);
    assert_eq!(found, Some(expected), "1.{minor}: {words} of {stats:?}");
}

/// Research, section 2.1: seen on a real kube-apiserver 1.36 with 30,000 pods of 5.8 KB.
#[test]
fn seats_that_a_real_server_took() {
    let pods = Some((30_000, 5797));
    for (words, expected) in [
        ("list rv0", 10),
        ("list", 10),
        ("list limit=500", 10),
        ("list rv0 node", 10),
        ("list rv0 namespace", 10),
        ("list recent exact", LEVEL_MAX),
        ("get", 1),
        ("patch", 1),
        ("watch recent", 1),
        ("watch initial", 10),
    ] {
        check(36, words, pods, expected);
    }
    check(36, "list", Some((200, 450)), 1);
    check(36, "list", Some((0, 0)), 1);
}

#[test]
fn estimates_by_bytes() {
    check(36, "list limit=10", Some((30_000, 5797)), 1);
    check(36, "list limit=500 continue", Some((30_000, 5797)), 29);
    check(36, "list limit=500 continue node", Some((30_000, 5797)), LEVEL_MAX);
    check(36, "list rv0", Some((100, 2500)), 3);
    check(36, "list rv0", Some((30, 0)), 10);
    check(36, "list", None, 1);
}

#[test]
fn older_servers_count_objects() {
    check(30, "list rv0", Some((250, 5797)), 3);
    check(30, "list rv0", Some((30_000, 5797)), 10);
    check(30, "list", Some((250, 5797)), 5);
    check(30, "list node", Some((250, 5797)), 5);
    check(30, "list limit=100", Some((250, 5797)), 2);
    check(33, "list", Some((250, 5797)), 3);
    // Without watch-lists every watch takes one.
    check(30, "watch rv0", Some((30_000, 5797)), 1);
    check(33, "watch initial", Some((30_000, 5797)), 1);
}

#[test]
fn writes_take_seats_for_their_watchers() {
    let check = |watchers: u64, level_max: u64, expected: (u64, u64, u64)| {
        let gates = Gates::of(Version { major: 1, minor: 36 });
        let found = seats(&request("patch"), None, watchers, &gates, level_max);
        let found = found.map(|seats| (seats.initial, seats.last, seats.last_microseconds));
        assert_eq!(found, Some(expected), "{watchers} watchers");
    };
    check(0, LEVEL_MAX, (1, 0, 0));
    check(9, LEVEL_MAX, (1, 0, 0));
    check(10, LEVEL_MAX, (1, 1, 5000));
    check(95, LEVEL_MAX, (1, 10, 5000));
    check(1000, LEVEL_MAX, (1, 10, 50_000));
    check(1000, 4, (1, 4, 125_000));
}
