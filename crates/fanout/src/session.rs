//! One connected agent, as the hub sees it.

use std::time::Duration;

use crate::item::{Change, SetHash};
use crate::limits::{CHUNK_BYTES_MAX, Limits, WINDOW_CHUNKS};
use crate::message::{Chunk, FeedKind, TransferKind, WireChange};
use crate::publisher::Peer;

/// Silences that mean that the other side is gone, in heartbeat intervals.
pub(crate) const SILENCES_MAX: u32 = 3;

/// Where the agent stands in one feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cursor {
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
    from: u64,
    to: u64,
    hash: SetHash,
    changes: std::iter::Peekable<std::vec::IntoIter<Change>>,
    index: u32,
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
            cursors: [Cursor::Unknown; 2],
            transfer: None,
            sent: 0,
            acked: 0,
            progress: now,
            opened: now,
            last_sent: now,
            last_heard: now,
            resyncs: 0,
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
        self.set_cursor(transfer.feed, Cursor::At(transfer.to));
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
    pub(crate) fn new(
        feed: FeedKind,
        kind: TransferKind,
        epoch: u64,
        (from, to): (u64, u64),
        hash: SetHash,
        changes: Vec<Change>,
    ) -> Self {
        Self { feed, kind, epoch, from, to, hash, changes: changes.into_iter().peekable(), index: 0 }
    }

    fn next_chunk(&mut self) -> Chunk {
        let mut changes = Vec::new();
        let mut bytes = 0;
        while bytes < CHUNK_BYTES_MAX {
            let Some(Change { item, value }) = self.changes.next() else { break };
            let removed = value.is_none();
            let value = value.unwrap_or_default();
            // 16 covers tags and lengths of a change.
            bytes += item.key.len() + value.len() + 16;
            changes.push(WireChange { topic: item.topic.0, key: item.key, value, removed });
        }
        let (hash_high, hash_low) = self.hash.halves();
        let index = self.index;
        self.index += 1;
        Chunk {
            feed: self.feed.into(),
            transfer: self.kind.into(),
            epoch: self.epoch,
            from: self.from,
            to: self.to,
            index,
            last: self.changes.peek().is_none(),
            hash_high,
            hash_low,
            changes,
        }
    }
}
