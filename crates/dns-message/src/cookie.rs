//! Server cookies that any server with the same secret can check (RFC 9018, version 1).

#[cfg(test)]
mod tests;

use std::hash::Hasher as _;
use std::net::IpAddr;

use siphasher::sip::SipHasher24;

use crate::edns::CLIENT_COOKIE_BYTES;

/// Octets of a whole cookie: the client's 8, and version, reserved, time and hash.
pub const COOKIE_BYTES: usize = CLIENT_COOKIE_BYTES + SERVER_BYTES;
const SERVER_BYTES: usize = 16;
const VERSION: u8 = 1;

/// A cookie is good for an hour, and for 5 minutes before it was made, since clocks differ (RFC 9018, 4.3).
const AGE_SECONDS_MAX: i32 = 3_600;
const AHEAD_SECONDS_MAX: i32 = 300;
/// A cookie older than this is still good but replaced (RFC 9018, 4.3).
const RENEW_SECONDS: i32 = 1_800;

/// What the servers of one address share.
pub type Secret = [u8; 16];

/// What a query's cookie proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The client has received an answer of ours at this address: its source is not spoofed.
    Good {
        /// Old enough to be replaced by a new one; otherwise the response repeats it.
        renew: bool,
    },
    /// Only the client's part, or a part of another server, too old, or wrong: as without a cookie, but answered with one.
    Unproven,
}

/// Judges the cookie of a query that passed the gate (8, or 16 to 40 octets). `now` is in seconds since the epoch and wraps.
pub fn check(cookie: &[u8], client: IpAddr, now: u32, secrets: &[Secret]) -> Standing {
    let Ok(cookie) = <&[u8; COOKIE_BYTES]>::try_from(cookie) else { return Standing::Unproven };
    let (signed, hash) = cookie.split_at(CLIENT_COOKIE_BYTES + 8);
    let made = u32::from_be_bytes([cookie[12], cookie[13], cookie[14], cookie[15]]);
    // Serial number arithmetic (RFC 1982): the difference survives the year 2106.
    let age = now.wrapping_sub(made) as i32;
    if cookie[8] != VERSION || !(-AHEAD_SECONDS_MAX..=AGE_SECONDS_MAX).contains(&age) {
        return Standing::Unproven;
    }
    for (index, secret) in secrets.iter().enumerate() {
        if hash == hash_of(signed, client, secret) {
            // One of an old secret is good until all servers have the new one, and is replaced.
            return Standing::Good { renew: index > 0 || age > RENEW_SECONDS };
        }
    }
    Standing::Unproven
}

/// The whole cookie for a response to a query with `cookie`.
pub fn make(cookie: &[u8], client: IpAddr, now: u32, secret: &Secret) -> [u8; COOKIE_BYTES] {
    let mut made = [0; COOKIE_BYTES];
    let own = cookie.len().min(CLIENT_COOKIE_BYTES);
    made[..own].copy_from_slice(&cookie[..own]);
    made[8] = VERSION;
    made[12..16].copy_from_slice(&now.to_be_bytes());
    let hash = hash_of(&made[..16], client, secret);
    made[16..].copy_from_slice(&hash);
    made
}

/// SipHash-2-4 over the client's cookie, version, reserved, time and the client's address (RFC 9018, 4.4).
fn hash_of(signed: &[u8], client: IpAddr, secret: &Secret) -> [u8; 8] {
    let mut hasher = SipHasher24::new_with_key(secret);
    hasher.write(signed);
    match client {
        IpAddr::V4(address) => hasher.write(&address.octets()),
        IpAddr::V6(address) => hasher.write(&address.octets()),
    }
    hasher.finish().to_le_bytes()
}
