//! When the heartbeat is written, and what is said when it is not.

use super::*;
use crate::Wanted;
use crate::calls::HEARTBEAT_LEASE;

const LEASE: &str = "PATCH /apis/coordination.k8s.io/v1/namespaces/own/leases/plimsoll-heartbeat application/apply-patch+yaml \
                     \"holderIdentity\":\"me\"";

const OTHERS: fn() -> Wanted = || Wanted::Others;
const NOBODYS: fn() -> Wanted = || Wanted::Nobodys;

fn written() -> Vec<Act> {
    vec![Act::Head(200, ""), Act::Chunk(b"{}".to_vec()), Act::End]
}

fn refused(code: u16, headers: &'static str) -> Vec<Act> {
    vec![Act::Head(code, headers), Act::End]
}

/// The seconds of the writes, and the state after all of them.
async fn check(script: Vec<Vec<Act>>, seconds: u64, expected: &[&str], state: &str) {
    let script = script.into_iter().map(|acts| (LEASE, acts)).collect();
    let run = Run { resources: &[], script, seconds, beat: Some(|| Wanted::Ours), ..Run::default() };
    let outcome = run.play().await;
    let expected: Vec<String> = expected.iter().map(|at| format!("{at} {HEARTBEAT_LEASE} Beat")).collect();
    assert_eq!(outcome.requests, expected);
    let line = format!("plimsoll_heartbeat_state{{state=\"{state}\"}} 1");
    assert!(outcome.metrics.contains(&line), "{line} is not in\n{}", outcome.metrics);
}

#[tokio::test(start_paused = true)]
async fn every_five_seconds() {
    check(vec![written(), written(), written()], 12, &["0.00", "5.00", "10.00"], "beating").await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_server_is_not_asked_twice_at_once() {
    let slow = vec![Act::Pause(7), Act::Head(200, ""), Act::End];
    check(vec![slow, written(), written()], 13, &["0.00", "7.00", "12.00"], "beating").await;
}

#[tokio::test(start_paused = true)]
async fn without_permission_it_is_tried_every_minute_or_two() {
    check(vec![refused(403, ""), refused(403, ""), written()], 183, &["0.00", "90.00", "180.00"], "beating")
        .await;
    check(vec![refused(403, "")], 60, &["0.00"], "forbidden").await;
    check(vec![refused(404, "")], 60, &["0.00"], "missing").await;
}

#[tokio::test(start_paused = true)]
async fn failures_back_off_and_the_servers_wish_is_heard() {
    let script = vec![refused(500, ""), refused(500, ""), written()];
    check(script, 4, &["0.00", "0.50", "1.50"], "beating").await;
    let busy = refused(429, "Retry-After: 20\r\n");
    check(vec![busy, written()], 22, &["0.00", "20.50"], "beating").await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_where_it_is_not_wanted() {
    for (wanted, state) in [(OTHERS, "others"), (NOBODYS, "idle")] {
        let run = Run { resources: &[], seconds: 60, beat: Some(wanted), ..Run::default() };
        let outcome = run.play().await;
        assert_eq!(outcome.requests, Vec::<String>::new(), "{state}");
        let line = format!("plimsoll_heartbeat_state{{state=\"{state}\"}} 1");
        assert!(outcome.metrics.contains(&line), "{state}");
    }
}
