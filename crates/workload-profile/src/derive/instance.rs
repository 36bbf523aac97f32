//! What one copy of a workload does with one shape.

use super::numbers::Series;
use crate::observation::{Ending, Observation};

/// Requests that follow each other faster than this belong to one occasion: a page after a page, a GET for each object.
const OCCASION_SECONDS: f64 = 1.0;

/// One copy and one shape.
#[derive(Debug, Clone, Default)]
pub(crate) struct Instance {
    pub(crate) requests: u64,
    /// Since the copy's first request of any shape, to the first of this one.
    pub(crate) after_start: f64,
    pub(crate) occasions: u64,
    /// Between the beginnings of occasions.
    pub(crate) intervals: Series,
    began: Option<f64>,
    last: Option<f64>,
    /// The end of a failed request, how often it failed in a row, and what the server asked for.
    failed: Option<(f64, u32, Option<f64>)>,
    pub(crate) waits: Waits,
}

/// What followed failures.
#[derive(Debug, Clone, Default)]
pub(crate) struct Waits {
    /// After the first of a row, and after later ones.
    pub(crate) first: Series,
    pub(crate) later: Series,
    /// Waits that had a Retry-After, and those that were as long.
    pub(crate) asked: u32,
    pub(crate) honoured: u32,
}

impl Instance {
    pub(crate) fn take(&mut self, seen: &Observation, started: f64) {
        if self.requests == 0 {
            self.after_start = (seen.at_seconds - started).max(0.0);
        }
        self.requests += 1;
        let again = self.retried(seen.at_seconds);
        let near = self.last.is_some_and(|last| (seen.at_seconds - last).abs() < OCCASION_SECONDS);
        if !near && !again {
            if let Some(began) = self.began {
                self.intervals.take((seen.at_seconds - began).abs());
            }
            self.began = Some(seen.at_seconds);
            self.occasions += 1;
        }
        self.last = Some(seen.at_seconds);
        self.remember_failure(seen);
    }

    /// Whether this is the repetition of a failed one; notes the wait.
    fn retried(&mut self, at: f64) -> bool {
        let Some((ended, row, asked)) = self.failed else { return false };
        let wait = (at - ended).max(0.0);
        // A wait as long as the usual interval is no repetition but the next turn.
        let usual = self.intervals.quantile(0.5);
        if usual.is_some_and(|usual| at - self.began.unwrap_or(at) > usual * 0.8) {
            self.failed = None;
            return false;
        }
        if row == 1 {
            self.waits.first.take(wait)
        } else {
            self.waits.later.take(wait)
        }
        if let Some(asked) = asked {
            self.waits.asked += 1;
            self.waits.honoured += u32::from(wait >= asked * 0.95);
        }
        true
    }

    fn remember_failure(&mut self, seen: &Observation) {
        let bad = seen.status.is_none_or(|status| status == 429 || status >= 500)
            || seen.ending == Ending::ServerGone;
        if !bad || seen.ending == Ending::Open {
            self.failed = None;
            return;
        }
        let row = self.failed.map_or(1, |(_, row, _)| row + 1);
        self.failed = Some((seen.at_seconds + seen.took_seconds, row, seen.retry_after_seconds));
    }
}
