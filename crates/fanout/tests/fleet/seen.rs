//! What is seen of the world.

use std::hash::Hasher as _;
use std::ops::Range;
use std::time::Duration;

use fanout::{Follows, ItemKey, Publisher, Stats, Topic};

use super::{NAMES, World};

impl World {
    pub(crate) fn synced(&self) -> usize {
        self.synced
    }

    pub(crate) fn stats(&self) -> Stats {
        self.hub.as_ref().map(Publisher::stats).unwrap_or_default()
    }

    pub(crate) fn chunk_bytes(&self, agent: usize) -> u64 {
        self.agents[agent].subscriber.stats().chunk_bytes_received
    }

    pub(crate) fn trace(&self) -> u64 {
        self.trace.finish()
    }

    /// Agents whose set is not what it should be.
    pub(crate) fn lagging(&self, agents: Range<usize>) -> usize {
        agents.filter(|&agent| !self.has_all(agent)).count()
    }

    pub(crate) fn report(&self, what: &str, took: Duration) -> String {
        let stats = self.stats();
        format!(
            "{what}: synced after {:.1} s; admissions {} (peak {}/s of {}), come-backs {}, snapshots {} (peak {} of {}, \
             waiting {} of {}), deltas {}, queue peak {} of {} and {} of {}, {} bytes",
            took.as_secs_f64(),
            stats.admissions,
            self.accepts_peak,
            self.limits.accepts_per_second + self.limits.accept_burst,
            stats.come_backs,
            stats.snapshots,
            stats.snapshots_running_peak,
            self.limits.snapshots_max,
            stats.snapshots_waiting_peak,
            self.limits.snapshots_waiting_max,
            stats.deltas,
            stats.queue_changes_peak,
            self.limits.node.log_changes_max,
            stats.broadcast_queue_changes_peak,
            self.limits.broadcast.log_changes_max,
            stats.bytes_sent,
        )
    }

    fn has_all(&self, agent: usize) -> bool {
        let agent = &self.agents[agent];
        let (topic, model) = match agent.follows {
            Follows::NODE => (Topic::PODS, &self.model[agent.node]),
            _ => (NAMES, &self.names),
        };
        let shown = agent.shown.range(ItemKey::range_of(topic)).map(|(item, value)| (&item.key, value));
        shown.eq(model.iter()) && agent.shown.len() == model.len()
    }

    /// Sessions' owners whose last pulse is not the newest.
    pub(crate) fn without_pulse(&self, agents: Range<usize>) -> usize {
        agents.filter(|&agent| self.agents[agent].pulse != self.pulse).count()
    }

    pub(super) fn check_bounds(&self) {
        let (stats, limits) = (self.stats(), &self.limits);
        assert!(stats.queue_changes_peak <= limits.node.log_changes_max, "{stats:?}");
        assert!(stats.broadcast_queue_changes_peak <= limits.broadcast.log_changes_max, "{stats:?}");
        assert!(stats.snapshots_running_peak <= limits.snapshots_max, "{stats:?}");
        assert!(stats.snapshots_waiting_peak <= limits.snapshots_waiting_max, "{stats:?}");
        let accepts_max = (limits.accepts_per_second + limits.accept_burst) as usize;
        assert!(self.accepts_peak <= accepts_max, "{} admissions in a second", self.accepts_peak);
        assert_eq!((stats.violations, stats.resyncs), (0, 0), "{stats:?}");
    }
}
