//! What stands between the truth and a program: the server of the zone, caches, the program's own cache.

use crate::client::Client;
use crate::horizon::{self, Horizon};
use crate::span::Span;

/// Caches and kinds of clients together. Real chains have three; 64 is far beyond and keeps the explanation readable.
pub const LAYERS_MAX: usize = 64;

/// TTLs are at most 2^31 - 1 (RFC 2181, section 8).
const TTL_SECONDS_MAX: u64 = (1 << 31) - 1;

/// A cluster zone's way to its readers, nearest to the truth first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The zone: `cluster.local`.
    pub zone: String,
    /// Who answers for it.
    pub authority: Authority,
    /// Caches one behind the other: the server's own, the node's.
    pub caches: Vec<Cache>,
    /// Kinds of clients beside each other: a name is hidden for as long as the slowest kind keeps it.
    pub clients: Vec<Client>,
}

/// The server of the zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// What a reader calls it: `CoreDNS`.
    pub name: String,
    /// Where that is written: `Corefile:4`.
    pub place: String,
    /// TTL of its answers.
    pub ttl_seconds: u64,
    /// TTL of its NXDOMAIN and NODATA: the SOA's minimum (RFC 2308).
    pub negative_ttl_seconds: u64,
    /// What it does without the control plane.
    pub knowledge: Knowledge,
}

/// What a server says when nobody tells it anything any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knowledge {
    /// It goes on with what it has, without limit and unmarked, until its process ends: CoreDNS' `kubernetes`.
    InMemory,
    /// It goes on, over restarts, but says so: answers older than this carry Extended DNS Error 3 (RFC 8914), a freshness
    /// record and a probe name show the age within one heartbeat.
    OnDisk {
        /// `--fresh-for`.
        fresh_for_seconds: u64,
        /// TTL of what is older (RFC 8767 recommends 30).
        stale_ttl_seconds: u64,
        /// How often the hub writes the heartbeat.
        heartbeat_seconds: u64,
    },
}

/// One cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    /// What a reader calls it: `NodeLocal DNSCache`.
    pub name: String,
    /// Where that is written.
    pub place: String,
    /// Answers.
    pub positive: Hold,
    /// NXDOMAIN and NODATA.
    pub negative: Hold,
}

/// How long a cache keeps one kind of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// A longer TTL is cut to this. 0: it does not keep this kind.
    pub ttl_max_seconds: u64,
    /// A shorter TTL is raised to this.
    pub ttl_min_seconds: u64,
    /// It hands out the original TTL instead of what is left of it (CoreDNS' `keepttl`).
    pub keeps_ttl: bool,
    /// For how long after the end of its TTL an answer is used when nobody refreshes it (RFC 8767).
    pub stale: Span,
    /// TTL of such a stale answer.
    pub stale_ttl_seconds: u64,
}

impl Hold {
    /// A cache that keeps nothing of this kind.
    pub const NOTHING: Self = Self {
        ttl_max_seconds: 0,
        ttl_min_seconds: 0,
        keeps_ttl: false,
        stale: Span::ZERO,
        stale_ttl_seconds: 0,
    };

    /// Keeps for the TTL, within these bounds, and gives what is left of it.
    #[must_use]
    pub const fn bounded(ttl_min_seconds: u64, ttl_max_seconds: u64) -> Self {
        Self { ttl_max_seconds, ttl_min_seconds, ..Self::NOTHING }
    }
}

/// Why a chain makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// Somebody made a list.
    #[error("{0} caches and clients; at most {LAYERS_MAX} are explained; leave out those that keep nothing")]
    TooMany(usize),
    /// Not a TTL.
    #[error("{place}: {seconds} s is no TTL; the largest is {TTL_SECONDS_MAX} (RFC 2181, section 8)")]
    Ttl {
        /// Where it is written.
        place: String,
        /// What is written there.
        seconds: u64,
    },
    /// Which one holds?
    #[error(
        "{place}: the shortest TTL that it keeps ({min} s) is above the longest ({max} s); change one of them"
    )]
    Bounds {
        /// Where it is written.
        place: String,
        /// The lower bound.
        min: u64,
        /// The upper bound.
        max: u64,
    },
}

impl Chain {
    /// The masking horizon and why it is so long.
    ///
    /// # Errors
    /// When a number in the chain cannot be.
    pub fn horizon(&self) -> Result<Horizon, ChainError> {
        self.check()?;
        Ok(horizon::compute(self))
    }

    fn check(&self) -> Result<(), ChainError> {
        let layers = self.caches.len() + self.clients.len();
        if layers > LAYERS_MAX {
            return Err(ChainError::TooMany(layers));
        }
        self.authority.check()?;
        self.caches.iter().try_for_each(Cache::check)
    }
}

impl Authority {
    fn check(&self) -> Result<(), ChainError> {
        ttl(&self.place, self.ttl_seconds)?;
        ttl(&self.place, self.negative_ttl_seconds)?;
        match self.knowledge {
            Knowledge::InMemory => Ok(()),
            Knowledge::OnDisk { stale_ttl_seconds, .. } => ttl(&self.place, stale_ttl_seconds),
        }
    }
}

impl Cache {
    fn check(&self) -> Result<(), ChainError> {
        for hold in [self.positive, self.negative] {
            let (min, max) = (hold.ttl_min_seconds, hold.ttl_max_seconds);
            ttl(&self.place, max)?;
            ttl(&self.place, hold.stale_ttl_seconds)?;
            if min > max {
                return Err(ChainError::Bounds { place: self.place.clone(), min, max });
            }
        }
        Ok(())
    }
}

fn ttl(place: &str, seconds: u64) -> Result<(), ChainError> {
    match seconds <= TTL_SECONDS_MAX {
        true => Ok(()),
        false => Err(ChainError::Ttl { place: place.to_owned(), seconds }),
    }
}
