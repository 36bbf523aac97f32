//! For how long, and how much.

use std::time::Duration;

/// RFC 8767, 4: no TTL is longer than a week.
pub(crate) const TTL_SECONDS_MAX: u32 = 7 * 86_400;

/// TTLs are brought into this range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// At least: spares upstreams whose TTLs are 0, at the cost of being late by this much.
    pub seconds_min: u32,
    /// At most.
    pub seconds_max: u32,
}

/// RFC 8767.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stale {
    /// Kept so long past the end of the TTL. RFC 8767, 5: one to three days.
    pub longest: Duration,
    /// TTL of a stale answer. RFC 8767, 4: greater than 0, 30 recommended.
    pub ttl_seconds: u32,
    /// The client response timer: a client waits so long before it gets the stale answer. RFC 8767, 5: 1.8 s. Zero: the
    /// stale answer at once, and a fetch behind it.
    pub client_timeout: Duration,
    /// The failure recheck timer: after a failure an upstream is not asked for this name before. RFC 8767, 5: 30 s or more.
    pub recheck: Duration,
}

/// Popular answers are fetched before they run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefetch {
    /// Popular: so many hits ...
    pub hits_min: u32,
    /// ... without a gap as long as this.
    pub gap: Duration,
    /// When less than this part of the TTL is left.
    pub percent: u32,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Keys, messages and what keeps them, together.
    pub bytes_max: usize,
    /// NOERROR with records.
    pub positive: Bounds,
    /// NXDOMAIN and NODATA (RFC 2308, 5: one to three hours at most).
    pub negative: Bounds,
    /// A failure is remembered so long when there is nothing else to give. RFC 9520, 3.2: 1 s to 5 min.
    pub failure: Duration,
    /// None: nothing goes out stale.
    pub stale: Option<Stale>,
    /// None: nothing is fetched early.
    pub prefetch: Option<Prefetch>,
    /// Of the hash: unknown to clients, so that they cannot make names collide.
    pub hash_key: [u64; 2],
}

impl Default for Stale {
    fn default() -> Self {
        Self {
            longest: Duration::from_secs(86_400),
            ttl_seconds: 30,
            client_timeout: Duration::from_millis(1800),
            recheck: Duration::from_secs(30),
        }
    }
}

impl Default for Prefetch {
    fn default() -> Self {
        Self { hits_min: 3, gap: Duration::from_secs(60), percent: 10 }
    }
}

impl Default for Settings {
    /// As CoreDNS has it where it has an opinion, and stale answers as RFC 8767 recommends.
    fn default() -> Self {
        Self {
            // Two times CoreDNS's 9984 answers, at about 1.6 KiB each with all that keeps them.
            bytes_max: 32 << 20,
            positive: Bounds { seconds_min: 0, seconds_max: 3600 },
            negative: Bounds { seconds_min: 0, seconds_max: 1800 },
            failure: Duration::from_secs(5),
            stale: Some(Stale::default()),
            prefetch: Some(Prefetch::default()),
            hash_key: [0, 0],
        }
    }
}
