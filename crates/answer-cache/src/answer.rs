//! Messages on their way in and out.

use std::time::Duration;

/// What kind of answer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// NOERROR with records.
    Positive,
    /// NOERROR without: the name exists, the type does not.
    NoData,
    /// The name does not exist, whatever the type.
    NxDomain,
    /// Nothing was learnt: SERVFAIL, REFUSED, no answer.
    Failure,
}

/// A response of an upstream without its OPT record.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// Its octets: header, the question, records.
    pub message: &'a [u8],
    /// Where the TTLs of its records stand.
    pub ttl_positions: &'a [u16],
    /// For how long it says that it is good: the least TTL, and for negative answers what RFC 2308, 5 says. None: it may
    /// not be kept (a negative answer without SOA).
    pub ttl_seconds: Option<u32>,
    /// Positive or negative.
    pub kind: Kind,
    /// Extended error (RFC 8914) that came with it.
    pub error: Option<(u16, &'a str)>,
}

/// How a fetch ended.
#[derive(Debug, Clone, Copy)]
pub enum Fetched<'a> {
    /// NOERROR or NXDOMAIN: what RFC 8767, 5 takes for news.
    Good(Answer<'a>),
    /// Anything else; the message, if there was one.
    Bad(Option<Answer<'a>>),
}

/// Whom the answer is for.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Goes into the header.
    pub id: u16,
    /// Goes into the header: RD (0x0100) and CD (0x0010) of the query.
    pub flags: u16,
    /// The question with its case, which goes into the answer: name, type, class.
    pub question: &'a [u8],
}

/// An answer that was appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// What it is.
    pub kind: Kind,
    /// It is older than its TTL.
    pub stale: bool,
    /// Since it came from the upstream.
    pub age: Duration,
    /// Extended error of the upstream.
    pub error: Option<(u16, String)>,
    /// The caller must ask the upstream again in the background, then call [`crate::Cache::complete`] or
    /// [`crate::Cache::postpone`].
    pub refresh: bool,
}

/// RD and CD, which a response repeats.
const REPEATED_FLAGS: u16 = 0x0110;

/// Appends `message` with the id, the flags and the question of `ask`, and each TTL as `ttl` says.
pub(crate) fn append(
    message: &[u8],
    positions: &[u16],
    ask: &Ask<'_>,
    ttl: impl Fn(u32) -> u32,
    out: &mut Vec<u8>,
) {
    let start = out.len();
    out.extend_from_slice(message);
    let copy = &mut out[start..];
    if let Some(head) = copy.first_chunk_mut::<4>() {
        let flags = u16::from_be_bytes([head[2], head[3]]) & !REPEATED_FLAGS | ask.flags & REPEATED_FLAGS;
        let ([id_high, id_low], [flags_high, flags_low]) = (ask.id.to_be_bytes(), flags.to_be_bytes());
        *head = [id_high, id_low, flags_high, flags_low];
    }
    // Same name in another case, and for NXDOMAIN perhaps another type: the length is the same.
    if let Some(question) = copy.get_mut(12..12 + ask.question.len()) {
        question.copy_from_slice(ask.question);
    }
    for position in positions {
        let at = usize::from(*position);
        if let Some(field) = copy.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<4>) {
            *field = ttl(u32::from_be_bytes(*field)).to_be_bytes();
        }
    }
}
