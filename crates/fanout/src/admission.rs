//! How many agents are let in per second.

use std::time::Duration;

use crate::limits::{Limits, spread};

/// A token bucket over admissions.
#[derive(Debug)]
pub(crate) struct Admission {
    tokens: f64,
    filled: Duration,
}

impl Admission {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { tokens: f64::from(limits.accept_burst), filled: Duration::ZERO }
    }

    /// Whether one more agent may come in now.
    pub(crate) fn admit(&mut self, now: Duration, limits: &Limits) -> bool {
        let passed = now.saturating_sub(self.filled).as_secs_f64();
        self.filled = self.filled.max(now);
        let tokens = self.tokens + passed * f64::from(limits.accepts_per_second);
        self.tokens = tokens.min(f64::from(limits.accept_burst));
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

/// When an agent that is not admitted now shall ask again: full jitter over the time that all who are out there need.
pub(crate) fn come_back(outside: usize, fraction: f64, limits: &Limits) -> Duration {
    spread(outside, limits.accepts_per_second).mul_f64(fraction.clamp(0.0, 1.0))
}
