//! The cluster lives: leases are renewed, containers restart, pods are replaced, Deployments roll.
//!
//! What one change entails (counts in owners, endpoints) follows in the same tick, so that a watcher sees a cluster that is
//! consistent but for moments, as a real one.

mod acts;
mod heartbeat;
mod settle;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use crate::population::Model;
use crate::store::Store;
use heartbeat::Heartbeats;

const TICK: Duration = Duration::from_millis(100);
/// Deployments that roll at the same time.
const ROLLOUTS_MAX: usize = 8;
/// A pod takes so long to start, and so long to end.
const START: Duration = Duration::from_millis(1500);
const END: Duration = Duration::from_millis(1200);

/// The state of the churn.
#[derive(Debug)]
pub(crate) struct Churn {
    model: Model,
    store: Store,
    per_second: f64,
    /// Changes that may be made by now.
    credit: f64,
    heartbeats: Heartbeats,
    /// Each act plans at most two, and each waits at most two seconds.
    follow_ups: BTreeMap<(Duration, u64), FollowUp>,
    follow_ups_made: u64,
    rollouts: Vec<Rollout>,
}

/// What happens a moment later.
#[derive(Debug, Clone)]
enum FollowUp {
    /// The containers of a pod are up.
    Started { app: usize, key: Box<str> },
    /// A pod is gone.
    Ended { app: usize, key: Box<str> },
}

/// A Deployment on its way to a new template.
#[derive(Debug, Clone)]
struct Rollout {
    app: usize,
    /// Key and uid of the ReplicaSet that shrinks.
    old_key: Box<str>,
    old_uid: String,
}

impl Churn {
    pub(crate) fn new(model: Model, store: Store, per_second: f64) -> Self {
        Self {
            model,
            store,
            per_second,
            credit: 0.0,
            heartbeats: Heartbeats::default(),
            follow_ups: BTreeMap::new(),
            follow_ups_made: 0,
            rollouts: Vec::new(),
        }
    }

    pub(crate) async fn run(mut self) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            self.tick();
        }
    }

    fn tick(&mut self) {
        self.heartbeats.beat(&self.store, &self.model.nodes, TICK);
        let now = self.store.clock.monotonic();
        while let Some(first) = self.follow_ups.first_entry().filter(|first| first.key().0 <= now) {
            let follow_up = first.remove();
            self.follow(&follow_up);
        }
        // A cluster that was asleep does not catch up.
        self.credit = (self.credit + self.per_second * TICK.as_secs_f64()).min(self.per_second.max(1.0));
        while self.credit >= 1.0 {
            let changes = self.act();
            self.credit -= changes.max(1) as f64;
        }
    }

    fn later(&mut self, after: Duration, follow_up: FollowUp) {
        self.follow_ups_made += 1;
        let due = self.store.clock.monotonic() + after;
        self.follow_ups.insert((due, self.follow_ups_made), follow_up);
    }
}
