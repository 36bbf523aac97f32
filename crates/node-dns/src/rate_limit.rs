//! How many queries a client may send: a bucket for each, in a table of fixed size, without a lock.

#[cfg(test)]
mod tests;

use std::hash::Hasher;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Buckets, 8 B each: 512 KB. Of the 110 to 250 pods of a node two share one in (250^2 / 2) / 65,536 = 48 % of all nodes,
/// one pair each; they then share one limit.
const BUCKETS: usize = 1 << 16;
/// What a client may send at once, in seconds of its rate.
const BURST_SECONDS: u64 = 1;
const NANOSECONDS: u64 = 1_000_000_000;

/// Limits per client: an IPv4 address, or the /64 of an IPv6 address (RFC 6177: what one host has).
pub(crate) struct RateLimit {
    /// Between two queries, in nanoseconds.
    interval: u64,
    /// How far ahead of its rate a client may be.
    ahead: u64,
    seed: u64,
    /// When the next query of the bucket's client would be on time (the generic cell rate algorithm).
    due: Box<[AtomicU64]>,
}

impl RateLimit {
    /// `per_second` is at least 1. `seed` keeps clients from choosing whose bucket they share.
    pub(crate) fn new(per_second: u32, seed: u64) -> Self {
        let interval = NANOSECONDS / u64::from(per_second.max(1));
        let due = (0..BUCKETS).map(|_| AtomicU64::new(0)).collect();
        Self { interval, ahead: BURST_SECONDS * NANOSECONDS, seed, due }
    }

    /// Counts a query; `false` when it is one too many. `now` is monotonic.
    #[inline]
    pub(crate) fn allow(&self, client: IpAddr, now: Duration) -> bool {
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        let cell = &self.due[self.bucket(client)];
        let mut due = cell.load(Ordering::Relaxed);
        loop {
            let next = due.max(now).saturating_add(self.interval);
            if next - now > self.ahead.max(self.interval) {
                return false;
            }
            match cell.compare_exchange_weak(due, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(other) => due = other,
            }
        }
    }

    fn bucket(&self, client: IpAddr) -> usize {
        let mut hasher = rustc_hash::FxHasher::default();
        hasher.write_u64(self.seed);
        match client {
            IpAddr::V4(address) => hasher.write_u32(address.into()),
            IpAddr::V6(address) => hasher.write_u64((u128::from(address) >> 64) as u64),
        }
        hasher.finish() as usize % BUCKETS
    }
}
