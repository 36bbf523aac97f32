//! The way back: from a cluster that has drowned to one where everybody is back, without drowning again.
//!
//! Owns: when who may come back, and how many at a time ([`Recovery`]). Everybody is shed first; when the API servers are well,
//! one cohort after the other is let in with few seats, which double as long as the API servers stay well and are quartered at
//! the first sign of a relapse; a cohort is free when nobody of it is turned away any more. Does not know: what a cohort is, how
//! seats are given, clocks. Time is an argument.
//!
//! Why not all at once: a server that answers later than its clients wait does work that nobody takes, and its clients ask again.
//! That state holds itself (a metastable failure: Bronson et al., HotOS 2021), and ends by less load, not by more time.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// An ordinary GET of a healthy API server takes far less.
pub const GOOD_TAKES: Duration = Duration::from_millis(100);
/// Good for so long: more may come. Two looks of a second and what it takes until a change shows.
pub const STEP: Duration = Duration::from_secs(5);
/// Bad for so long: it is a relapse, not a hiccup.
pub const RELAPSE: Duration = Duration::from_secs(2);
/// After a relapse nothing is raised for so long: what was accepted has to drain.
pub const HOLD: Duration = Duration::from_secs(10);
/// The first level of a cohort. Levels are shares of a priority level (KEP-1040); of an API server's 600 requests in flight and
/// the 245 shares that Kubernetes' own levels have, 1 is 3 requests at a time, 64 is 124.
pub const LEVEL_MIN: u32 = 1;
/// The last one before a cohort is free.
pub const LEVEL_MAX: u32 = 64;
/// Turned away less than so often, a second: the cohort is in.
pub const TURNED_AWAY: f64 = 1.0;
/// Where nobody counts who is turned away, the last level holds for so long: longer than the longest backoff of client-go (30 s,
/// with its jitter a minute).
pub const UNCOUNTED: Duration = Duration::from_secs(60);

/// How the API servers are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vitals {
    /// What the slowest of them took for a GET; `None`: one is not ready, or did not answer.
    pub slowest: Option<Duration>,
    /// Requests of the cohort that is being let in that were turned away, a second; `None`: nobody counts.
    pub turned_away: Option<f64>,
}

/// Where a recovery is. It is all that has to be written down for somebody else to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "phase")]
pub enum Phase {
    /// Nobody is let in.
    Shed,
    /// A cohort is being let in; those before it are free.
    Admitting {
        /// Which, from 0.
        cohort: usize,
        /// With how much; 0: with nothing, after a relapse.
        level: u32,
    },
    /// Everybody is back.
    Done,
}

/// What a cohort may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Nothing.
    Shed,
    /// So much.
    Level(u32),
    /// What it likes.
    Free,
}

/// A recovery.
#[derive(Debug, Clone)]
pub struct Recovery {
    cohorts: usize,
    phase: Phase,
    relapses: u32,
    good_since: Option<Duration>,
    bad_since: Option<Duration>,
    not_before: Duration,
}

impl Recovery {
    /// From the beginning, or from where somebody else was.
    pub fn new(cohorts: usize, phase: Phase) -> Self {
        Self { cohorts, phase, relapses: 0, good_since: None, bad_since: None, not_before: Duration::ZERO }
    }

    /// Where it is.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// How often the API servers got worse again.
    pub fn relapses(&self) -> u32 {
        self.relapses
    }

    /// What a cohort may do now.
    pub fn admission(&self, cohort: usize) -> Admission {
        match self.phase {
            Phase::Shed => Admission::Shed,
            Phase::Done => Admission::Free,
            Phase::Admitting { cohort: at, .. } if cohort < at => Admission::Free,
            Phase::Admitting { cohort: at, level } if cohort == at && level > 0 => Admission::Level(level),
            Phase::Admitting { .. } => Admission::Shed,
        }
    }

    /// Looks; whether something has changed.
    pub fn look(&mut self, now: Duration, vitals: Vitals) -> bool {
        let is_good = vitals.slowest.is_some_and(|took| took <= GOOD_TAKES);
        if is_good {
            self.bad_since = None;
            let since = *self.good_since.get_or_insert(now);
            return now >= self.not_before && self.good(now, now.saturating_sub(since), vitals);
        }
        self.good_since = None;
        let since = *self.bad_since.get_or_insert(now);
        now.saturating_sub(since) >= RELAPSE && self.relapse(now)
    }

    fn good(&mut self, now: Duration, lasted: Duration, vitals: Vitals) -> bool {
        let next = match self.phase {
            Phase::Shed if lasted >= STEP => self.begin(0),
            Phase::Admitting { cohort, level } => match vitals.turned_away {
                // Everybody who wants to is in: there is nothing to wait for.
                Some(away) if away < TURNED_AWAY && level > 0 && lasted >= STEP => self.begin(cohort + 1),
                // Those who are turned away need more, if there is more.
                _ if level < LEVEL_MAX && lasted >= STEP => {
                    Phase::Admitting { cohort, level: (2 * level).clamp(LEVEL_MIN, LEVEL_MAX) }
                }
                None if lasted >= UNCOUNTED => self.begin(cohort + 1),
                _ => self.phase,
            },
            phase => phase,
        };
        if next == self.phase {
            return false;
        }
        self.phase = next;
        self.good_since = Some(now);
        true
    }

    fn begin(&self, cohort: usize) -> Phase {
        if cohort < self.cohorts { Phase::Admitting { cohort, level: LEVEL_MIN } } else { Phase::Done }
    }

    fn relapse(&mut self, now: Duration) -> bool {
        let next = match self.phase {
            Phase::Shed => return false,
            Phase::Admitting { cohort, level } => Phase::Admitting { cohort, level: level / 4 },
            // Not everybody was back after all: the last ones are let in again.
            Phase::Done => match self.cohorts.checked_sub(1) {
                Some(cohort) => Phase::Admitting { cohort, level: LEVEL_MIN },
                None => return false,
            },
        };
        self.bad_since = None;
        self.not_before = now + HOLD;
        self.relapses += u32::from(next != self.phase);
        std::mem::replace(&mut self.phase, next) != next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One character is a second: well, slow, no answer; a capital: nobody is turned away.
    fn story(cohorts: usize, seconds: &str) -> (Phase, u32) {
        let mut recovery = Recovery::new(cohorts, Phase::Shed);
        for (second, look) in seconds.chars().enumerate() {
            let slowest = match look.to_ascii_lowercase() {
                'w' => Some(Duration::from_millis(100)),
                's' => Some(Duration::from_millis(101)),
                _ => None,
            };
            let turned_away = Some(if look.is_ascii_uppercase() { 0.0 } else { 50.0 });
            recovery.look(Duration::from_secs(second as u64), Vitals { slowest, turned_away });
        }
        (recovery.phase(), recovery.relapses())
    }

    #[test]
    fn seats_double_while_all_is_well_and_are_quartered_when_it_is_not() {
        let at = |cohort, level| Phase::Admitting { cohort, level };
        let check = |seconds: &str, expected: (Phase, u32)| {
            assert_eq!(story(2, seconds), expected, "{seconds}");
        };
        check("", (Phase::Shed, 0));
        check("nnnnnnnnnwwwww", (Phase::Shed, 0));
        check("nnnnnnnnnwwwwww", (at(0, 1), 0));
        check(&"w".repeat(11), (at(0, 2), 0));
        check(&"w".repeat(31), (at(0, 32), 0));
        check(&"w".repeat(300), (at(0, 64), 0));
        // A hiccup is none; three seconds are.
        check(&("w".repeat(31) + "nn"), (at(0, 32), 0));
        check(&("w".repeat(31) + "snn"), (at(0, 8), 1));
        check(&("w".repeat(31) + "snn" + &"w".repeat(9)), (at(0, 8), 1));
        check(&("w".repeat(31) + "snn" + &"w".repeat(10)), (at(0, 16), 1));
        // It does not get better with less: nobody comes in.
        check(&("w".repeat(16) + "nnnnnnn"), (at(0, 0), 2));
        check(&("w".repeat(16) + "nnnnnnn" + &"w".repeat(12)), (at(0, 1), 2));
    }

    #[test]
    fn a_cohort_is_free_when_nobody_is_turned_away() {
        assert_eq!(story(2, &("w".repeat(11) + "WWWWW")), (Phase::Admitting { cohort: 1, level: 1 }, 0));
        assert_eq!(story(2, &("w".repeat(11) + &"W".repeat(10))), (Phase::Done, 0));
        assert_eq!(story(0, "wwwwww"), (Phase::Done, 0));
        let mut recovery = Recovery::new(3, Phase::Admitting { cohort: 1, level: 8 });
        let all = |recovery: &Recovery| [0, 1, 2].map(|cohort| recovery.admission(cohort));
        assert_eq!(all(&recovery), [Admission::Free, Admission::Level(8), Admission::Shed]);
        recovery.phase = Phase::Admitting { cohort: 1, level: 0 };
        assert_eq!(all(&recovery), [Admission::Free, Admission::Shed, Admission::Shed]);
    }

    #[test]
    fn where_nobody_counts_the_last_level_holds_a_minute() {
        let mut recovery = Recovery::new(1, Phase::Admitting { cohort: 0, level: 64 });
        let vitals = Vitals { slowest: Some(Duration::ZERO), turned_away: None };
        for second in 0..60 {
            assert!(!recovery.look(Duration::from_secs(second), vitals));
        }
        assert!(recovery.look(Duration::from_secs(60), vitals));
        assert_eq!(recovery.phase(), Phase::Done);
        // And a relapse afterwards begins with the last cohort again.
        let bad = Vitals { slowest: None, turned_away: None };
        assert!(!recovery.look(Duration::from_secs(61), bad));
        assert!(recovery.look(Duration::from_secs(63), bad));
        assert_eq!(recovery.phase(), Phase::Admitting { cohort: 0, level: 1 });
    }
}
