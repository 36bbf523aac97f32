//! Every bound of the fan-out, with its arithmetic.

use std::time::Duration;

/// Largest item, key and value together. A pod's item has about 150 bytes; a large EndpointSlice 100 KiB.
pub const ITEM_BYTES_MAX: usize = 128 * 1024;
/// Items of one feed. A node has at most some hundreds of pods; a broadcast feed at most one item per service.
pub const FEED_ITEMS_MAX: usize = 65_536;
/// Bytes of one feed's live items: what an agent may have to hold twice while it takes a snapshot.
pub const FEED_BYTES_MAX: usize = 16 * 1024 * 1024;
/// A chunk is closed when its items reach this size: 5,000 agents with one chunk in flight each are 320 MiB at worst.
pub const CHUNK_BYTES_MAX: usize = 64 * 1024;
/// Largest message on the wire: one chunk that was one byte short, plus the largest item, plus framing.
pub const MESSAGE_BYTES_MAX: usize = CHUNK_BYTES_MAX + ITEM_BYTES_MAX + 4 * 1024;
/// Largest message that an agent may send: a `Hello` with a node name of 253 bytes has less than 1 KiB.
pub const AGENT_MESSAGE_BYTES_MAX: usize = 8 * 1024;
/// Chunks sent and not yet acknowledged, per session: 4 x 64 KiB fill a path of 2.5 MB/s at 100 ms.
pub const WINDOW_CHUNKS: u64 = 4;
/// Resyncs that one session may ask for. One is a lost message; three are a bug, which must not become a loop.
pub const RESYNCS_MAX: u32 = 3;
/// Longest pause that an agent lets a hub impose.
pub const COME_BACK_MAX: Duration = Duration::from_secs(300);
/// Connections per second that a fleet aims at after its hub went away; the same number that a hub admits.
/// A TLS handshake with P-256 and an admission cost about 1 ms of CPU: 200/s take a fifth of a core.
pub const RECONNECTS_PER_SECOND: u32 = 200;

const _: () = assert!(MESSAGE_BYTES_MAX < 4 * 1024 * 1024, "gRPC's customary limit");

/// What a hub allows. The defaults bring 5,000 agents back within half a minute.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Sessions at once. 10,000 x about 2 KiB of state.
    pub sessions_max: usize,
    /// Admissions per second, on average.
    pub accepts_per_second: u32,
    /// Admissions at once after a quiet time.
    pub accept_burst: u32,
    /// Sessions that are being sent a snapshot at once: 64 x 4 chunks x 64 KiB = 16 MiB in flight.
    pub snapshots_max: usize,
    /// Sessions that wait for their turn; more are told to come back.
    pub snapshots_waiting_max: usize,
    /// Changes that a feed remembers for deltas: a session's queue is never longer.
    pub log_changes_max: usize,
    /// Bytes of those changes: a session's queue is never larger.
    pub log_bytes_max: usize,
    /// Removals among them. Live items are in memory anyway, removals are not: 5,000 nodes x 64 x about 150 bytes = 48 MB.
    pub log_removals_max: usize,
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
            sessions_max: 10_000,
            accepts_per_second: RECONNECTS_PER_SECOND,
            accept_burst: 50,
            snapshots_max: 64,
            snapshots_waiting_max: 512,
            log_changes_max: 512,
            log_bytes_max: 1024 * 1024,
            log_removals_max: 64,
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
