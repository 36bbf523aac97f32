//! Kubernetes versions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// `v1.36.3`, of which the patch does not matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// 1.
    pub major: u32,
    /// 36.
    pub minor: u32,
}

/// What is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no Kubernetes version; write it like v1.36.3 or 1.36")]
pub struct NoVersion(String);

/// A version that the model knows, and whether it is the one that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nearest {
    /// The one that rules.
    pub version: Version,
    /// It is another one.
    pub marked: bool,
}

impl Version {
    /// The oldest whose read paths are known here.
    pub const OLDEST: Self = Self { major: 1, minor: 30 };
    /// The newest.
    pub const NEWEST: Self = Self { major: 1, minor: 37 };

    /// Itself, or the nearest that is known.
    #[must_use]
    pub fn nearest_known(self) -> Nearest {
        let version = self.clamp(Self::OLDEST, Self::NEWEST);
        Nearest { version, marked: version != self }
    }
}

impl FromStr for Version {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let refused = || NoVersion(text.to_owned());
        let number = |part: Option<&str>| -> Result<u32, NoVersion> {
            // `36+` and `36-gke.1` are how providers write theirs.
            let part = part.ok_or_else(refused)?;
            let digits = part.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(part.len());
            part[..digits].parse().map_err(|_| refused())
        };
        let mut parts = text.trim().trim_start_matches('v').split('.');
        Ok(Self { major: number(parts.next())?, minor: number(parts.next())? })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "v{}.{}", self.major, self.minor)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
