//! 5,000 agents and one hub in virtual time: everything that may happen to all of them at once.
//!
//! `cargo test -p fanout --test fleet -- --nocapture` prints the measured figures.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests; the figures are for people")]

#[path = "fleet/world.rs"]
mod world;

use std::time::Duration;

use fanout::Limits;
use world::World;

const AGENTS: usize = 5_000;
const PODS: usize = 10;
/// The bar.
const SYNCED_WITHIN: Duration = Duration::from_secs(60);

/// One day in the life of a fleet. Returns the hash of everything that happened, in order.
fn day(seed: u64, agents: usize) -> u64 {
    let mut world = World::new(seed, agents, PODS);
    let report = |world: &World, what: &str, took: Duration| println!("{}", world.report(what, took));

    let took = world.until_synced("cold start", SYNCED_WITHIN);
    report(&world, "cold start, all at once", took);
    assert_eq!(world.stats().snapshots, agents as u64, "one snapshot each");

    world.stop_hub();
    world.run_for(Duration::from_secs(5));
    world.start_hub();
    let took = world.until_synced("restart, same content", SYNCED_WITHIN);
    report(&world, "hub restart, same content", took);
    let stats = world.stats();
    assert_eq!((stats.snapshots, stats.deltas), (0, 0), "the hash says that nothing is to be sent");

    world.stop_hub();
    for node in 0..agents / 10 {
        world.replace_pod(node);
    }
    world.run_for(Duration::from_secs(5));
    world.start_hub();
    let took = world.until_synced("restart, other content", SYNCED_WITHIN);
    report(&world, "hub restart, 10 % changed", took);
    assert_eq!(world.stats().snapshots, agents as u64 / 10, "only to the nodes that changed");

    let before = world.stats();
    world.reset_all_streams();
    for node in 0..agents / 5 {
        world.replace_pod(node);
    }
    let took = world.until_synced("all streams reset", SYNCED_WITHIN);
    report(&world, "all streams reset, 20 % changed meanwhile", took);
    assert_eq!(world.stats().snapshots, before.snapshots, "deltas only");
    assert!(world.stats().deltas - before.deltas <= agents as u64 / 5);

    world.partition(agents / 2);
    for second in 0..60 {
        for node in 0..50 {
            world.replace_pod((second * 50 + node) * 7 % agents);
        }
        world.run_for(Duration::from_secs(1));
    }
    assert!(world.synced() <= agents / 2, "silence is noticed");
    world.heal();
    let took = world.until_synced("partition healed", SYNCED_WITHIN);
    report(&world, "half partitioned for 60 s, then healed", took);

    world.slow(0..50, Duration::from_secs(2));
    world.slow(50..60, Duration::from_secs(600));
    let before = world.stats();
    for second in 0..60 {
        if second % 6 == 0 {
            world.broadcast();
        }
        for node in 0..100 {
            world.replace_pod(node);
        }
        world.run_for(Duration::from_secs(1));
    }
    assert_eq!(world.lagging(60..agents), 0, "the others don't notice");
    assert_eq!(world.stats().stalled - before.stalled, 10, "who takes nothing is closed");
    world.slow(0..60, Duration::ZERO);
    let took = world.until_synced("slow agents", SYNCED_WITHIN);
    report(&world, "60 slow agents are well again", took);

    world.trace()
}

#[test]
fn a_fleet_comes_back_within_a_minute_and_within_bounds() {
    day(1, AGENTS);
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    assert_eq!(day(2, AGENTS / 10), day(2, AGENTS / 10));
    assert_ne!(day(2, 100), day(3, 100));
}

#[test]
fn bytes_to_an_agent_do_not_depend_on_the_cluster() {
    let bytes = |agents: usize| {
        let mut world = World::new(7, agents, PODS);
        world.until_synced("cold start", SYNCED_WITHIN);
        world.replace_pod(3);
        world.run_for(Duration::from_secs(120));
        world.chunk_bytes(3)
    };
    let (small, large) = (bytes(10), bytes(1_000));
    println!("agent of 10: {small} bytes, agent of 1,000: {large} bytes");
    assert_eq!(small, large);
}

#[test]
fn a_hub_that_is_not_ready_takes_nothing_from_anybody() {
    let mut world = World::new(3, 50, PODS);
    world.until_synced("cold start", SYNCED_WITHIN);
    world.stop_hub();
    world.start_hub_empty();
    world.run_for(Duration::from_secs(120));
    assert_eq!(world.synced(), 0);
    assert_eq!(world.lagging(0..50), 0, "all keep what they have");
    world.fill_hub();
    world.until_synced("hub ready", SYNCED_WITHIN);
    assert_eq!(world.stats().snapshots, 0);
}

#[test]
fn bounds_hold_when_they_are_small() {
    let limits = Limits {
        accepts_per_second: 20,
        accept_burst: 5,
        snapshots_max: 2,
        snapshots_waiting_max: 3,
        log_changes_max: 8,
        log_removals_max: 2,
        ..Limits::default()
    };
    let mut world = World::with_limits(11, 200, PODS, limits);
    world.until_synced("cold start", SYNCED_WITHIN);
    world.slow(0..20, Duration::from_secs(1));
    for _ in 0..30 {
        for node in 0..40 {
            world.replace_pod(node);
        }
        world.run_for(Duration::from_millis(300));
    }
    world.slow(0..20, Duration::ZERO);
    world.until_synced("after churn", SYNCED_WITHIN);
    assert!(world.stats().collapses > 0, "queues overflowed: {:?}", world.stats());
}
