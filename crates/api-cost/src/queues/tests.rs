//! The outage's shape, and a restart.

use super::*;
use crate::coefficients::CostModel;
use crate::samples::{cluster, profile, request};

fn meet_at(nodes: f64, words: &str, mode: Mode) -> Vec<Met> {
    let cluster = cluster("1.36", nodes);
    let profile = profile(vec![request(words)]);
    let all = queues(&Question::new(&profile, &cluster), &CostModel::shipped().coefficients, nodes, 1);
    all.into_iter().find(|queues| queues.mode == mode).expect("simulated").met
}

/// The outage's shape. At 50 nodes nobody waits; at 5,000 the lists are refused, and the leases, which have seats of their own,
/// are late because no CPU is left.
#[test]
fn lists_are_refused_before_leases_are_late() {
    let small = meet_at(50.0, "list rv0 json every=60", Mode::Steady);
    assert!(
        small.iter().all(|met| met.wait.rejected() == 0.0 && met.wait.queued_seconds_p99 < 0.1),
        "{small:?}"
    );
    let large = meet_at(5000.0, "list rv0 json every=60", Mode::Steady);
    let [leases, election, lists] = &large[..] else { panic!("{large:?}") };
    assert_eq!((leases.level, election.level, lists.level), ("node-high", "leader-election", "workload-low"));
    assert!(lists.wait.rejected() > 0.5, "{lists:?}");
    assert!(lists.wait.retry_after_seconds > 1, "{lists:?}");
    assert!(leases.wait.answered_seconds_p99 > 50.0 * small[0].wait.answered_seconds_p99, "{leases:?}");
}

#[test]
fn a_restart_of_everything_is_worse_than_every_minute() {
    let words = "list rv0 json node";
    let steady = meet_at(2000.0, words, Mode::Steady);
    let storm = meet_at(2000.0, words, Mode::RestartAll);
    assert!(storm[2].wait.requests > 10 * steady[2].wait.requests.max(1), "{storm:?} {steady:?}");
}
