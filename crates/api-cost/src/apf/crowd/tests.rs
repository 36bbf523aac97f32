//! Crowds of which it is known what they meet.

use super::*;
use crate::apf::levels::PriorityLevel;

const ONE: Seats = Seats { initial: 1, last: 0, last_microseconds: 0 };
const LIST: Seats = Seats { initial: 10, last: 0, last_microseconds: 0 };

fn level(name: &str) -> usize {
    PriorityLevel::defaults().iter().position(|level| level.name == name).expect("a default level")
}

fn stream(name: &str, seats: Seats, per_second: f64, cpu_seconds: f64) -> Stream {
    Stream { level: level(name), flows: vec![1, 2, 3], seats, per_second, cpu_seconds, other_seconds: 0.0 }
}

fn meet(cores: f64, streams: Vec<Stream>) -> Vec<Wait> {
    let server = Server::new(&PriorityLevel::defaults(), 600, 0).expect("valid");
    crowd(Crowd { server, cores, request_timeout_seconds: 60.0, streams, seconds: 120.0 }, 7)
}

#[test]
fn nobody_waits_at_an_idle_server() {
    let [wait] = meet(4.0, vec![stream("workload-low", ONE, 50.0, 0.01)])[..] else { panic!() };
    assert!(wait.requests > 5000, "{wait:?}");
    assert_eq!((wait.queued_seconds_p99, wait.rejected()), (0.0, 0.0));
    assert!(wait.answered_seconds_p99 < 0.1, "{wait:?}");
}

/// Little's law: 5 of ten seats a second for 10 s each want 500 seats at a time, more than the level can borrow.
#[test]
fn wide_requests_fill_their_level_and_nobody_elses() {
    let streams = vec![
        stream("workload-low", LIST, 5.0, 10.0),
        stream("workload-low", ONE, 5.0, 0.001),
        stream("node-high", ONE, 50.0, 0.001),
    ];
    let [lists, small, leases] = meet(100.0, streams)[..] else { panic!() };
    assert!(lists.queued_seconds_p99 > 5.0, "{lists:?}");
    // Behind a wide request that does not fit, small ones wait as well.
    assert!(small.queued_seconds_p99 > 1.0, "{small:?}");
    assert_eq!(leases.queued_seconds_p99, 0.0);
    assert!(leases.answered_seconds_p99 < 0.1, "{leases:?}");
}

/// Seats keep queues apart, not the CPU: a lease renewal has its seat at once and is late all the same.
#[test]
fn on_a_server_that_is_full_small_requests_are_late() {
    let streams = vec![stream("workload-low", LIST, 5.0, 10.0), stream("node-high", ONE, 50.0, 0.001)];
    let [lists, leases] = meet(2.0, streams)[..] else { panic!() };
    assert!(lists.rejected() > 0.3, "{lists:?}");
    assert!(lists.retry_after_seconds >= 2, "{lists:?}");
    assert!(leases.answered_seconds_p99 > 0.5, "{leases:?}");
}

#[test]
fn the_same_seed_is_the_same_history() {
    let streams = || vec![stream("workload-low", LIST, 3.0, 5.0)];
    assert_eq!(meet(4.0, streams()), meet(4.0, streams()));
}
