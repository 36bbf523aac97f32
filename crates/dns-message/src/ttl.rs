//! TTLs changed where they stand, in a message that is kept on the wire.

#[cfg(test)]
mod tests;

use crate::{Message, MessageError, RecordType, Section};

/// A TTL with the highest bit set means nothing (RFC 2181, 8; RFC 8767, 4 takes it for this many seconds, its cap of a week).
pub const TTL_SECONDS_MAX: u32 = 7 * 86_400;

/// Where the TTLs of a message stand, those of OPT left out: a cache finds them once and patches them at each use.
///
/// # Errors
/// The message has a record that is none.
pub fn positions(message: &[u8]) -> Result<Vec<u16>, MessageError> {
    let mut found = Vec::new();
    for record in Message::parse(message)?.records() {
        let record = record?;
        if record.record_type != RecordType::OPT {
            // A message has at most 65,535 octets over any transport.
            found.push(u16::try_from(record.ttl_at).map_err(|_| MessageError::Short)?);
        }
    }
    Ok(found)
}

/// The least TTL of the answer and authority sections, capped; `None` when they are empty.
///
/// # Errors
/// The message has a record that is none.
pub fn least(message: &[u8]) -> Result<Option<u32>, MessageError> {
    let mut least: Option<u32> = None;
    for record in Message::parse(message)?.records() {
        let record = record?;
        if record.section != Section::Additional {
            let ttl = sane(record.ttl);
            least = Some(least.map_or(ttl, |least| least.min(ttl)));
        }
    }
    Ok(least)
}

/// Replaces the TTL at each of `positions` (of [`positions`] for this message).
pub fn patch(message: &mut [u8], positions: &[u16], mut change: impl FnMut(u32) -> u32) {
    for &at in positions {
        let Some(bytes) = message.get_mut(usize::from(at)..).and_then(<[u8]>::first_chunk_mut::<4>) else {
            continue;
        };
        *bytes = change(sane(u32::from_be_bytes(*bytes))).to_be_bytes();
    }
}

/// A TTL as received: capped, and the highest bit read as RFC 8767, 4 says.
pub fn sane(ttl: u32) -> u32 {
    ttl.min(TTL_SECONDS_MAX)
}
