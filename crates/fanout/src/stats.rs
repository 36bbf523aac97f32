//! What the hub's side counts.

/// Fill, work and drops of a [`crate::Publisher`]. Totals count since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// The hub has its data and admits agents.
    pub ready: bool,
    /// Nodes that the hub knows: what admission and backoff scale with.
    pub agents_known: usize,
    /// Admitted agents: sessions that follow the feed of their node.
    pub agents_connected: usize,
    /// Sessions that follow the broadcast feed: DNS servers, in the agent or beside it.
    pub names_connected: usize,
    /// Open streams, admitted or not.
    pub sessions: usize,
    /// Items of all feeds.
    pub items: usize,
    /// Their bytes.
    pub item_bytes: usize,
    /// Changes that all logs remember.
    pub log_changes: usize,
    /// Their bytes.
    pub log_bytes: usize,
    /// Longest queue of any session for its node's feed so far, in changes; at most `log_changes_max` of that feed.
    pub queue_changes_peak: usize,
    /// The same for the broadcast feed.
    pub broadcast_queue_changes_peak: usize,
    /// Sessions being sent a snapshot.
    pub snapshots_running: usize,
    /// The most there ever were.
    pub snapshots_running_peak: usize,
    /// Sessions waiting for their turn.
    pub snapshots_waiting: usize,
    /// The most there ever were.
    pub snapshots_waiting_peak: usize,
    /// Agents admitted.
    pub admissions: u64,
    /// Agents told to come back.
    pub come_backs: u64,
    /// Agents refused: protocol or name.
    pub refusals: u64,
    /// Sessions ended because the same node connected again.
    pub superseded: u64,
    /// Sessions ended because the agent fell silent.
    pub silent: u64,
    /// Sessions ended because the agent took no chunk for too long.
    pub stalled: u64,
    /// Sessions ended because of messages that make no sense.
    pub violations: u64,
    /// Resyncs that agents asked for.
    pub resyncs: u64,
    /// Queues that overflowed: the session got a snapshot instead.
    pub collapses: u64,
    /// Transfers begun, by kind.
    pub snapshots: u64,
    /// See `snapshots`.
    pub deltas: u64,
    /// See `snapshots`: nothing but "you are current".
    pub currents: u64,
    /// Pulses sent.
    pub pulses: u64,
    /// Chunks sent.
    pub chunks: u64,
    /// Bytes of all messages sent, as encoded.
    pub bytes_sent: u64,
    /// Bytes of chunks alone.
    pub chunk_bytes_sent: u64,
    /// Bytes of all messages received, as encoded.
    pub bytes_received: u64,
    /// Items not taken because of a bound.
    pub items_rejected: u64,
}
