//! From single answers to a judgement that does not flap.

use std::collections::VecDeque;
use std::time::Duration;

/// An answer that takes longer is as bad as none: research and Argo's examples both have 1 s as the p99 of a healthy server.
pub const SLOW: Duration = Duration::from_secs(1);

/// Rounds that are looked at.
pub const ROUNDS: usize = 5;

/// Bad ones among them that make the API server unwell: 15 s at the longest, and a single slow answer never.
pub const BAD: usize = 3;

/// Good ones in a row that make it well again: 30 s. What was told to leave it alone comes back all at once.
pub const GOOD: u32 = 6;

/// One round of probes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All answered in time.
    Good,
    /// One was late, or did not answer.
    Bad,
}

/// What has been seen lately.
#[derive(Debug, Clone, Default)]
pub struct Judge {
    lately: VecDeque<Outcome>,
    good: u32,
    is_unwell: bool,
}

impl Outcome {
    /// Of the times that the probes took; `None`: no answer.
    pub fn of(fresh: Option<Duration>, kept: Option<Duration>) -> Self {
        let is_good = |took: Option<Duration>| took.is_some_and(|took| took <= SLOW);
        if is_good(fresh) && is_good(kept) { Self::Good } else { Self::Bad }
    }
}

impl Judge {
    /// The judgement now.
    pub fn is_unwell(&self) -> bool {
        self.is_unwell
    }

    /// Takes in a round.
    pub fn take(&mut self, outcome: Outcome) {
        self.lately.push_back(outcome);
        if self.lately.len() > ROUNDS {
            self.lately.pop_front();
        }
        self.good = if outcome == Outcome::Good { self.good + 1 } else { 0 };
        let bad = self.lately.iter().filter(|one| **one == Outcome::Bad).count();
        if bad >= BAD {
            self.is_unwell = true;
        } else if self.good >= GOOD {
            self.is_unwell = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_make_a_judgement() {
        // (rounds: b bad, g good; unwell after the last)
        let check = |rounds: &str, expected: bool| {
            let mut judge = Judge::default();
            for round in rounds.chars() {
                judge.take(if round == 'b' { Outcome::Bad } else { Outcome::Good });
            }
            assert_eq!(judge.is_unwell(), expected, "{rounds}");
        };
        check("", false);
        check("b", false);
        check("bb", false);
        check("bbb", true);
        check("bgbgb", true);
        check("bggbggb", false);
        check("bggggbggggb", false);
        check("bbbg", true);
        check("bbbggggg", true);
        check("bbbgggggg", false);
        check("bbbgggggbggggg", true);
        check("bbbggggggb", false);
    }

    #[test]
    fn late_is_as_bad_as_silent() {
        let ms = |ms| Some(Duration::from_millis(ms));
        let check =
            |fresh, kept, expected| assert_eq!(Outcome::of(fresh, kept), expected, "{fresh:?} {kept:?}");
        check(ms(20), ms(1), Outcome::Good);
        check(ms(1_000), ms(1_000), Outcome::Good);
        check(ms(1_001), ms(1), Outcome::Bad);
        check(ms(1), ms(1_001), Outcome::Bad);
        check(None, ms(1), Outcome::Bad);
        check(ms(1), None, Outcome::Bad);
    }
}
