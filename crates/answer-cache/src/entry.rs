//! What is known about one question.

use std::time::Duration;

use crate::answer::{self, Answer, Ask, Given, Kind};
use crate::settings::{Bounds, Prefetch, Settings, Stale, TTL_SECONDS_MAX};

/// A good answer and what came of the last attempt to get a newer one.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub(crate) answer: Option<Stored>,
    pub(crate) failure: Option<Failure>,
    /// The upstream is not asked before: it failed a moment ago, or there is no room in its budget.
    pub(crate) recheck_at: Duration,
    hits: u32,
    last_hit: Duration,
}

/// A good answer.
#[derive(Debug)]
pub(crate) struct Stored {
    message: Box<[u8]>,
    ttl_positions: Box<[u16]>,
    error: Option<(u16, Box<str>)>,
    pub(crate) kind: Kind,
    bounds: Bounds,
    pub(crate) at: Duration,
    expires: Duration,
    prefetch_at: Duration,
}

/// A failure, while there is nothing better.
#[derive(Debug)]
pub(crate) struct Failure {
    message: Box<[u8]>,
    error: Option<(u16, Box<str>)>,
    at: Duration,
    pub(crate) until: Duration,
}

impl Entry {
    /// Octets beyond its own fields.
    pub(crate) fn bytes(&self) -> usize {
        let answer = self.answer.as_ref().map_or(0, |stored| {
            stored.message.len() + 2 * stored.ttl_positions.len() + text_bytes(stored.error.as_ref())
        });
        let failure = self
            .failure
            .as_ref()
            .map_or(0, |failure| failure.message.len() + text_bytes(failure.error.as_ref()));
        answer + failure
    }

    pub(crate) fn is_fresh(&self, now: Duration) -> bool {
        self.answer.as_ref().is_some_and(|stored| now < stored.expires)
    }

    /// Not fresh, and not too old to be given.
    pub(crate) fn is_stale(&self, now: Duration, stale: &Stale) -> bool {
        self.answer
            .as_ref()
            .is_some_and(|stored| now >= stored.expires && now < stored.expires + stale.longest)
    }

    pub(crate) fn failed(&self, now: Duration) -> bool {
        self.failure.as_ref().is_some_and(|failure| now < failure.until)
    }

    /// Counts a hit; true when it is time to fetch early.
    pub(crate) fn hit(&mut self, now: Duration, prefetch: Option<&Prefetch>) -> bool {
        let Some(prefetch) = prefetch else { return false };
        let gap = now.saturating_sub(self.last_hit);
        self.hits = if gap >= prefetch.gap { 1 } else { self.hits.saturating_add(1) };
        self.last_hit = now;
        let due = self.answer.as_ref().is_some_and(|stored| now >= stored.prefetch_at);
        due && self.hits >= prefetch.hits_min && now >= self.recheck_at
    }

    /// Appends the fresh answer.
    pub(crate) fn give(&self, now: Duration, ask: &Ask<'_>, out: &mut Vec<u8>) -> Option<Given> {
        let stored = self.answer.as_ref()?;
        let elapsed = u32::try_from(now.saturating_sub(stored.at).as_secs()).unwrap_or(u32::MAX);
        let ttl = |ttl: u32| stored.bounds.of(ttl).saturating_sub(elapsed);
        answer::append(&stored.message, &stored.ttl_positions, ask, ttl, out);
        Some(stored.given(now, false))
    }

    /// Appends the answer although it is old.
    pub(crate) fn give_stale(
        &self,
        now: Duration,
        stale: &Stale,
        ask: &Ask<'_>,
        out: &mut Vec<u8>,
    ) -> Option<Given> {
        let stored = self.answer.as_ref()?;
        answer::append(&stored.message, &stored.ttl_positions, ask, |_| stale.ttl_seconds, out);
        Some(stored.given(now, true))
    }

    /// Appends the failure.
    pub(crate) fn give_failure(&self, now: Duration, ask: &Ask<'_>, out: &mut Vec<u8>) -> Option<Given> {
        let failure = self.failure.as_ref()?;
        answer::append(&failure.message, &[], ask, |ttl| ttl, out);
        Some(Given {
            kind: Kind::Failure,
            stale: false,
            age: now.saturating_sub(failure.at),
            error: owned(failure.error.as_ref()),
            refresh: false,
        })
    }

    /// A good answer takes the place of everything; popularity stays.
    pub(crate) fn store(
        &mut self,
        now: Duration,
        answer: &Answer<'_>,
        ttl: u32,
        settings: &Settings,
        jitter: f64,
    ) {
        let bounds = if answer.kind == Kind::Positive { settings.positive } else { settings.negative };
        let lifetime = Duration::from_secs(u64::from(bounds.of(ttl)));
        let expires = now + lifetime;
        let percent = settings.prefetch.map_or(0, |prefetch| prefetch.percent);
        // Between the half and the whole of the last part: caches that were filled together are not refilled together.
        let early = lifetime.mul_f64(f64::from(percent) / 100.0 * (0.5 + 0.5 * jitter.clamp(0.0, 1.0)));
        self.answer = Some(Stored {
            message: answer.message.into(),
            ttl_positions: answer.ttl_positions.into(),
            error: answer.error.map(|(code, text)| (code, text.into())),
            kind: answer.kind,
            bounds,
            at: now,
            expires,
            prefetch_at: expires.saturating_sub(early),
        });
        self.failure = None;
        self.recheck_at = Duration::ZERO;
    }

    pub(crate) fn fail(&mut self, now: Duration, message: &Answer<'_>, keep: Duration) {
        self.failure = Some(Failure {
            message: message.message.into(),
            error: message.error.map(|(code, text)| (code, text.into())),
            at: now,
            until: now + keep,
        });
    }
}

impl Stored {
    fn given(&self, now: Duration, stale: bool) -> Given {
        Given {
            kind: self.kind,
            stale,
            age: now.saturating_sub(self.at),
            error: owned(self.error.as_ref()),
            refresh: false,
        }
    }
}

impl Bounds {
    /// A TTL within them; one with its highest bit set is a large one (RFC 8767, 4).
    pub(crate) fn of(&self, ttl: u32) -> u32 {
        ttl.max(self.seconds_min).min(self.seconds_max.min(TTL_SECONDS_MAX))
    }
}

fn owned(error: Option<&(u16, Box<str>)>) -> Option<(u16, String)> {
    error.map(|(code, text)| (*code, text.to_string()))
}

fn text_bytes(error: Option<&(u16, Box<str>)>) -> usize {
    error.map_or(0, |(_, text)| text.len())
}
