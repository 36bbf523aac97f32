//! Lengths of time as Kubernetes writes them: `60s`, `1m30s`, `250ms`, `none`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A length of time, in seconds; not negative, finite.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd)]
pub struct Span(f64);

/// From the shortest to the longest, `5m..10m`; one span stands for both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpanRange {
    /// The shortest.
    pub from: Span,
    /// The longest.
    pub to: Span,
}

/// What is no span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no length of time; write it like 60s, 1m30s or 250ms")]
pub struct NoSpan(String);

/// (unit, seconds). The longer names first: `ms` ends like `s`.
const UNITS: [(&str, f64); 5] = [("ms", 0.001), ("us", 1e-6), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];

impl Span {
    /// `None` of what is negative or not finite.
    #[must_use]
    pub fn seconds(seconds: f64) -> Option<Self> {
        (seconds.is_finite() && seconds >= 0.0).then_some(Self(seconds))
    }

    /// In seconds.
    #[must_use]
    pub fn as_seconds(self) -> f64 {
        self.0
    }
}

impl FromStr for Span {
    type Err = NoSpan;

    fn from_str(text: &str) -> Result<Self, NoSpan> {
        let refused = || NoSpan(text.to_owned());
        let mut rest = text.trim();
        if rest == "0" {
            return Ok(Self(0.0));
        }
        let mut seconds = 0.0;
        if rest.is_empty() {
            return Err(refused());
        }
        while !rest.is_empty() {
            let digits =
                rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').ok_or_else(refused)?;
            let number: f64 = rest[..digits].parse().map_err(|_| refused())?;
            rest = &rest[digits..];
            let letters = rest.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(rest.len());
            let (_, unit) = UNITS.iter().find(|(name, _)| *name == &rest[..letters]).ok_or_else(refused)?;
            seconds += number * unit;
            rest = &rest[letters..];
        }
        Self::seconds(seconds).ok_or_else(refused)
    }
}

impl fmt::Display for Span {
    /// Whole milliseconds; hours and minutes only where nothing is left over.
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = (self.0 * 1000.0).round();
        for (unit, size) in [("h", 3_600_000.0), ("m", 60_000.0), ("s", 1000.0)] {
            if millis >= size && millis % size == 0.0 {
                return write!(to, "{}{unit}", millis / size);
            }
        }
        if millis > 1000.0 {
            return write!(to, "{}s", millis / 1000.0);
        }
        write!(to, "{millis}ms")
    }
}

impl FromStr for SpanRange {
    type Err = NoSpan;

    fn from_str(text: &str) -> Result<Self, NoSpan> {
        let Some((from, to)) = text.split_once("..") else {
            let both = text.parse()?;
            return Ok(Self { from: both, to: both });
        };
        let range = Self { from: from.parse()?, to: to.parse()? };
        if range.from > range.to {
            return Err(NoSpan(text.to_owned()));
        }
        Ok(range)
    }
}

impl SpanRange {
    /// Half way, in seconds.
    #[must_use]
    pub fn mean_seconds(self) -> f64 {
        f64::midpoint(self.from.0, self.to.0)
    }
}

impl fmt::Display for SpanRange {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from == self.to {
            return self.from.fmt(to);
        }
        write!(to, "{}..{}", self.from, self.to)
    }
}

macro_rules! as_text {
    ($type:ty) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    };
}

as_text!(Span);
as_text!(SpanRange);
