//! What a rejected request is told: `Retry-After`, in seconds.
//!
//! Facts: k8s.io/apiserver `util/flowcontrol/dropped_requests_tracker.go`. One for each priority level.

use std::collections::VecDeque;

/// Most seconds.
const SECONDS_MAX: i64 = 32;

/// Rejects of the last seconds, and what follows from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryAfter {
    seconds: i64,
    raised_at: i64,
    current: i64,
    in_current: i64,
    /// Second and rejects in it.
    history: VecDeque<(i64, i64)>,
}

impl Default for RetryAfter {
    fn default() -> Self {
        Self { seconds: 1, raised_at: 0, current: 0, in_current: 0, history: VecDeque::new() }
    }
}

impl RetryAfter {
    /// What is said now.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.seconds
    }

    /// A request was rejected in that second of Unix time. The answer to it says what follows: [`Self::seconds`].
    pub fn reject(&mut self, second: i64) {
        if self.current == second {
            self.in_current += 1;
            return;
        }
        self.remember();
        self.current = second;
        self.in_current = 1;
        self.adjust(second);
    }

    fn remember(&mut self) {
        self.history.push_back((self.current, self.in_current));
        let kept = (2 * self.seconds).min(SECONDS_MAX);
        while self.history.front().is_some_and(|(second, _)| self.current - second > kept) {
            self.history.pop_front();
        }
    }

    /// Three rejects a second for as long as it says double it, fewer than one take a second off.
    fn adjust(&mut self, second: i64) {
        let recent = self.history.iter().filter(|(at, _)| second - at <= self.seconds && *at < second);
        let rejects: i64 = recent.map(|(_, rejects)| rejects).sum();
        if second - self.raised_at >= self.seconds && rejects >= 3 * self.seconds {
            self.seconds = (2 * self.seconds).min(SECONDS_MAX);
            self.raised_at = second;
        } else if rejects < self.seconds && self.seconds > 1 {
            self.seconds -= 1;
        }
    }
}

#[cfg(test)]
mod tests;
