//! Every bound of the fan-out, with its arithmetic.

use std::time::Duration;

/// Largest item, key and value together. A pod's item has about 150 bytes; an EndpointSlice of 1,000 endpoints, the most that
/// one may have, with an IPv6 address, a host name of 63 bytes and a node name each, has about 160 KiB.
pub const ITEM_BYTES_MAX: usize = 256 * 1024;
/// Largest pulse ([`crate::Publisher::set_pulse`]): some numbers and a UID.
pub const PULSE_BYTES_MAX: usize = 1024;
/// A chunk is closed when its items reach this size: 5,000 agents with one chunk in flight each are 320 MiB at worst.
pub const CHUNK_BYTES_MAX: usize = 64 * 1024;
/// Sessions of one node: its agent, and the DNS server beside it.
pub const SESSIONS_PER_NODE: usize = 2;
/// Largest message on the wire: one chunk that was one byte short, plus the largest item, plus framing.
pub const MESSAGE_BYTES_MAX: usize = CHUNK_BYTES_MAX + ITEM_BYTES_MAX + 4 * 1024;
/// Largest message that an agent may send: a `Hello` with a node name of 253 bytes and two feeds has less than 1 KiB.
pub const AGENT_MESSAGE_BYTES_MAX: usize = 8 * 1024;
/// Largest report of a node: 64 gated workloads of about 60 bytes.
pub const REPORT_BYTES_MAX: usize = 6 * 1024;
/// Chunks sent and not yet acknowledged, per session: 4 x 64 KiB fill a path of 2.5 MB/s at 100 ms.
pub const WINDOW_CHUNKS: u64 = 4;
/// Resyncs that one session may ask for. One is a lost message; three are a bug, which must not become a loop.
pub const RESYNCS_MAX: u32 = 3;
/// Longest pause that an agent lets a hub impose.
pub const COME_BACK_MAX: Duration = Duration::from_secs(300);
/// Connections per second that a fleet aims at after its hub went away; the same number that a hub admits.
/// A TLS handshake with P-256 and an admission cost about 1 ms of CPU: 200/s take a fifth of a core.
pub const RECONNECTS_PER_SECOND: u32 = 200;

/// What one feed may hold and remember.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedLimits {
    /// Live items.
    pub items_max: usize,
    /// Their bytes: what an agent may have to take in a snapshot.
    pub bytes_max: usize,
    /// Changes that the feed remembers for deltas: a session's queue is never longer.
    pub log_changes_max: usize,
    /// Bytes of those changes: a session's queue is never larger.
    pub log_bytes_max: usize,
    /// Removals among them. Live items are in memory anyway, removals are not.
    pub log_removals_max: usize,
}

impl FeedLimits {
    /// A node has at most some hundreds of pods, of about 150 bytes each. 5,000 nodes x 64 removals x 150 bytes = 48 MB.
    pub const NODE: Self = Self {
        items_max: 16_384,
        bytes_max: 16 * 1024 * 1024,
        log_changes_max: 512,
        log_bytes_max: 1024 * 1024,
        log_removals_max: 64,
    };

    /// Services: 10,000 x 200 bytes. Slices: 20,000 (100,000 endpoints, ten a slice, in two address families) x 600 bytes.
    /// Namespaces: 10,000 x 40 bytes. Keys: 40,000 x 60 bytes. Together 17 MB in 40,000 items. Addresses of 150,000 pods, where
    /// nodes want to verify them, are 150,000 x 90 bytes = 14 MB more. Both limits leave as much again.
    /// The log is one for all sessions: 16,384 changes are 16 s at 1,000 changes a second, its values are those of the live
    /// items, and 8,192 removals x 100 bytes = 0.8 MB.
    pub const BROADCAST: Self = Self {
        items_max: 393_216,
        bytes_max: 64 * 1024 * 1024,
        log_changes_max: 16_384,
        log_bytes_max: 16 * 1024 * 1024,
        log_removals_max: 8_192,
    };

    /// What holds for `feed` at an agent, whatever its hub allows.
    pub fn of(feed: crate::message::FeedKind) -> Self {
        match feed {
            crate::message::FeedKind::Node => Self::NODE,
            crate::message::FeedKind::Broadcast => Self::BROADCAST,
        }
    }
}

const _: () = assert!(MESSAGE_BYTES_MAX < 4 * 1024 * 1024, "gRPC's customary limit");

/// What a hub allows. The defaults bring 5,000 agents back within half a minute.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Sessions at once: 5,000 nodes x [`SESSIONS_PER_NODE`], with a fifth to spare for streams that are being replaced.
    /// 12,000 x about 2 KiB of state = 24 MB.
    pub sessions_max: usize,
    /// Admissions per second, on average.
    pub accepts_per_second: u32,
    /// Admissions at once after a quiet time.
    pub accept_burst: u32,
    /// Sessions that are being sent a snapshot at once: 64 x 4 chunks x 64 KiB = 16 MiB in flight.
    pub snapshots_max: usize,
    /// Sessions that wait for their turn; more are told to come back.
    pub snapshots_waiting_max: usize,
    /// The feed of each node.
    pub node: FeedLimits,
    /// The feed of all.
    pub broadcast: FeedLimits,
    /// Longest silence of either side.
    pub heartbeat: Duration,
    /// An agent that takes no chunk for so long is too slow: it is closed and comes back for a snapshot.
    pub stall: Duration,
    /// From the start of the stream to `Hello`.
    pub hello_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sessions_max: 12_000,
            accepts_per_second: RECONNECTS_PER_SECOND,
            accept_burst: 50,
            snapshots_max: 64,
            snapshots_waiting_max: 512,
            node: FeedLimits::NODE,
            broadcast: FeedLimits::BROADCAST,
            heartbeat: Duration::from_secs(15),
            stall: Duration::from_secs(30),
            hello_timeout: Duration::from_secs(10),
        }
    }
}

/// The window over which `waiting` agents spread when `per_second` of them are admitted, with a quarter to spare; never
/// below one second.
pub fn spread(waiting: usize, per_second: u32) -> Duration {
    let seconds = waiting as f64 * 1.25 / f64::from(per_second.max(1));
    Duration::from_secs_f64(seconds.clamp(1.0, COME_BACK_MAX.as_secs_f64()))
}
