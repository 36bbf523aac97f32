//! The state machine: ready, join, complete.

use std::time::Duration;

use hashbrown::HashMap;

use crate::answer::{Answer, Ask, Fetched, Given, Kind};
use crate::entry::Entry;
use crate::key::{Key, KeyedHash};
use crate::settings::Settings;
use crate::store::Store;

/// A fetch that has not ended after this time is lost (its task is gone): the next who asks leads again. Longer than any
/// deadline of a query.
const FLIGHT_LONGEST: Duration = Duration::from_secs(15);

/// Fetches at once: 2 KiB each with their tasks and sockets would be 128 MiB.
const FLIGHTS_MAX: usize = 65_536;

/// What to do about a question that has no ready answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// Ask the upstream; others wait for this.
    Lead {
        /// A stale answer may be taken at this time.
        stale_at: Option<Duration>,
    },
    /// Somebody asks already: wait for that.
    Wait {
        /// A stale answer may be taken at this time.
        stale_at: Option<Duration>,
    },
    /// Too many questions are out: say SERVFAIL.
    Full,
}

/// Counts since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Answers given while good, positive ones.
    pub hits_positive: u64,
    /// Answers given while good, negative ones.
    pub hits_negative: u64,
    /// Failures given from memory.
    pub hits_failure: u64,
    /// Answers given stale.
    pub stale: u64,
    /// Questions that led to one of an upstream.
    pub misses: u64,
    /// Questions that joined one that was out already.
    pub coalesced: u64,
    /// Fetches in the background.
    pub refreshes: u64,
    /// Answers put out to make room.
    pub evictions: u64,
    /// Entries now.
    pub entries: u64,
    /// Octets now.
    pub bytes: u64,
}

/// See the crate.
#[derive(Debug)]
pub struct Cache {
    settings: Settings,
    store: Store,
    flights: HashMap<Box<[u8]>, Duration, KeyedHash>,
    stats: Stats,
}

impl Cache {
    /// An empty cache.
    pub fn new(settings: Settings) -> Self {
        let store = Store::new(settings.bytes_max, settings.hash_key);
        let flights = HashMap::with_hasher(KeyedHash(settings.hash_key));
        Self { settings, store, flights, stats: Stats::default() }
    }

    /// Appends an answer when no waiting is needed: a good one, a failure remembered, a stale one while its upstream is not
    /// to be asked (or always, with a client timeout of zero).
    pub fn ready(&mut self, now: Duration, key: Key<'_>, ask: &Ask<'_>, out: &mut Vec<u8>) -> Option<Given> {
        let at = self.best(now, key)?;
        self.store.touch(at);
        if self.store.entry(at).is_fresh(now) {
            return self.ready_fresh(now, at, key, ask, out);
        }
        if let Some(stale) = self.settings.stale
            && self.store.entry(at).is_stale(now, &stale)
        {
            let rechecking = now < self.store.entry(at).recheck_at;
            if !rechecking && !stale.client_timeout.is_zero() {
                return None;
            }
            let mut given = self.store.entry(at).give_stale(now, &stale, ask, out)?;
            self.stats.stale += 1;
            given.refresh = !rechecking && self.take_off(now, key);
            return Some(given);
        }
        if self.store.entry(at).failed(now) {
            self.stats.hits_failure += 1;
            return self.store.entry(at).give_failure(now, ask, out);
        }
        None
    }

    fn ready_fresh(
        &mut self,
        now: Duration,
        at: u32,
        key: Key<'_>,
        ask: &Ask<'_>,
        out: &mut Vec<u8>,
    ) -> Option<Given> {
        let due = self.store.entry_mut(at).hit(now, self.settings.prefetch.as_ref());
        let mut given = self.store.entry(at).give(now, ask, out)?;
        match given.kind {
            Kind::Positive => self.stats.hits_positive += 1,
            _ => self.stats.hits_negative += 1,
        }
        given.refresh = due && self.take_off(now, key);
        Some(given)
    }

    /// Begins a fetch in the background unless one is under way.
    fn take_off(&mut self, now: Duration, key: Key<'_>) -> bool {
        if self.flight(now, key).is_some() || self.flights.len() >= FLIGHTS_MAX {
            return false;
        }
        self.flights.insert(key.to_bytes(), now);
        self.stats.refreshes += 1;
        true
    }

    /// After [`Cache::ready`] had nothing: who asks the upstream.
    pub fn join(&mut self, now: Duration, key: Key<'_>) -> Joined {
        let stale = self
            .settings
            .stale
            .filter(|stale| self.best(now, key).is_some_and(|at| self.store.entry(at).is_stale(now, stale)));
        if let Some(since) = self.flight(now, key) {
            self.stats.coalesced += 1;
            // The first who asked has waited since then; those who come later need not wait longer than that.
            return Joined::Wait { stale_at: stale.map(|stale| (since + stale.client_timeout).max(now)) };
        }
        if self.flights.len() >= FLIGHTS_MAX {
            return Joined::Full;
        }
        self.flights.insert(key.to_bytes(), now);
        self.stats.misses += 1;
        Joined::Lead { stale_at: stale.map(|stale| now + stale.client_timeout) }
    }

    /// Appends the stale answer: the client has waited long enough, or the fetch failed.
    pub fn stale(&mut self, now: Duration, key: Key<'_>, ask: &Ask<'_>, out: &mut Vec<u8>) -> Option<Given> {
        let stale = self.settings.stale?;
        let at = self.best(now, key)?;
        let entry = self.store.entry(at);
        if entry.is_fresh(now) {
            return entry.give(now, ask, out);
        }
        if !entry.is_stale(now, &stale) {
            return None;
        }
        let given = entry.give_stale(now, &stale, ask, out);
        self.store.touch(at);
        self.stats.stale += 1;
        given
    }

    /// A fetch has ended. `jitter` spreads the time of the next early fetch and of the next attempt after a failure.
    pub fn complete(&mut self, now: Duration, key: Key<'_>, fetched: &Fetched<'_>, jitter: f64) {
        self.flights.remove(&key.to_bytes());
        match fetched {
            Fetched::Good(answer) => self.learn(now, key, answer, jitter),
            Fetched::Bad(message) => self.failed(now, key, message.as_ref(), jitter),
        }
    }

    fn learn(&mut self, now: Duration, key: Key<'_>, answer: &Answer<'_>, jitter: f64) {
        let bounds =
            if answer.kind == Kind::Positive { self.settings.positive } else { self.settings.negative };
        let Some(ttl) = answer.ttl_seconds else { return };
        if bounds.of(ttl) == 0 && self.settings.stale.is_none() {
            self.store.remove(key);
            return;
        }
        // NXDOMAIN says that no type is there, and any other good answer that the name is.
        let (kept_under, gone) = match answer.kind {
            Kind::NxDomain => (key.of_name(), key),
            _ => (key, key.of_name()),
        };
        self.store.remove(gone);
        let settings = &self.settings;
        self.store.update(kept_under, |entry| entry.store(now, answer, ttl, settings, jitter));
    }

    /// A failure never takes the place of an answer (RFC 8767, 5): it only says when to ask again.
    fn failed(&mut self, now: Duration, key: Key<'_>, message: Option<&Answer<'_>>, jitter: f64) {
        if let Some(stale) = self.settings.stale
            && let Some(at) = self.best(now, key)
            && (self.store.entry(at).is_fresh(now) || self.store.entry(at).is_stale(now, &stale))
        {
            // Up to a tenth later, so that what failed together does not come back together.
            self.store.entry_mut(at).recheck_at =
                now + stale.recheck.mul_f64(1.0 + 0.1 * jitter.clamp(0.0, 1.0));
            return;
        }
        if self.best(now, key).is_some_and(|at| self.store.entry(at).is_fresh(now)) {
            return;
        }
        if let Some(message) = message
            && !self.settings.failure.is_zero()
        {
            let keep = self.settings.failure;
            self.store.update(key, |entry| entry.fail(now, message, keep));
        }
    }

    /// The fetch in the background did not take place; not before `until` again.
    pub fn postpone(&mut self, now: Duration, key: Key<'_>, until: Duration) {
        self.flights.remove(&key.to_bytes());
        if let Some(at) = self.best(now, key) {
            let entry = self.store.entry_mut(at);
            entry.recheck_at = entry.recheck_at.max(until);
        }
    }

    /// Forgets a few of those that cannot be given any more; to be called now and then.
    pub fn sweep(&mut self, now: Duration) {
        /// Oldest first: those are the ones that nobody asks for. A few at a time: the lock is not held for long.
        const COUNT: usize = 64;
        let longest = self.settings.stale.map_or(Duration::ZERO, |stale| stale.longest);
        let stale = crate::Stale { longest, ..crate::Stale::default() };
        let keep = |entry: &Entry| entry.is_fresh(now) || entry.is_stale(now, &stale) || entry.failed(now);
        self.store.sweep(COUNT, keep);
    }

    /// Forgets everything that was learnt.
    pub fn clear(&mut self) {
        self.store.clear();
    }

    /// Counts.
    pub fn stats(&self) -> Stats {
        Stats {
            evictions: self.store.evictions(),
            entries: self.store.len() as u64,
            bytes: self.store.bytes() as u64,
            ..self.stats
        }
    }

    /// Positive and negative entries; looks at all of them.
    pub fn count_kinds(&self) -> (u64, u64) {
        let positive =
            |entry: &&Entry| entry.answer.as_ref().is_some_and(|stored| stored.kind == Kind::Positive);
        let known = self.store.entries().filter(|entry| entry.answer.is_some()).count();
        let positive = self.store.entries().filter(positive).count();
        (positive as u64, (known - positive) as u64)
    }

    /// What is known about this type, or about the name as a whole; what is good goes before what is old.
    fn best(&self, now: Duration, key: Key<'_>) -> Option<u32> {
        let exact = self.store.find(key);
        if exact.is_some_and(|at| self.store.entry(at).is_fresh(now)) {
            return exact;
        }
        let of_name = self.store.find(key.of_name());
        if of_name.is_some_and(|at| self.store.entry(at).is_fresh(now)) {
            return of_name;
        }
        // Both are old, or one is only a failure: the later answer.
        let learnt = |at: &u32| self.store.entry(*at).answer.as_ref().map(|stored| stored.at);
        exact.into_iter().chain(of_name).filter(|at| learnt(at).is_some()).max_by_key(learnt).or(exact)
    }

    fn flight(&self, now: Duration, key: Key<'_>) -> Option<Duration> {
        let since = *self.flights.get(&key.to_bytes())?;
        (now.saturating_sub(since) < FLIGHT_LONGEST).then_some(since)
    }
}
