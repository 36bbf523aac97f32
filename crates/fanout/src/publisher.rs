//! The hub's side: all feeds, all sessions.

mod hello;
mod pump;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use prost::Message as _;
use rustc_hash::FxHashMap;

use crate::Draw;
use crate::admission::{self, Admission};
use crate::feed::{Feed, PublishError};
use crate::item::{ItemKey, Topic};
use crate::limits::Limits;
use crate::message::{AgentMessage, ComeBack, FeedKind, FromAgent, FromHub, Heartbeat, HubMessage};
use crate::session::{Overdue, Session};
use crate::stats::Stats;

/// Sessions that one call of [`Publisher::poll`] serves: a broadcast to 5,000 agents must not hold the hub's lock.
const POLL_SESSIONS_MAX: usize = 256;

/// A stream of one agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u64);

/// For whom the other end's certificate speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    /// This node only.
    Node(String),
    /// Any node: a certificate for the whole fleet, or loopback without TLS.
    AnyNode,
}

/// What the driver has to do.
#[derive(Debug, Clone, PartialEq)]
pub enum HubAction {
    /// Send this on the session's stream.
    Send(SessionId, HubMessage),
    /// End the stream after what was sent. The publisher has forgotten the session already.
    Close(SessionId, CloseReason),
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// Told to come back.
    ComeBack,
    /// Refused.
    Refused,
    /// The same node connected again.
    Superseded,
    /// No `Hello`, or no sign of life.
    Silent,
    /// Took no chunk for too long.
    Stalled,
    /// Said what makes no sense.
    Violation,
}

/// Keeps what each node shall have, and brings it to the agents that are connected.
#[derive(Debug)]
pub struct Publisher {
    limits: Limits,
    /// Identifies this life of the hub: sequence numbers mean something within it only.
    epoch: u64,
    sequence: u64,
    ready: bool,
    fleet: usize,
    nodes: FxHashMap<Box<str>, NodeFeed>,
    broadcast: Feed,
    sessions: BTreeMap<SessionId, Session>,
    sessions_opened: u64,
    admitted: usize,
    dirty: VecDeque<SessionId>,
    timers: BinaryHeap<Reverse<(Duration, SessionId)>>,
    snapshots_running: usize,
    snapshots_waiting: VecDeque<SessionId>,
    admission: Admission,
    stats: Stats,
}

#[derive(Debug)]
struct NodeFeed {
    feed: Feed,
    session: Option<SessionId>,
}

impl Publisher {
    /// `epoch` is a random number, another one each time the hub starts.
    pub fn new(epoch: u64, limits: Limits) -> Self {
        Self {
            epoch: epoch.max(1),
            sequence: 0,
            ready: false,
            fleet: 0,
            nodes: FxHashMap::default(),
            broadcast: Feed::new(0),
            sessions: BTreeMap::new(),
            sessions_opened: 0,
            admitted: 0,
            dirty: VecDeque::new(),
            timers: BinaryHeap::new(),
            snapshots_running: 0,
            snapshots_waiting: VecDeque::new(),
            admission: Admission::new(&limits),
            stats: Stats::default(),
            limits,
        }
    }

    /// The hub has all it needs: agents are admitted from now on. Before that a set could be a partial one, and an agent
    /// that has an older, complete one must not lose it.
    pub fn set_ready(&mut self) {
        self.ready = true;
    }

    /// How many nodes the cluster has, for admission and backoff; nodes with items count anyway.
    pub fn set_fleet(&mut self, nodes: usize) {
        self.fleet = nodes;
    }

    /// Sets an item of one node. The same value again costs nothing.
    ///
    /// # Errors
    /// The item does not fit; what was there before stays.
    pub fn publish(
        &mut self,
        node: &str,
        topic: Topic,
        key: &[u8],
        value: Bytes,
    ) -> Result<(), PublishError> {
        let item = ItemKey::new(topic, key);
        let entry = match self.nodes.get_mut(node) {
            Some(entry) => entry,
            None => self.nodes.entry(node.into()).or_insert(NodeFeed::new(self.sequence)),
        };
        let changed = entry.feed.set(&item, value, self.sequence + 1, &self.limits);
        let session = entry.session;
        if self.count(changed)?
            && let Some(id) = session
        {
            self.mark(id);
        }
        Ok(())
    }

    /// Removes an item of one node.
    pub fn remove(&mut self, node: &str, topic: Topic, key: &[u8]) {
        let item = ItemKey::new(topic, key);
        let Some(entry) = self.nodes.get_mut(node) else { return };
        if !entry.feed.remove(&item, self.sequence + 1, &self.limits) {
            return;
        }
        self.sequence += 1;
        match entry.session {
            Some(id) => self.mark(id),
            None => self.drop_if_unused(node),
        }
    }

    /// Sets an item of every node.
    ///
    /// # Errors
    /// The item does not fit; what was there before stays.
    pub fn set_broadcast(&mut self, topic: Topic, key: &[u8], value: Bytes) -> Result<(), PublishError> {
        let item = ItemKey::new(topic, key);
        let changed = self.broadcast.set(&item, value, self.sequence + 1, &self.limits);
        if self.count(changed)? {
            self.mark_all();
        }
        Ok(())
    }

    /// Removes an item of every node.
    pub fn remove_broadcast(&mut self, topic: Topic, key: &[u8]) {
        if self.broadcast.remove(&ItemKey::new(topic, key), self.sequence + 1, &self.limits) {
            self.sequence += 1;
            self.mark_all();
        }
    }

    /// A stream was opened by somebody who may speak for `peer`.
    pub fn connected(&mut self, peer: Peer, now: Duration) -> SessionId {
        self.sessions_opened += 1;
        let id = SessionId(self.sessions_opened);
        let session = Session::new(peer, now);
        self.timers.push(Reverse((session.next_deadline(&self.limits), id)));
        self.sessions.insert(id, session);
        id
    }

    /// The stream ended.
    pub fn disconnected(&mut self, id: SessionId, now: Duration) -> Vec<HubAction> {
        let mut out = Vec::new();
        self.end(id, now, &mut out);
        out
    }

    /// A message came in.
    pub fn on_message(
        &mut self,
        id: SessionId,
        message: AgentMessage,
        now: Duration,
        draw: Draw<'_>,
    ) -> Vec<HubAction> {
        let mut out = Vec::new();
        let Some(session) = self.sessions.get_mut(&id) else { return out };
        session.last_heard = now;
        self.stats.bytes_received += message.encoded_len() as u64;
        let admitted = session.node.is_some();
        match message.kind {
            Some(FromAgent::Hello(hello)) if !admitted => self.hello(id, &hello, now, draw, &mut out),
            Some(FromAgent::Ack(ack)) if admitted => self.ack(id, ack.chunks, now, &mut out),
            Some(FromAgent::Resync(have)) if admitted => self.resync(id, &have, now, &mut out),
            // A newer agent may say what this hub does not know; it counts as a sign of life.
            Some(FromAgent::Heartbeat(_)) | None => {}
            Some(_) => self.close(id, CloseReason::Violation, now, &mut out),
        }
        out
    }

    /// Sends what has become due: changes, heartbeats, ends. To be called at [`Publisher::next_wakeup`] and, a little
    /// later so that changes gather, after a publish.
    pub fn poll(&mut self, now: Duration) -> Vec<HubAction> {
        let mut out = Vec::new();
        for _ in 0..POLL_SESSIONS_MAX {
            let Some(id) = self.dirty.pop_front() else { break };
            if let Some(session) = self.sessions.get_mut(&id) {
                session.dirty = false;
                self.pump(id, now, &mut out);
            }
        }
        while let Some(&Reverse((due, id))) = self.timers.peek() {
            if due > now {
                break;
            }
            self.timers.pop();
            self.on_timer(id, now, &mut out);
        }
        out
    }

    /// When [`Publisher::poll`] is to be called at the latest; `None` when nothing waits for time.
    pub fn next_wakeup(&self, now: Duration) -> Option<Duration> {
        if !self.dirty.is_empty() {
            return Some(now);
        }
        self.timers.peek().map(|Reverse((due, _))| *due)
    }

    /// The hub goes down in good order: everybody is told to come back, spread over the time that the fleet needs.
    pub fn shut_down(&mut self, now: Duration, draw: Draw<'_>) -> Vec<HubAction> {
        let mut out = Vec::new();
        self.ready = false;
        let known = self.known();
        for id in self.sessions.keys().copied().collect::<Vec<_>>() {
            let after = admission::come_back(known, draw(), &self.limits);
            self.send_away(id, after, "the hub is shutting down", now, &mut out);
        }
        out
    }

    /// Fill, work and drops.
    pub fn stats(&self) -> Stats {
        let mut stats = Stats {
            ready: self.ready,
            agents_known: self.known(),
            agents_connected: self.admitted,
            sessions: self.sessions.len(),
            snapshots_running: self.snapshots_running,
            snapshots_waiting: self.snapshots_waiting.len(),
            ..self.stats
        };
        for feed in self.nodes.values().map(|node| &node.feed).chain([&self.broadcast]) {
            let (changes, bytes) = feed.log_fill();
            stats.items += feed.items();
            stats.item_bytes += feed.bytes();
            stats.log_changes += changes;
            stats.log_bytes += bytes;
        }
        stats
    }

    fn known(&self) -> usize {
        self.fleet.max(self.nodes.len())
    }

    fn known_u32(&self) -> u32 {
        u32::try_from(self.known()).unwrap_or(u32::MAX)
    }

    fn count(&mut self, changed: Result<bool, PublishError>) -> Result<bool, PublishError> {
        match changed {
            Ok(true) => self.sequence += 1,
            Ok(false) => {}
            Err(_) => self.stats.items_rejected += 1,
        }
        changed
    }

    fn mark(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(&id)
            && !session.dirty
        {
            session.dirty = true;
            self.dirty.push_back(id);
        }
    }

    fn mark_all(&mut self) {
        for (id, session) in &mut self.sessions {
            if !session.dirty && session.node.is_some() {
                session.dirty = true;
                self.dirty.push_back(*id);
            }
        }
    }

    fn on_timer(&mut self, id: SessionId, now: Duration, out: &mut Vec<HubAction>) {
        let Some(session) = self.sessions.get(&id) else { return };
        match session.overdue(now, &self.limits) {
            Some(Overdue::Hello | Overdue::Silent) => return self.close(id, CloseReason::Silent, now, out),
            Some(Overdue::Stalled) => return self.close(id, CloseReason::Stalled, now, out),
            None => {}
        }
        if session.heartbeat_due(now, &self.limits) {
            let fleet = self.known_u32();
            self.send(id, FromHub::Heartbeat(Heartbeat { fleet }), now, out);
        }
        if let Some(session) = self.sessions.get(&id) {
            self.timers.push(Reverse((session.next_deadline(&self.limits), id)));
        }
    }

    fn send(&mut self, id: SessionId, message: FromHub, now: Duration, out: &mut Vec<HubAction>) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.last_sent = now;
        let is_chunk = matches!(message, FromHub::Chunk(_));
        let message = HubMessage::from(message);
        let bytes = message.encoded_len() as u64;
        self.stats.bytes_sent += bytes;
        if is_chunk {
            self.stats.chunks += 1;
            self.stats.chunk_bytes_sent += bytes;
        }
        out.push(HubAction::Send(id, message));
    }

    fn send_away(
        &mut self,
        id: SessionId,
        after: Duration,
        reason: &str,
        now: Duration,
        out: &mut Vec<HubAction>,
    ) {
        let after_millis = u32::try_from(after.as_millis()).unwrap_or(u32::MAX);
        let come_back = ComeBack { after_millis, fleet: self.known_u32(), reason: reason.to_owned() };
        self.send(id, FromHub::ComeBack(come_back), now, out);
        self.close(id, CloseReason::ComeBack, now, out);
    }

    fn close(&mut self, id: SessionId, reason: CloseReason, now: Duration, out: &mut Vec<HubAction>) {
        if !self.sessions.contains_key(&id) {
            return;
        }
        match reason {
            CloseReason::ComeBack => self.stats.come_backs += 1,
            CloseReason::Refused => self.stats.refusals += 1,
            CloseReason::Superseded => self.stats.superseded += 1,
            CloseReason::Silent => self.stats.silent += 1,
            CloseReason::Stalled => self.stats.stalled += 1,
            CloseReason::Violation => self.stats.violations += 1,
        }
        out.push(HubAction::Close(id, reason));
        self.end(id, now, out);
    }

    /// Forgets the session and hands on what it held.
    fn end(&mut self, id: SessionId, now: Duration, out: &mut Vec<HubAction>) {
        let Some(session) = self.sessions.remove(&id) else { return };
        if let Some(node) = &session.node {
            self.admitted -= 1;
            if let Some(entry) = self.nodes.get_mut(node)
                && entry.session == Some(id)
            {
                entry.session = None;
            }
            self.drop_if_unused(node);
        }
        if session.waiting {
            self.snapshots_waiting.retain(|waiting| *waiting != id);
        }
        if session.slot_until.is_some() {
            self.release_slot(now, out);
        }
    }

    /// A node without items and without an agent is nobody's: it costs nothing and does not count as known.
    fn drop_if_unused(&mut self, node: &str) {
        if self.nodes.get(node).is_some_and(|entry| entry.session.is_none() && entry.feed.items() == 0) {
            self.nodes.remove(node);
        }
    }

    fn feed(&self, node: &str, kind: FeedKind) -> Option<&Feed> {
        match kind {
            FeedKind::Node => self.nodes.get(node).map(|entry| &entry.feed),
            FeedKind::Broadcast => Some(&self.broadcast),
        }
    }
}

impl NodeFeed {
    fn new(sequence: u64) -> Self {
        Self { feed: Feed::new(sequence), session: None }
    }
}
