//! A token bucket: so many per second, so many at once.

use std::time::Duration;

/// What a bucket answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// Taken: go on.
    Now,
    /// Nothing was taken: wait this long and ask again.
    After(Duration),
}

/// Never lets more than `burst + per_second * t` through in any window of `t` seconds.
#[derive(Debug, Clone)]
pub struct Rate {
    per_second: f64,
    burst: f64,
    tokens: f64,
    at: Duration,
}

impl Rate {
    /// A full bucket. `per_second` is above 0 and `burst` at least 1 ([`crate::Limits::check`] sees to it).
    pub fn new(per_second: f64, burst: u32) -> Self {
        let burst = f64::from(burst.max(1));
        Self { per_second, burst, tokens: burst, at: Duration::ZERO }
    }

    /// Takes one token, or says how long until there is one.
    pub fn step(&mut self, now: Duration) -> Take {
        self.refill(now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Take::Now;
        }
        Take::After(seconds_up((1.0 - self.tokens) / self.per_second))
    }

    /// Tokens that could be taken at `now`.
    pub fn available(&self, now: Duration) -> f64 {
        let elapsed = now.saturating_sub(self.at).as_secs_f64();
        (self.tokens + elapsed * self.per_second).min(self.burst)
    }

    fn refill(&mut self, now: Duration) {
        self.tokens = self.available(now);
        self.at = self.at.max(now);
    }
}

/// Rounds up to whole microseconds and adds one, so that rounding never makes a caller ask a moment too early for ever.
pub(crate) fn seconds_up(seconds: f64) -> Duration {
    /// A wait longer than a year is a year: f64 infinity must not panic.
    const SECONDS_MAX: f64 = 31_536_000.0;
    Duration::from_micros((seconds.clamp(0.0, SECONDS_MAX) * 1e6).ceil() as u64 + 1)
}
