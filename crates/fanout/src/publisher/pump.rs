//! What is sent next, and how much of it.

use std::time::Duration;

use super::{CloseReason, HubAction, Publisher, SessionId};
use crate::message::{FeedKind, FromHub, TransferKind};
use crate::session::{Cursor, Transfer};

impl Publisher {
    /// Sends to one session as much as its window and the snapshot slots allow.
    pub(super) fn pump(&mut self, id: SessionId, now: Duration, out: &mut Vec<HubAction>) {
        loop {
            let Some(session) = self.sessions.get_mut(&id) else { return };
            if let Some(chunk) = session.next_chunk(now) {
                self.send(id, FromHub::Chunk(chunk), now, out);
                continue;
            }
            if session.transfer.is_some() || !session.window_open() {
                return self.note_queue(id);
            }
            let Some(transfer) = self.next_transfer(id, now, out) else { return };
            if let Some(session) = self.sessions.get_mut(&id) {
                session.begin(transfer);
            }
        }
    }

    pub(super) fn ack(&mut self, id: SessionId, chunks: u64, now: Duration, out: &mut Vec<HubAction>) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if !session.ack(chunks, now) {
            return self.close(id, CloseReason::Violation, now, out);
        }
        if session.slot_done() {
            session.slot_until = None;
            self.release_slot(now, out);
        }
        self.pump(id, now, out);
    }

    /// The node's own feed first: it is small, and it is what the agent was asked for.
    fn next_transfer(&mut self, id: SessionId, now: Duration, out: &mut Vec<HubAction>) -> Option<Transfer> {
        for kind in [FeedKind::Node, FeedKind::Broadcast] {
            let session = self.sessions.get(&id)?;
            let (node, cursor) = (session.node.clone()?, session.cursor(kind));
            let feed = self.feed(&node, kind)?;
            let (mut head, mut hash) = (feed.head(), feed.hash());
            let (transfer, from, changes) = match cursor {
                Cursor::At(at) if at == head => continue,
                Cursor::Equal(at, then) => {
                    (head, hash) = (at, then);
                    (TransferKind::Current, at, Vec::new())
                }
                Cursor::At(at) => match feed.delta(at) {
                    Some(changes) => (TransferKind::Delta, at, changes),
                    None => {
                        self.stats.collapses += 1;
                        self.sessions.get_mut(&id)?.set_cursor(kind, Cursor::Unknown);
                        (TransferKind::Snapshot, 0, self.snapshot(id, kind, now, out)?)
                    }
                },
                Cursor::Unknown => (TransferKind::Snapshot, 0, self.snapshot(id, kind, now, out)?),
            };
            match transfer {
                TransferKind::Current => self.stats.currents += 1,
                TransferKind::Snapshot => self.stats.snapshots += 1,
                TransferKind::Delta => {
                    self.stats.deltas += 1;
                    self.stats.queue_changes_peak = self.stats.queue_changes_peak.max(changes.len());
                }
            }
            return Some(Transfer::new(kind, transfer, self.epoch, (from, head), hash, changes));
        }
        None
    }

    /// The set of a feed, if the session has or gets a snapshot slot; otherwise it waits in line.
    fn snapshot(
        &mut self,
        id: SessionId,
        kind: FeedKind,
        now: Duration,
        out: &mut Vec<HubAction>,
    ) -> Option<Vec<crate::Change>> {
        if !self.take_slot(id) {
            if self.sessions.get(&id).is_some_and(|session| !session.waiting) {
                // A session that collapsed when the line is full comes back later, like everybody else.
                self.close(id, CloseReason::Stalled, now, out);
            }
            return None;
        }
        let node = self.sessions.get(&id)?.node.clone()?;
        Some(self.feed(&node, kind)?.snapshot())
    }

    fn take_slot(&mut self, id: SessionId) -> bool {
        let Some(session) = self.sessions.get_mut(&id) else { return false };
        if session.slot_until.is_some() {
            return true;
        }
        if session.waiting {
            return false;
        }
        if self.snapshots_running >= self.limits.snapshots_max {
            if self.snapshots_waiting.len() < self.limits.snapshots_waiting_max {
                session.waiting = true;
                self.snapshots_waiting.push_back(id);
                self.stats.snapshots_waiting_peak =
                    self.stats.snapshots_waiting_peak.max(self.snapshots_waiting.len());
            }
            return false;
        }
        self.snapshots_running += 1;
        self.stats.snapshots_running_peak = self.stats.snapshots_running_peak.max(self.snapshots_running);
        session.slot_until = Some(0);
        true
    }

    /// A slot is free: the first in line gets it.
    pub(super) fn release_slot(&mut self, now: Duration, out: &mut Vec<HubAction>) {
        self.snapshots_running -= 1;
        let Some(next) = self.snapshots_waiting.pop_front() else { return };
        if let Some(session) = self.sessions.get_mut(&next) {
            session.waiting = false;
            self.pump(next, now, out);
        }
    }

    fn note_queue(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        let Some(node) = session.node.as_deref() else { return };
        let behind = [FeedKind::Node, FeedKind::Broadcast].into_iter().map(|kind| {
            match (session.cursor(kind), self.feed(node, kind)) {
                (Cursor::At(at), Some(feed)) => feed.behind(at),
                _ => 0,
            }
        });
        let longest = behind.max().unwrap_or(0);
        self.stats.queue_changes_peak = self.stats.queue_changes_peak.max(longest);
    }
}
