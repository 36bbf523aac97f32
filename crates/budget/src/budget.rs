//! All limits of one process together.

use std::time::Duration;

use crate::{Debt, Limits, LimitsError, Rate, RetryBudget, Slots, Take};

/// The one budget that every request to an API server passes.
#[derive(Debug)]
pub struct Budget {
    requests: Rate,
    bytes: Debt,
    retries: RetryBudget,
    held_until: Duration,
    /// LISTs and initial events at the same time.
    pub lists: Slots,
    /// Open watches.
    pub watches: Slots,
}

/// How much of the budget is in use.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Requests that could go out at once.
    pub requests_available: f64,
    /// Bytes that could be read at once; negative: read beyond the allowance, to be waited for.
    pub bytes_available: f64,
    /// LISTs and initial events going on.
    pub lists: u32,
    /// Watches open.
    pub watches: u32,
    /// Retries that could go out at once.
    pub retries_available: f64,
    /// How long the server has asked everybody to wait from now.
    pub held: Duration,
}

impl Budget {
    /// Nothing used yet.
    ///
    /// # Errors
    /// Those of [`Limits::check`].
    pub fn new(limits: &Limits) -> Result<Self, LimitsError> {
        limits.check()?;
        Ok(Self {
            requests: Rate::new(limits.requests_per_second, limits.requests_burst),
            bytes: Debt::new(limits.bytes_per_second, limits.bytes_burst),
            retries: RetryBudget::new(
                limits.retry_fraction,
                limits.retry_floor_per_second,
                limits.retry_burst,
            ),
            held_until: Duration::ZERO,
            lists: Slots::new(limits.concurrent_lists),
            watches: Slots::new(limits.open_watches),
        })
    }

    /// May a request go out? Not while the server has asked for a pause, and not while bytes are owed.
    pub fn request(&mut self, now: Duration) -> Take {
        if now < self.held_until {
            return Take::After(self.held_until - now);
        }
        match self.bytes.step(now) {
            Take::Now => self.requests.step(now),
            wait => wait,
        }
    }

    /// May a retry go out? A retry is also a request: ask for that next.
    pub fn retry(&mut self, now: Duration) -> Take {
        self.retries.step(now)
    }

    /// May a reader read on?
    pub fn read(&mut self, now: Duration) -> Take {
        self.bytes.step(now)
    }

    /// Bytes of a body have arrived.
    pub fn charge(&mut self, bytes: u64, now: Duration) {
        self.bytes.charge(bytes, now);
    }

    /// A request has been answered as wished.
    pub fn succeeded(&mut self) {
        self.retries.succeeded();
    }

    /// The server has asked for a pause (429 or 503 with Retry-After): no request of any kind goes out before it is over.
    pub fn hold(&mut self, pause: Duration, now: Duration) {
        self.held_until = self.held_until.max(now + pause);
    }

    /// What is in use at `now`.
    pub fn usage(&self, now: Duration) -> Usage {
        Usage {
            requests_available: self.requests.available(now),
            bytes_available: self.bytes.credit(now),
            lists: self.lists.used(),
            watches: self.watches.used(),
            retries_available: self.retries.available(now),
            held: self.held_until.saturating_sub(now),
        }
    }
}
