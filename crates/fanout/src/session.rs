//! One connected agent, as the hub sees it.

use std::time::Duration;

use crate::feed::Cut;
use crate::item::SetHash;
use crate::limits::{CHUNK_BYTES_MAX, Limits, WINDOW_CHUNKS};
use crate::message::{Chunk, FeedKind, TransferKind, WireChange};
use crate::publisher::Peer;

/// Silences that mean that the other side is gone, in heartbeat intervals.
pub(crate) const SILENCES_MAX: u32 = 3;

/// Where the agent stands in one feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cursor {
    /// Does not follow it.
    Away,
    /// Needs a snapshot.
    Unknown,
    /// Has what the feed had at this number, under another number or none: must be told.
    Equal(u64, SetHash),
    /// Has everything up to this sequence number, or will when what was sent arrives.
    At(u64),
}

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) peer: Peer,
    /// `None` until `Hello` was accepted.
    pub(crate) node: Option<Box<str>>,
    pub(crate) follows: Follows,
    cursors: [Cursor; 2],
    pub(crate) transfer: Option<Transfer>,
    sent: u64,
    acked: u64,
    /// When the window last moved, or the first chunk into an empty window was sent.
    progress: Duration,
    opened: Duration,
    pub(crate) last_sent: Duration,
    pub(crate) last_heard: Duration,
    pub(crate) resyncs: u32,
    /// The number of the last pulse that was sent.
    pub(crate) pulse: u64,
    /// Is in the publisher's list of sessions that have something to be sent.
    pub(crate) dirty: bool,
    /// Waits for a snapshot slot.
    pub(crate) waiting: bool,
    /// Holds a snapshot slot, until this chunk is acknowledged.
    pub(crate) slot_until: Option<u64>,
}

/// A consistent cut on its way to the agent.
#[derive(Debug)]
pub(crate) struct Transfer {
    pub(crate) feed: FeedKind,
    pub(crate) kind: TransferKind,
    epoch: u64,
    cut: Cut,
    /// Changes sent so far.
    sent: usize,
    index: u32,
}

/// Which feeds an agent asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Follows {
    /// What only its node needs.
    pub node: bool,
    /// What every node needs, and pulses.
    pub broadcast: bool,
}

impl Follows {
    /// The agent's telemetry.
    pub const NODE: Self = Self { node: true, broadcast: false };
    /// The DNS server beside it.
    pub const BROADCAST: Self = Self { node: false, broadcast: true };
    /// Both in one session.
    pub const BOTH: Self = Self { node: true, broadcast: true };

    /// Whether `feed` is one of them.
    pub fn has(self, feed: FeedKind) -> bool {
        match feed {
            FeedKind::Node => self.node,
            FeedKind::Broadcast => self.broadcast,
        }
    }

    /// As `Hello` says it.
    pub(crate) fn to_wire(self) -> Vec<i32> {
        FeedKind::ALL.into_iter().filter(|feed| self.has(*feed)).map(i32::from).collect()
    }

    /// From `Hello`; a feed that this hub does not know is left out.
    pub(crate) fn from_wire(feeds: &[i32]) -> Self {
        let has = |feed: FeedKind| feeds.contains(&i32::from(feed));
        Self { node: has(FeedKind::Node), broadcast: has(FeedKind::Broadcast) }
    }
}

/// Why a session ends by the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overdue {
    Hello,
    Silent,
    Stalled,
}

impl Session {
    pub(crate) fn new(peer: Peer, now: Duration) -> Self {
        Self {
            peer,
            node: None,
            follows: Follows::default(),
            cursors: [Cursor::Away; 2],
            transfer: None,
            sent: 0,
            acked: 0,
            progress: now,
            opened: now,
            last_sent: now,
            last_heard: now,
            resyncs: 0,
            pulse: 0,
            dirty: false,
            waiting: false,
            slot_until: None,
        }
    }

    pub(crate) fn cursor(&self, feed: FeedKind) -> Cursor {
        self.cursors[feed as usize]
    }

    pub(crate) fn set_cursor(&mut self, feed: FeedKind, cursor: Cursor) {
        self.cursors[feed as usize] = cursor;
    }

    pub(crate) fn begin(&mut self, transfer: Transfer) {
        self.set_cursor(transfer.feed, Cursor::At(transfer.cut.to));
        self.transfer = Some(transfer);
    }

    /// The next chunk, if one is there and the window lets it out.
    pub(crate) fn next_chunk(&mut self, now: Duration) -> Option<Chunk> {
        if !self.window_open() {
            return None;
        }
        let transfer = self.transfer.as_mut()?;
        let chunk = transfer.next_chunk();
        if self.sent == self.acked {
            self.progress = now;
        }
        self.sent += 1;
        if transfer.kind == TransferKind::Snapshot {
            self.slot_until = Some(self.sent);
        }
        if chunk.last {
            self.transfer = None;
        }
        Some(chunk)
    }

    pub(crate) fn window_open(&self) -> bool {
        self.sent - self.acked < WINDOW_CHUNKS
    }

    /// Takes an acknowledgement. False when it makes no sense.
    pub(crate) fn ack(&mut self, chunks: u64, now: Duration) -> bool {
        if chunks > self.sent || chunks < self.acked {
            return false;
        }
        if chunks > self.acked {
            self.progress = now;
        }
        self.acked = chunks;
        true
    }

    /// Whether the snapshot that the slot was for has arrived.
    pub(crate) fn slot_done(&self) -> bool {
        let snapshotting = self.transfer.as_ref().is_some_and(|t| t.kind == TransferKind::Snapshot)
            || self.cursors.contains(&Cursor::Unknown);
        !snapshotting && self.slot_until.is_some_and(|until| self.acked >= until)
    }

    /// What the clock says about this session.
    pub(crate) fn overdue(&self, now: Duration, limits: &Limits) -> Option<Overdue> {
        if self.node.is_none() {
            return (now >= self.opened + limits.hello_timeout).then_some(Overdue::Hello);
        }
        if now >= self.last_heard + limits.heartbeat * SILENCES_MAX {
            return Some(Overdue::Silent);
        }
        let stalled = self.sent > self.acked && now >= self.progress + limits.stall;
        stalled.then_some(Overdue::Stalled)
    }

    pub(crate) fn heartbeat_due(&self, now: Duration, limits: &Limits) -> bool {
        self.node.is_some() && now >= self.last_sent + limits.heartbeat
    }

    /// When the clock next has something to say.
    pub(crate) fn next_deadline(&self, limits: &Limits) -> Duration {
        if self.node.is_none() {
            return self.opened + limits.hello_timeout;
        }
        let mut next =
            (self.last_sent + limits.heartbeat).min(self.last_heard + limits.heartbeat * SILENCES_MAX);
        if self.sent > self.acked {
            next = next.min(self.progress + limits.stall);
        }
        next
    }
}

impl Transfer {
    pub(crate) fn new(feed: FeedKind, kind: TransferKind, epoch: u64, cut: Cut) -> Self {
        Self { feed, kind, epoch, cut, sent: 0, index: 0 }
    }

    fn next_chunk(&mut self) -> Chunk {
        let mut changes = Vec::new();
        let mut bytes = 0;
        for change in &self.cut.changes[self.sent..] {
            if bytes >= CHUNK_BYTES_MAX {
                break;
            }
            let (item, value) = (&change.item, change.value.clone().unwrap_or_default());
            // 16 covers tags and lengths of a change.
            bytes += item.key.len() + value.len() + 16;
            let (key, removed) = (item.key.clone(), change.value.is_none());
            changes.push(WireChange { topic: item.topic.0, key, value, removed });
        }
        self.sent += changes.len();
        let (hash_high, hash_low) = self.cut.hash.halves();
        let index = self.index;
        self.index += 1;
        Chunk {
            feed: self.feed.into(),
            transfer: self.kind.into(),
            epoch: self.epoch,
            from: self.cut.from,
            to: self.cut.to,
            index,
            last: self.sent == self.cut.changes.len(),
            hash_high,
            hash_low,
            changes,
        }
    }
}
