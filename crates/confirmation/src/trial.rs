//! A revision on trial: how much of its time and of its tries it has used.

use std::time::Duration;

use crate::input::Now;
use crate::limits::CHECKPOINT;
use crate::revision::RevisionHash;

/// A revision under a directive's number of tries of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// What is tried.
    pub revision: RevisionHash,
    /// [`crate::Directive::attempt`].
    pub number: u32,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trial {
    /// What is tried.
    pub attempt: Attempt,
    /// Starts that are left.
    pub tries_left: u32,
    /// From its first start to its revert.
    pub timeout: Duration,
    /// Used when `at` was taken.
    pub(crate) spent: Duration,
    /// The boot and the time in it when `spent` was true; none before the first start.
    pub(crate) at: Option<(u128, Duration)>,
}

impl Trial {
    /// Not yet started.
    pub fn new(attempt: Attempt, tries: u32, timeout: Duration) -> Self {
        Self { attempt, tries_left: tries, timeout, spent: Duration::ZERO, at: None }
    }

    /// Counts one start down; the first one starts the time.
    pub(crate) fn count_down(&mut self, now: Now) {
        self.tries_left = self.tries_left.saturating_sub(1);
        self.anchor(now);
    }

    /// Time used: what passed in the same boot; from an earlier one, what was written down and one period for what was not.
    pub fn spent(&self, now: Now) -> Duration {
        match self.at {
            None => Duration::ZERO,
            Some((boot, at)) if boot == now.boot => self.spent + now.up.saturating_sub(at),
            Some(_) => self.spent + CHECKPOINT,
        }
    }

    /// Time left.
    pub fn left(&self, now: Now) -> Duration {
        self.timeout.saturating_sub(self.spent(now))
    }

    /// Makes `spent` true now. Whether that is news worth writing: a period has passed, or the boot is another one.
    pub(crate) fn checkpoint(&mut self, now: Now) -> bool {
        let due = match self.at {
            None => false,
            Some((boot, at)) => boot != now.boot || now.up.saturating_sub(at) >= CHECKPOINT,
        };
        if due {
            self.anchor(now);
        }
        due
    }

    fn anchor(&mut self, now: Now) {
        self.spent = self.spent(now);
        self.at = Some((now.boot, now.up));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(boot: u128, up: u64) -> Now {
        Now { boot, up: Duration::from_secs(up), wall: Duration::ZERO }
    }

    #[test]
    fn time_goes_on_through_boots_and_is_never_given_back() {
        let attempt = Attempt { revision: RevisionHash::of(b"a"), number: 1 };
        let mut trial = Trial::new(attempt, 3, Duration::from_secs(60));
        assert_eq!(trial.left(now(1, 500)).as_secs(), 60);
        trial.count_down(now(1, 500));
        assert_eq!((trial.tries_left, trial.left(now(1, 505)).as_secs()), (2, 55));
        assert!(!trial.checkpoint(now(1, 509)));
        assert!(trial.checkpoint(now(1, 510)));
        // Power is lost at 519 of the first boot: nine seconds were not written down, ten are charged.
        assert_eq!(trial.left(now(2, 3)).as_secs(), 40);
        assert!(trial.checkpoint(now(2, 3)));
        assert_eq!(trial.left(now(2, 43)).as_secs(), 0);
        assert_eq!(trial.left(now(3, 0)).as_secs(), 30);
    }
}
