//! The shipped coefficients against what was measured.

use super::*;
use crate::samples::{cluster, request};
use crate::version::Version;

/// CPU seconds and megabytes of one request on 1,000 nodes with 30,000 pods.
fn cost(version: u32, words: &str) -> (f64, f64) {
    let gates = Gates::of(Version { major: 1, minor: version });
    let cluster = cluster("1.36", 1000.0);
    let coefficients = Coefficients::SHIPPED;
    let at = Situation {
        coefficients: &coefficients,
        gates: &gates,
        nodes: 1000.0,
        cache: CacheState::Fresh,
        watchers: 0.0,
    };
    let work = work(&request(words), &Known::of(&cluster, "pods"), &at);
    (work.apiserver_cpu_seconds, work.response_bytes / 1e6)
}

/// Research, section 2.8: measured twice on a noisy machine, and the shipped coefficients are another machine's and version's: a factor of two.
#[test]
fn the_shipped_coefficients_give_what_was_measured() {
    let check = |version: u32, words: &str, (low, high): (f64, f64), megabytes: f64| {
        let (cpu, bytes) = cost(version, words);
        assert!(cpu > low / 2.0 && cpu < high * 2.2, "{words}: {cpu} CPU s, measured {low} to {high}");
        assert!((bytes / megabytes - 1.0).abs() < 0.1, "{words}: {bytes} MB, measured {megabytes}");
    };
    check(36, "list rv0 json", (2.8, 4.6), 250.0);
    check(36, "list rv0 protobuf", (1.5, 2.4), 174.0);
    check(36, "list rv0 table", (2.03, 2.03), 94.0);
    check(36, "list rv0 metadata", (0.33, 0.33), 76.0);
    check(36, "list json", (3.69, 3.69), 250.0);
    check(36, "list limit=500", (0.091, 0.097), 4.2);
    check(36, "list rv0 namespace", (0.051, 0.108), 5.0);
    check(36, "list rv0 node", (0.0032, 0.0036), 0.25);
    check(36, "watch initial node", (0.0217, 0.0318), 0.252);
    check(36, "get rv0", (0.000_64, 0.000_65), 0.0084);
    // Up to 1.30 each of them reads all of etcd.
    check(30, "list node", (1.96, 1.96), 0.25);
}

#[test]
fn compressed_answers_are_smaller_on_the_wire_only() {
    let mut class = request("list rv0");
    class.gzip = true;
    let gates = Gates::of(Version { major: 1, minor: 36 });
    let coefficients = Coefficients::SHIPPED;
    let at = Situation {
        coefficients: &coefficients,
        gates: &gates,
        nodes: 100.0,
        cache: CacheState::Fresh,
        watchers: 0.0,
    };
    let work = work(&class, &Known::of(&cluster("1.36", 100.0), "pods"), &at);
    assert!(work.response_bytes < work.body_bytes / 5.0);
}
