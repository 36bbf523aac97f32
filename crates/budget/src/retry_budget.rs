//! Retries as a fraction of successes.

use std::time::Duration;

use crate::rate::{Rate, Take};

/// A retry takes a token. Tokens come from successes (a fraction of one each) and from a floor per second, so that a process
/// whose every request fails still tries now and then, at a known rate.
#[derive(Debug, Clone)]
pub struct RetryBudget {
    floor: Rate,
    earned: f64,
    fraction: f64,
    earned_max: f64,
}

impl RetryBudget {
    /// `fraction` of a retry per success, saved up to `burst`; `floor_per_second` retries in any case, `burst` at once.
    pub fn new(fraction: f64, floor_per_second: f64, burst: u32) -> Self {
        Self {
            floor: Rate::new(floor_per_second, burst),
            earned: 0.0,
            fraction,
            earned_max: f64::from(burst),
        }
    }

    /// A request has succeeded.
    pub fn succeeded(&mut self) {
        self.earned = (self.earned + self.fraction).min(self.earned_max);
    }

    /// May a retry go out at `now`?
    pub fn step(&mut self, now: Duration) -> Take {
        if self.earned >= 1.0 {
            self.earned -= 1.0;
            return Take::Now;
        }
        self.floor.step(now)
    }

    /// Retries that could go out at `now`.
    pub fn available(&self, now: Duration) -> f64 {
        self.earned + self.floor.available(now)
    }
}
