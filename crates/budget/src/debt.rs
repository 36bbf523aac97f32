//! Bytes per second, charged after the fact.

use std::time::Duration;

use crate::rate::{Take, seconds_up};

/// Bytes are known only once they have arrived. So they are charged then, and nobody reads on while the account is in the
/// red. In any window of `t` seconds no more than `burst + per_second * t` bytes are read, plus one read of each reader
/// (the last one before the account went red).
#[derive(Debug, Clone)]
pub struct Debt {
    per_second: f64,
    burst: f64,
    credit: f64,
    at: Duration,
}

impl Debt {
    /// An account with `burst` bytes of credit.
    pub fn new(per_second: u64, burst: u64) -> Self {
        let burst = burst as f64;
        Self { per_second: per_second.max(1) as f64, burst, credit: burst, at: Duration::ZERO }
    }

    /// May a reader read on at `now`?
    pub fn step(&mut self, now: Duration) -> Take {
        self.refill(now);
        if self.credit >= 0.0 {
            return Take::Now;
        }
        Take::After(seconds_up(-self.credit / self.per_second))
    }

    /// `bytes` have arrived.
    pub fn charge(&mut self, bytes: u64, now: Duration) {
        self.refill(now);
        self.credit -= bytes as f64;
    }

    /// Bytes that could be read at once at `now`; negative when in the red.
    pub fn credit(&self, now: Duration) -> f64 {
        let elapsed = now.saturating_sub(self.at).as_secs_f64();
        (self.credit + elapsed * self.per_second).min(self.burst)
    }

    fn refill(&mut self, now: Duration) {
        self.credit = self.credit(now);
        self.at = self.at.max(now);
    }
}
