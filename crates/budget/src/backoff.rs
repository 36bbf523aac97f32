//! How long to wait after a failure.

use std::time::Duration;

/// The first ceiling. One second is an eternity for a server that hiccuped and nothing for one that is down.
pub const BASE_SECONDS: f64 = 1.0;

/// The lowest cap. With 11 kinds that all fail, full jitter asks 11 times in an average of 15 s: less than one request a second.
pub const CAP_SECONDS_MIN: f64 = 30.0;

/// 2^20 times the base is 12 days: the cap has long been reached, and the shift cannot overflow.
const DOUBLINGS_MAX: u32 = 20;

/// How an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    /// Something answered: an error, a refusal, a reset. It costs the server little.
    Error,
    /// Nothing answered in time. The server may still be working on it: asking again makes it worse.
    Timeout,
}

/// Exponential, with full jitter, up to a cap. The wait begins when the failure is known, never when the attempt began.
#[derive(Debug, Clone)]
pub struct Backoff {
    base: f64,
    cap: f64,
    doublings: u32,
}

/// The cap for a fleet: when all `clients` of one API server fail together, each asking once per cap must not be more than
/// the server allows, `requests_per_second` for all of them; never below [`CAP_SECONDS_MIN`].
pub fn fleet_cap(clients: u32, requests_per_second: f64) -> Duration {
    let fair_share = f64::from(clients) / requests_per_second.max(f64::MIN_POSITIVE);
    crate::rate::seconds_up(fair_share.max(CAP_SECONDS_MIN))
}

/// The first ceiling for a fleet: even the first retries of clients that all fail in the same moment (an API server restarts)
/// must not add up to more than it allows; never below [`BASE_SECONDS`].
pub fn fleet_base(clients: u32, requests_per_second: f64) -> Duration {
    let fair_share = f64::from(clients) / requests_per_second.max(f64::MIN_POSITIVE);
    crate::rate::seconds_up(fair_share.max(BASE_SECONDS))
}

impl Backoff {
    /// Starts at `base`, never waits longer than `cap` (but for a server that says Retry-After).
    pub fn new(base: Duration, cap: Duration) -> Self {
        let base = base.as_secs_f64();
        Self { base, cap: cap.as_secs_f64().max(base), doublings: 0 }
    }

    /// An attempt has failed just now: the wait until the next.
    ///
    /// After an error: anything up to the ceiling. After a timeout: its upper half, and the ceiling doubles twice; so for
    /// every `random` the wait after a timeout is at least the wait after an error, now and later. A `retry_after` is never
    /// undercut, and the jitter is added to it: the server tells everybody the same.
    pub fn step(&mut self, failed: Failed, retry_after: Option<Duration>, random: f64) -> Duration {
        let ceiling = self.ceiling().as_secs_f64();
        let (wait, doublings) = match failed {
            Failed::Error => (ceiling * random, 1),
            Failed::Timeout => (ceiling * (0.5 + random / 2.0), 2),
        };
        self.doublings = (self.doublings + doublings).min(DOUBLINGS_MAX);
        retry_after.unwrap_or_default() + Duration::from_secs_f64(wait)
    }

    /// The attempt succeeded and lasted for `lived`. One that ended sooner than the ceiling has proved nothing: a watch that
    /// opens and closes in a loop must back off like one that does not open.
    pub fn succeeded(&mut self, lived: Duration) {
        if lived >= self.ceiling() {
            self.doublings = 0;
        }
    }

    /// The longest wait that the next error can cause, Retry-After aside.
    pub fn ceiling(&self) -> Duration {
        Duration::from_secs_f64((self.base * f64::from(1u32 << self.doublings)).min(self.cap))
    }
}
