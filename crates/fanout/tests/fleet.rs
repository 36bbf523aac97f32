//! 5,000 agents and one hub in virtual time: everything that may happen to all of them at once.
//!
//! `cargo test -p fanout --test fleet -- --nocapture` prints the measured figures.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests; the figures are for people")]

#[path = "fleet/world.rs"]
mod world;

use std::time::Duration;

use fanout::{FeedLimits, Limits};
use world::{Plan, World};

const AGENTS: usize = 5_000;
const PODS: usize = 10;
const SERVICES: usize = 500;
/// The bar.
const SYNCED_WITHIN: Duration = Duration::from_secs(60);

/// Nodes with an agent each, every tenth of them with a DNS server beside it.
fn plan(agents: usize) -> Plan {
    Plan { agents, dns: agents / 10, pods: PODS, services: SERVICES, limits: Limits::default() }
}

/// One day in the life of a fleet. Returns the hash of everything that happened, in order.
fn day(seed: u64, agents: usize) -> u64 {
    let mut world = World::new(seed, plan(agents));
    let (dns, everybody) = (agents / 10, agents + agents / 10);
    let report = |world: &World, what: &str, took: Duration| println!("{}", world.report(what, took));

    let took = world.until_synced("cold start", SYNCED_WITHIN);
    report(&world, "cold start, all at once", took);
    assert_eq!(world.stats().snapshots, everybody as u64, "one snapshot each");
    assert_eq!((world.stats().agents_connected, world.stats().names_connected), (agents, dns));
    world.beat();
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.without_pulse(agents..everybody), 0, "every DNS server has the pulse");
    assert_eq!(world.stats().pulses, 2 * dns as u64, "and nobody else: one on admission, one now");

    world.stop_hub();
    world.run_for(Duration::from_secs(5));
    world.beat();
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
    assert_eq!(world.lagging(agents..everybody), 0);

    let before = world.stats();
    world.reset_all_streams();
    for node in 0..agents / 5 {
        world.replace_pod(node);
    }
    (0..SERVICES).step_by(5).for_each(|service| world.change_service(service));
    let took = world.until_synced("all streams reset", SYNCED_WITHIN);
    report(&world, "all streams reset, 20 % changed meanwhile", took);
    assert_eq!(world.stats().snapshots, before.snapshots, "deltas only");
    assert!(world.stats().deltas - before.deltas <= agents as u64 / 5 + dns as u64);

    world.partition(0..agents / 2);
    world.partition(agents..agents + dns / 2);
    for second in 0..60 {
        for node in 0..50 {
            world.replace_pod((second * 50 + node) * 7 % agents);
        }
        world.change_service(second % SERVICES);
        world.run_for(Duration::from_secs(1));
    }
    assert!(world.synced() <= everybody - agents / 2 - dns / 2, "silence is noticed");
    world.heal();
    let took = world.until_synced("partition healed", SYNCED_WITHIN);
    report(&world, "half partitioned for 60 s, then healed", took);

    world.slow(0..50, Duration::from_secs(2));
    world.slow(50..60, Duration::from_secs(600));
    let before = world.stats();
    for second in 0..60 {
        if second % 6 == 0 {
            world.change_service(second);
            world.beat();
        }
        for node in 0..100 {
            world.replace_pod(node);
        }
        world.run_for(Duration::from_secs(1));
    }
    assert_eq!(world.lagging(60..everybody), 0, "the others don't notice");
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
    let bytes = |agents: usize, dns: usize, services: usize| {
        let mut world = World::new(7, Plan { dns, services, ..plan(agents) });
        world.until_synced("cold start", SYNCED_WITHIN);
        world.replace_pod(3);
        for service in 0..services {
            world.change_service(service);
            world.beat();
        }
        world.run_for(Duration::from_secs(120));
        world.chunk_bytes(3)
    };
    let (small, large, with_dns) = (bytes(10, 0, 0), bytes(1_000, 0, 1_000), bytes(100, 100, 1_000));
    println!(
        "agent of 10: {small} bytes, agent of 1,000: {large} bytes, with DNS beside it: {with_dns} bytes"
    );
    assert_eq!([small, small], [large, with_dns]);
}

#[test]
fn a_change_of_names_costs_what_it_is() {
    const CHANGES: usize = 2_000;
    let mut world = World::new(5, Plan { dns: 20, services: 10_000, ..plan(20) });
    world.until_synced("cold start", SYNCED_WITHIN);
    let (before, whole) = (world.stats(), world.chunk_bytes(20));
    for change in 0..CHANGES {
        world.change_service(change * 7 % 10_000);
        world.run_for(Duration::from_millis(1));
    }
    let took = world.until_synced("changes", Duration::from_secs(1));
    println!("{}", world.report("2,000 changes of 10,000 services in 2 s", took));
    let (after, bytes) = (world.stats(), world.chunk_bytes(20) - whole);
    println!("snapshot {whole} bytes, changes {bytes} bytes: {} each", bytes as usize / CHANGES);
    assert_eq!((after.snapshots, after.collapses), (before.snapshots, 0));
    // Key, value, and at most 64 bytes of framing: some changes to a chunk.
    assert!(bytes as usize <= CHANGES * (31 + 200 + 64), "{bytes}");
    world.beat();
    world.run_for(Duration::from_millis(200));
    assert_eq!(world.without_pulse(20..40), 0);
}

#[test]
fn a_dns_server_that_was_away_for_too_long_takes_what_differs() {
    let mut world = World::new(6, Plan { dns: 10, services: 1_000, ..plan(10) });
    world.until_synced("cold start", SYNCED_WITHIN);
    world.partition(10..15);
    let limit = FeedLimits::BROADCAST.log_changes_max;
    world.run_for(Duration::from_secs(60));
    (0..1_000).for_each(|service| world.change_service(service));
    world.stop_hub();
    world.start_hub();
    world.heal();
    world.until_synced("healed, another hub", SYNCED_WITHIN);
    assert!(world.stats().snapshots >= 5 && world.stats().broadcast_queue_changes_peak <= limit);
}

#[test]
fn a_hub_that_is_not_ready_takes_nothing_from_anybody() {
    let mut world = World::new(3, plan(50));
    world.until_synced("cold start", SYNCED_WITHIN);
    world.stop_hub();
    world.start_hub_empty();
    world.run_for(Duration::from_secs(120));
    assert_eq!(world.synced(), 0);
    assert_eq!(world.lagging(0..55), 0, "all keep what they have");
    world.fill_hub();
    world.until_synced("hub ready", SYNCED_WITHIN);
    assert_eq!(world.stats().snapshots, 0);
}

#[test]
fn bounds_hold_when_they_are_small() {
    let feed = FeedLimits { log_changes_max: 8, log_removals_max: 2, ..FeedLimits::NODE };
    let limits = Limits {
        accepts_per_second: 20,
        accept_burst: 5,
        snapshots_max: 2,
        snapshots_waiting_max: 3,
        node: feed,
        broadcast: feed,
        ..Limits::default()
    };
    let mut world = World::new(11, Plan { limits, ..plan(200) });
    world.until_synced("cold start", SYNCED_WITHIN);
    world.slow(0..20, Duration::from_secs(1));
    world.slow(200..205, Duration::from_secs(1));
    for _ in 0..30 {
        for node in 0..40 {
            world.replace_pod(node);
            world.change_service(node);
        }
        world.run_for(Duration::from_millis(300));
    }
    world.slow(0..20, Duration::ZERO);
    world.slow(200..205, Duration::ZERO);
    world.until_synced("after churn", SYNCED_WITHIN);
    assert!(world.stats().collapses > 0, "queues overflowed: {:?}", world.stats());
}
