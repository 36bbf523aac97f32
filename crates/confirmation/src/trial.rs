//! A revision on trial: how many starts and how much time it has left.

use std::time::Duration;

use crate::input::Now;
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
    /// The boot and the time in it when it was first started; none before.
    pub(crate) begun: Option<(u128, Duration)>,
}

impl Trial {
    /// Not yet started.
    pub fn new(attempt: Attempt, tries: u32, timeout: Duration) -> Self {
        Self { attempt, tries_left: tries, timeout, begun: None }
    }

    /// Counts one start down; the first one starts the time.
    pub(crate) fn count_down(&mut self, now: Now) {
        self.tries_left = self.tries_left.saturating_sub(1);
        self.begun = self.begun.or(Some((now.boot, now.up)));
    }

    /// Whether its time runs.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun.is_some()
    }

    /// Time left. A reboot uses it up: nobody knows how long it ran before (the agent may have been dead, the clock is not
    /// to be trusted), and what it ran may have been what brought the machine down.
    pub fn left(&self, now: Now) -> Duration {
        match self.begun {
            None => self.timeout,
            Some((boot, at)) if boot == now.boot => self.timeout.saturating_sub(now.up.saturating_sub(at)),
            Some(_) => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(boot: u128, up: u64) -> Now {
        Now { boot, up: Duration::from_secs(up), wall: Duration::ZERO }
    }

    #[test]
    fn time_runs_from_the_first_start_and_a_reboot_ends_it() {
        let attempt = Attempt { revision: RevisionHash::of(b"a"), number: 1 };
        let mut trial = Trial::new(attempt, 3, Duration::from_secs(60));
        assert_eq!(trial.left(now(1, 500)).as_secs(), 60);
        trial.count_down(now(1, 500));
        assert_eq!((trial.tries_left, trial.left(now(1, 505)).as_secs()), (2, 55));
        trial.count_down(now(1, 530));
        assert_eq!((trial.tries_left, trial.left(now(1, 559)).as_secs()), (1, 1));
        assert_eq!(trial.left(now(1, 560)).as_secs(), 0);
        assert_eq!(trial.left(now(2, 3)).as_secs(), 0);
    }
}
