//! The hub's side: all feeds, all sessions.

mod hello;
mod pump;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use prost::Message as _;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::Draw;
use crate::admission::{self, Admission};
use crate::feed::{Feed, PublishError};
use crate::item::{ItemKey, Topic};
use crate::limits::{FeedLimits, Limits, PULSE_BYTES_MAX, REPORT_BYTES_MAX, SESSIONS_PER_NODE};
use crate::message::{AgentMessage, ComeBack, FeedKind, FromAgent, FromHub, Heartbeat, HubMessage};
use crate::session::{Follows, Overdue, Session};
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
    /// This node says how things stand on it.
    Report(Box<str>, Bytes),
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
    /// By feed.
    ready: [bool; 2],
    /// Another hub is the one to follow.
    stands_by: bool,
    fleet: usize,
    nodes: FxHashMap<Box<str>, NodeFeed>,
    broadcast: Feed,
    /// What agents are told of the broadcast feed who are older than the choice of feeds: always empty.
    nothing: Feed,
    /// The newest pulse, and how many there were.
    pulse: Bytes,
    pulses: u64,
    /// Sessions that follow the broadcast feed, and whether they are to be served at the next poll.
    broadcast_followers: BTreeSet<SessionId>,
    broadcast_changed: bool,
    /// Nodes whose second session (DNS beside the agent) came once: they will come back after an outage, too.
    beside: FxHashSet<Box<str>>,
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
    /// Who follows the feeds for this node, by feed: an agent and a DNS server do not get in each other's way.
    followers: [Option<SessionId>; 2],
}

impl Publisher {
    /// `epoch` is a random number, another one each time the hub starts.
    pub fn new(epoch: u64, limits: Limits) -> Self {
        Self {
            epoch: epoch.max(1),
            sequence: 0,
            ready: [false; 2],
            stands_by: false,
            fleet: 0,
            nodes: FxHashMap::default(),
            broadcast: Feed::new(0, limits.broadcast),
            nothing: Feed::new(0, limits.broadcast),
            pulse: Bytes::new(),
            pulses: 0,
            broadcast_followers: BTreeSet::new(),
            broadcast_changed: false,
            beside: FxHashSet::default(),
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

    /// The hub has all it needs for `feed`: who follows it is admitted from now on. Before that a set could be a partial one,
    /// and an agent that has an older, complete one must not lose it.
    pub fn set_ready(&mut self, feed: FeedKind) {
        self.ready[feed as usize] = true;
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
            None => self.nodes.entry(node.into()).or_insert(NodeFeed::new(self.sequence, self.limits.node)),
        };
        let changed = entry.feed.set(&item, value, self.sequence + 1);
        let session = entry.followers[FeedKind::Node as usize];
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
        if !entry.feed.remove(&item, self.sequence + 1) {
            return;
        }
        self.sequence += 1;
        match entry.followers[FeedKind::Node as usize] {
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
        let changed = self.broadcast.set(&item, value, self.sequence + 1);
        if self.count(changed)? {
            self.broadcast_changed = true;
        }
        Ok(())
    }

    /// Removes an item of every node.
    pub fn remove_broadcast(&mut self, topic: Topic, key: &[u8]) {
        if self.broadcast.remove(&ItemKey::new(topic, key), self.sequence + 1) {
            self.sequence += 1;
            self.broadcast_changed = true;
        }
    }

    /// Says `value` to every session that follows the broadcast feed. A newer pulse takes the place of one that was not sent
    /// yet; nobody acknowledges pulses, and no set contains them.
    ///
    /// # Errors
    /// The pulse is too large; the one before stays.
    pub fn set_pulse(&mut self, value: Bytes) -> Result<(), PublishError> {
        if value.len() > PULSE_BYTES_MAX {
            self.stats.items_rejected += 1;
            return Err(PublishError::ItemTooLarge { bytes: value.len() });
        }
        self.pulse = value;
        self.pulses += 1;
        self.broadcast_changed = true;
        Ok(())
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
            Some(FromAgent::Report(report)) if admitted && report.value.len() <= REPORT_BYTES_MAX => {
                out.extend(
                    session.node.clone().map(|node| HubAction::Report(node.to_string().into(), report.value)),
                );
            }
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
        if std::mem::take(&mut self.broadcast_changed) {
            self.mark_followers();
        }
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
        if !self.dirty.is_empty() || self.broadcast_changed {
            return Some(now);
        }
        self.timers.peek().map(|Reverse((due, _))| *due)
    }

    /// The hub goes down in good order: everybody is told to come back, spread over the time that the fleet needs.
    pub fn shut_down(&mut self, now: Duration, draw: Draw<'_>) -> Vec<HubAction> {
        let mut out = Vec::new();
        self.ready = [false; 2];
        let known = self.known_sessions();
        for id in self.sessions.keys().copied().collect::<Vec<_>>() {
            let after = admission::come_back(known, draw(), &self.limits);
            self.send_away(id, after, "the hub is shutting down", now, &mut out);
        }
        out
    }

    /// Fill, work and drops.
    pub fn stats(&self) -> Stats {
        let mut stats = Stats {
            ready: self.ready[FeedKind::Node as usize],
            agents_known: self.known(),
            agents_connected: self.nodes.values().filter(|entry| entry.follows(FeedKind::Node)).count(),
            names_connected: self.broadcast_followers.len(),
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

    /// How many sessions may come: an agent for each node, and the DNS servers that were seen.
    fn known_sessions(&self) -> usize {
        self.known() + self.beside.len()
    }

    fn known_u32(&self) -> u32 {
        u32::try_from(self.known_sessions()).unwrap_or(u32::MAX)
    }

    fn note_follower(&mut self, node: &str, asked: Follows) {
        let room = self.limits.sessions_max / SESSIONS_PER_NODE;
        if asked == Follows::BROADCAST && self.beside.len() < room && !self.beside.contains(node) {
            self.beside.insert(node.into());
        }
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

    fn mark_followers(&mut self) {
        for id in &self.broadcast_followers {
            if let Some(session) = self.sessions.get_mut(id)
                && !session.dirty
            {
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
            self.broadcast_followers.remove(&id);
            if let Some(entry) = self.nodes.get_mut(node) {
                entry.followers.iter_mut().filter(|held| **held == Some(id)).for_each(|held| *held = None);
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
        let unused = |entry: &NodeFeed| entry.followers == [None; 2] && entry.feed.items() == 0;
        if self.nodes.get(node).is_some_and(unused) {
            self.nodes.remove(node);
            self.beside.remove(node);
        }
    }
}

impl NodeFeed {
    fn new(sequence: u64, limits: FeedLimits) -> Self {
        Self { feed: Feed::new(sequence, limits), followers: [None; 2] }
    }

    fn follows(&self, feed: FeedKind) -> bool {
        self.followers[feed as usize].is_some()
    }
}
