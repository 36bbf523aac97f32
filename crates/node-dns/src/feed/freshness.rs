//! How old the zone is, read by every thread that answers.

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use service_names::payload::HeartbeatItem;

use crate::pipeline::knowledge::{Freshness, Origin};

/// Proofs of how current the zone is. All times are of the monotonic clock.
///
/// Milliseconds in atomics: what answers reads them for each batch of queries.
#[derive(Debug)]
pub(crate) struct Proofs {
    origin: AtomicU8,
    /// When the zone was last shown to be current (plus one; 0: never), and how old it was even then.
    proven_at: AtomicU64,
    proven_age: AtomicU64,
}

/// What the heartbeat says; kept by the task that follows the hub.
#[derive(Debug, Default)]
pub(crate) struct Heartbeats {
    newest: Option<HeartbeatItem>,
    /// When the last one of this stream came, and how old the path's news was then.
    beaten: Option<(Duration, Duration)>,
    /// The hub says that nobody writes any.
    none: bool,
}

/// A heartbeat that is late by this much is missing: three of the hub's beats of 5 s.
pub(crate) const BEAT_MISSING: Duration = Duration::from_secs(15);

/// By number, as [`Proofs`] keeps it.
pub(super) const ORIGINS: [Origin; 4] = [Origin::Nothing, Origin::Disk, Origin::Hub, Origin::Live];

impl Default for Proofs {
    fn default() -> Self {
        Self { origin: AtomicU8::new(0), proven_at: AtomicU64::new(0), proven_age: AtomicU64::new(0) }
    }
}

impl Proofs {
    /// Where the zone comes from now.
    pub(crate) fn origin(&self) -> Origin {
        ORIGINS[usize::from(self.origin.load(Ordering::Relaxed)) % ORIGINS.len()]
    }

    pub(crate) fn set_origin(&self, origin: Origin) {
        let number = ORIGINS.iter().position(|known| *known == origin).unwrap_or_default();
        self.origin.store(number as u8, Ordering::Relaxed);
    }

    /// Both at once, for who answers.
    pub(crate) fn freshness(&self, now: Duration) -> Freshness {
        let origin = self.origin();
        let age = if origin == Origin::Nothing { None } else { self.age(now) };
        Freshness { origin, age }
    }

    /// The zone was `age` old at `now`.
    pub(crate) fn prove(&self, age: Duration, now: Duration) {
        // A reader between the two sees an age that is off by what lies between two proofs, once.
        self.proven_age.store(millis(age), Ordering::Relaxed);
        self.proven_at.store(millis(now).saturating_add(1), Ordering::Relaxed);
    }

    /// How old the zone is; `None` when there is none, or nothing is known about its age.
    pub(crate) fn age(&self, now: Duration) -> Option<Duration> {
        let at = self.proven_at.load(Ordering::Relaxed).checked_sub(1)?;
        let age = self.proven_age.load(Ordering::Relaxed);
        Some(Duration::from_millis(age.saturating_add(millis(now).saturating_sub(at))))
    }
}

impl Heartbeats {
    /// From the disk: what was the newest.
    pub(crate) fn restore(&mut self, item: HeartbeatItem) {
        self.newest = Some(item);
    }

    /// A stream began: its first heartbeat may be an old one that the hub repeats.
    pub(crate) fn stream_began(&mut self) {
        self.beaten = None;
    }

    /// There is no heartbeat.
    pub(crate) fn none(&mut self) {
        (self.none, self.beaten) = (true, None);
    }

    /// Takes a heartbeat; returns how old the path's news is, when it is news.
    ///
    /// Within a stream a new one has just come through all of the path, and its own two times, by one clock, say how long
    /// that took. The first of a stream may be old: only this node's wall clock, which may be wrong, can say how old.
    pub(crate) fn take(&mut self, item: HeartbeatItem, now: Duration, wall: Duration) -> Option<Duration> {
        self.none = false;
        let first = self.beaten.is_none();
        let same = self.newest.as_ref().is_some_and(|newest| newest.written_unix_ms == item.written_unix_ms);
        if same && !first {
            return None;
        }
        let passed = |until: u64| Duration::from_millis(until.saturating_sub(item.written_unix_ms));
        let age = if first { passed(millis(wall)) } else { passed(item.seen_unix_ms) };
        self.beaten = Some((now, age));
        self.newest = Some(item);
        Some(age)
    }

    /// Whether heartbeats are what the age goes by.
    pub(crate) fn expected(&self) -> bool {
        self.newest.is_some() && !self.none
    }

    /// Whether what the last one proved is still below [`BEAT_MISSING`] of age.
    pub(crate) fn alive(&self, now: Duration) -> bool {
        self.beaten.is_some_and(|(at, age)| now.saturating_sub(at) + age < BEAT_MISSING)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
