//! What is sent next, and how much of it.

use std::time::Duration;

use super::{CloseReason, HubAction, Publisher, SessionId};
use crate::feed::{Cut, Feed};
use crate::message::{FeedKind, FromHub, Pulse, TransferKind};
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
            let Some(transfer) = self.next_transfer(id, now, out) else { return self.pulse(id, now, out) };
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

    /// The newest pulse, after whatever content there was. A session whose window is full gets it with its next
    /// acknowledgement, or the one after it then.
    fn pulse(&mut self, id: SessionId, now: Duration, out: &mut Vec<HubAction>) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if !session.follows.broadcast || session.pulse == self.pulses {
            return;
        }
        session.pulse = self.pulses;
        let value = self.pulse.clone();
        self.stats.pulses += 1;
        self.send(id, FromHub::Pulse(Pulse { value }), now, out);
    }

    /// The node's own feed first: it is small, and it is what the agent was asked for.
    fn next_transfer(&mut self, id: SessionId, now: Duration, out: &mut Vec<HubAction>) -> Option<Transfer> {
        for kind in FeedKind::ALL {
            let cursor = self.sessions.get(&id)?.cursor(kind);
            let (transfer, cut) = match cursor {
                Cursor::Away => continue,
                Cursor::At(at) if at == self.feed_of(id, kind)?.head() => continue,
                Cursor::Equal(at, hash) => {
                    (TransferKind::Current, Cut { from: at, to: at, hash, changes: Default::default() })
                }
                Cursor::At(at) => match self.feed_of(id, kind)?.delta(at) {
                    Some(cut) => (TransferKind::Delta, cut),
                    None => {
                        self.stats.collapses += 1;
                        self.sessions.get_mut(&id)?.set_cursor(kind, Cursor::Unknown);
                        (TransferKind::Snapshot, self.snapshot(id, kind, now, out)?)
                    }
                },
                Cursor::Unknown => (TransferKind::Snapshot, self.snapshot(id, kind, now, out)?),
            };
            match transfer {
                TransferKind::Current => self.stats.currents += 1,
                TransferKind::Snapshot => self.stats.snapshots += 1,
                TransferKind::Delta => {
                    self.stats.deltas += 1;
                    self.note_length(kind, cut.changes.len());
                }
            }
            return Some(Transfer::new(kind, transfer, self.epoch, cut));
        }
        None
    }

    /// What `kind` means for this session.
    fn feed_of(&mut self, id: SessionId, kind: FeedKind) -> Option<&mut Feed> {
        let session = self.sessions.get(&id)?;
        match kind {
            FeedKind::Node => self.nodes.get_mut(session.node.as_deref()?).map(|entry| &mut entry.feed),
            FeedKind::Broadcast if session.follows.broadcast => Some(&mut self.broadcast),
            FeedKind::Broadcast => Some(&mut self.nothing),
        }
    }

    /// The set of a feed, if the session has or gets a snapshot slot; otherwise it waits in line.
    fn snapshot(
        &mut self,
        id: SessionId,
        kind: FeedKind,
        now: Duration,
        out: &mut Vec<HubAction>,
    ) -> Option<Cut> {
        if !self.take_slot(id) {
            if self.sessions.get(&id).is_some_and(|session| !session.waiting) {
                // A session that collapsed when the line is full comes back later, like everybody else.
                self.close(id, CloseReason::Stalled, now, out);
            }
            return None;
        }
        Some(self.feed_of(id, kind)?.snapshot())
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
        for kind in FeedKind::ALL {
            let Some(Cursor::At(at)) = self.sessions.get(&id).map(|session| session.cursor(kind)) else {
                continue;
            };
            let behind = self.feed_of(id, kind).map_or(0, |feed| feed.behind(at));
            self.note_length(kind, behind);
        }
    }

    fn note_length(&mut self, kind: FeedKind, changes: usize) {
        let peak = match kind {
            FeedKind::Node => &mut self.stats.queue_changes_peak,
            FeedKind::Broadcast => &mut self.stats.broadcast_queue_changes_peak,
        };
        *peak = changes.max(*peak);
    }
}
