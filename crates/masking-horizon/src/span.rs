//! Times that may have no end.

use std::fmt;
use std::ops::Add;

use serde::{Serialize, Serializer};

/// A time in whole seconds, as DNS counts, or without end. Orders as one expects: no limit is the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Span {
    /// So many seconds.
    Seconds(u64),
    /// Nothing ends it.
    NoLimit,
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self::Seconds(0);

    /// The seconds, if there is an end.
    #[must_use]
    pub fn seconds(self) -> Option<u64> {
        match self {
            Self::Seconds(seconds) => Some(seconds),
            Self::NoLimit => None,
        }
    }
}

impl Add for Span {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        match (self, other) {
            (Self::Seconds(one), Self::Seconds(two)) => Self::Seconds(one.saturating_add(two)),
            _ => Self::NoLimit,
        }
    }
}

/// `1 h 5 min 30 s`; `0 s`; `no limit`.
impl fmt::Display for Span {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Seconds(all) = *self else { return formatter.pad("no limit") };
        let parts = [(all / 3600, "h"), (all / 60 % 60, "min"), (all % 60, "s")];
        let words: Vec<String> =
            parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n} {unit}")).collect();
        formatter.pad(if words.is_empty() { "0 s".to_owned() } else { words.join(" ") }.as_str())
    }
}

/// A number of seconds; `null` when nothing ends it.
impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.seconds().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(span: Span, text: &str) {
        assert_eq!(span.to_string(), text);
    }

    #[test]
    fn spans_read_like_people_write() {
        check(Span::ZERO, "0 s");
        check(Span::Seconds(30), "30 s");
        check(Span::Seconds(65), "1 min 5 s");
        check(Span::Seconds(3600), "1 h");
        check(Span::Seconds(86_399), "23 h 59 min 59 s");
        check(Span::NoLimit, "no limit");
    }

    #[test]
    fn no_limit_wins() {
        assert_eq!(Span::Seconds(1) + Span::NoLimit, Span::NoLimit);
        assert_eq!(Span::Seconds(u64::MAX) + Span::Seconds(1), Span::Seconds(u64::MAX));
        assert!(Span::NoLimit > Span::Seconds(u64::MAX));
    }
}
