//! Caches in programs, as their owner declares them: nobody can see them from outside.

use crate::span::Span;

/// A kind of client and what it keeps. All times count from the moment at which it got the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// `java`, `nscd`, `checkout-service`.
    pub name: String,
    /// Where that is declared, or why it is assumed.
    pub place: String,
    /// Keeps answers for their TTL.
    pub obeys_ttl: bool,
    /// Keeps answers for so long, or so long beyond their TTL when it obeys that.
    pub positive: Span,
    /// The same for NXDOMAIN and NODATA.
    pub negative: Span,
}

/// Why a declaration cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// Unknown name without a time.
    #[error(
        "client {0:?}: how long does it keep an answer? Declare {0}=SECONDS, {0}=ttl, {0}=ttl+SECONDS or {0}=forever, with /… for NXDOMAIN; known without: {known}",
        known = known()
    )]
    Unknown(String),
    /// Not a time.
    #[error("client {declared:?}: {word:?} is none of SECONDS, ttl, ttl+SECONDS, forever")]
    Time {
        /// All of it.
        declared: String,
        /// The part that is wrong.
        word: String,
    },
    /// `a=ttl/30`.
    #[error("client {0:?}: answers and NXDOMAIN must both obey their TTL, or neither")]
    Mixed(String),
    /// `=30`.
    #[error("client {0:?} has no name; declare NAME=SECONDS")]
    NoName(String),
}

/// What keeps which answers for how long when nobody configured it: (name, positive, negative, why).
const KNOWN: [(&str, u64, u64, &str); 4] = [
    ("glibc", 0, 0, "its resolver keeps nothing"),
    ("musl", 0, 0, "its resolver keeps nothing"),
    ("go", 0, 0, "its resolver keeps nothing"),
    ("java", 30, 10, "OpenJDK's networkaddress.cache.ttl and networkaddress.cache.negative.ttl if not set"),
];

fn known() -> String {
    KNOWN.map(|(name, ..)| name).join(", ")
}

impl Client {
    /// Reads `NAME` (one that is known), `NAME=POSITIVE` or `NAME=POSITIVE/NEGATIVE`, where a time is `SECONDS`, `ttl`,
    /// `ttl+SECONDS` or `forever`. Without a second time NXDOMAIN is kept as long as answers.
    ///
    /// # Errors
    /// With a sentence that says what can be declared.
    pub fn parse(declared: &str) -> Result<Self, ClientError> {
        let Some((name, times)) = declared.split_once('=') else { return Self::known(declared) };
        if name.is_empty() {
            return Err(ClientError::NoName(declared.to_owned()));
        }
        let (positive, negative) = times.split_once('/').unwrap_or((times, times));
        let wrong = |word: &str| ClientError::Time { declared: declared.to_owned(), word: word.to_owned() };
        let (obeys, positive) = time(positive).ok_or_else(|| wrong(positive))?;
        let (obeys_too, negative) = time(negative).ok_or_else(|| wrong(negative))?;
        if obeys != obeys_too {
            return Err(ClientError::Mixed(declared.to_owned()));
        }
        let place = format!("declared {times}");
        Ok(Self { name: name.to_owned(), place, obeys_ttl: obeys, positive, negative })
    }

    fn known(name: &str) -> Result<Self, ClientError> {
        let row = KNOWN.iter().find(|(known, ..)| *known == name);
        let (name, positive, negative, why) = row.ok_or_else(|| ClientError::Unknown(name.to_owned()))?;
        Ok(Self {
            name: (*name).to_owned(),
            place: (*why).to_owned(),
            obeys_ttl: false,
            positive: Span::Seconds(*positive),
            negative: Span::Seconds(*negative),
        })
    }
}

/// (obeys the TTL, seconds beyond).
fn time(word: &str) -> Option<(bool, Span)> {
    let seconds = |word: &str| word.parse::<u32>().ok().map(|seconds| Span::Seconds(seconds.into()));
    match word {
        "forever" => Some((false, Span::NoLimit)),
        "ttl" => Some((true, Span::ZERO)),
        _ => match word.strip_prefix("ttl+") {
            Some(beyond) => seconds(beyond).map(|span| (true, span)),
            None => seconds(word).map(|span| (false, span)),
        },
    }
}

#[cfg(test)]
mod tests;
