//! Any order of crashes, reboots, full disks, lost disks, clock jumps, forged, doubled and late tokens, and of a controller
//! that says anything: no node runs what is not known to be good past its deadline, never two at once, and every node runs
//! what it should once the faults stop.
//!
//! `MODEL_SEEDS=1000000 cargo test --release --package confirmation --test model` for a long run; `MODEL_FIRST` for one seed.

mod controller;
mod node;
mod world;

use world::World;

/// Seeds of an ordinary run. The bar is 10,000 in CI.
const SEEDS: u64 = 10_000;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn no_order_of_faults_keeps_a_bad_revision_running() {
    let first = number("MODEL_FIRST", 0);
    let mut seen = world::Seen::default();
    for seed in first..first + number("MODEL_SEEDS", SEEDS) {
        let mut world = World::new(seed);
        world.run_with_faults();
        world.settle();
        seen.add(world.seen());
    }
    // A model in which nothing happens proves nothing.
    assert!(first > 0 || seen.everything(), "{seen:?}");
}
