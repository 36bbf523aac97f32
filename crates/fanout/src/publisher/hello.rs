//! Who is let in, and where it stands.

use std::time::Duration;

use super::{CloseReason, HubAction, NodeFeed, Peer, Publisher, SessionId};
use crate::Draw;
use crate::admission;
use crate::feed::Feed;
use crate::item::SetHash;
use crate::limits::RESYNCS_MAX;
use crate::message::{
    FeedKind, FromHub, Have, Hello, PROTOCOL_MAJOR_MAX, PROTOCOL_MAJOR_MIN, Refusal, Welcome,
};
use crate::session::Cursor;

/// A refused agent asks again after this long: somebody has to change something first.
const REFUSED_MILLIS: u32 = 60_000;
/// Longest `metadata.name` of a node (RFC 1123 subdomain).
const NODE_NAME_BYTES_MAX: usize = 253;

impl Publisher {
    pub(super) fn hello(
        &mut self,
        id: SessionId,
        hello: &Hello,
        now: Duration,
        draw: Draw<'_>,
        out: &mut Vec<HubAction>,
    ) {
        if let Some(reason) = self.refusal(id, hello) {
            let refusal = Refusal { reason, after_millis: REFUSED_MILLIS };
            self.send(id, FromHub::Refusal(refusal), now, out);
            return self.close(id, CloseReason::Refused, now, out);
        }
        if let Some(reason) = self.not_now(hello, now) {
            let outside = self.known().saturating_sub(self.admitted);
            let after = admission::come_back(outside, draw(), &self.limits);
            return self.send_away(id, after, reason, now, out);
        }
        self.admit(id, hello, now, out);
        self.pump(id, now, out);
    }

    /// What no waiting would cure.
    fn refusal(&self, id: SessionId, hello: &Hello) -> Option<String> {
        if hello.major_min > PROTOCOL_MAJOR_MAX || hello.major_max < PROTOCOL_MAJOR_MIN {
            return Some(format!(
                "this hub speaks the fan-out protocol {PROTOCOL_MAJOR_MIN} to {PROTOCOL_MAJOR_MAX}, the agent ({}) \
                 {} to {}: upgrade the older one",
                hello.version, hello.major_min, hello.major_max
            ));
        }
        if hello.node.is_empty() || hello.node.len() > NODE_NAME_BYTES_MAX {
            return Some(
                "the agent names no node, or one with more than 253 bytes: set --node-name".to_owned(),
            );
        }
        match &self.sessions.get(&id)?.peer {
            Peer::Node(node) if *node != hello.node => Some(format!(
                "the agent says that it is node {}, its certificate is for node {node}: issue one for the right node, \
                 or one for all (plimsoll:agent:*)",
                hello.node
            )),
            Peer::Node(_) | Peer::AnyNode => None,
        }
    }

    /// What waiting cures.
    fn not_now(&mut self, hello: &Hello, now: Duration) -> Option<&'static str> {
        if !self.ready {
            return Some("the hub has not yet read the cluster");
        }
        if self.admitted >= self.limits.sessions_max {
            return Some("the hub has as many agents as it may have");
        }
        let node = self.nodes.get(hello.node.as_str()).map(|entry| &entry.feed);
        let snapshot = self.place(node, have(hello, FeedKind::Node)) == Cursor::Unknown
            || self.place(Some(&self.broadcast), have(hello, FeedKind::Broadcast)) == Cursor::Unknown;
        if snapshot && self.snapshots_waiting.len() >= self.limits.snapshots_waiting_max {
            return Some("too many agents wait for a snapshot");
        }
        if !self.admission.admit(now, &self.limits) {
            return Some("too many agents come at once");
        }
        None
    }

    fn admit(&mut self, id: SessionId, hello: &Hello, now: Duration, out: &mut Vec<HubAction>) {
        let entry =
            self.nodes.entry(hello.node.as_str().into()).or_insert_with(|| NodeFeed::new(self.sequence));
        if let Some(older) = entry.session.replace(id) {
            self.close(older, CloseReason::Superseded, now, out);
        }
        let node = self.place(self.feed(&hello.node, FeedKind::Node), have(hello, FeedKind::Node));
        let broadcast = self.place(Some(&self.broadcast), have(hello, FeedKind::Broadcast));
        self.stats.admissions += 1;
        self.admitted += 1;
        if let Some(session) = self.sessions.get_mut(&id) {
            session.node = Some(hello.node.as_str().into());
            session.set_cursor(FeedKind::Node, node);
            session.set_cursor(FeedKind::Broadcast, broadcast);
        }
        let welcome = Welcome {
            major: hello.major_max.min(PROTOCOL_MAJOR_MAX),
            fleet: self.known_u32(),
            heartbeat_millis: u32::try_from(self.limits.heartbeat.as_millis()).unwrap_or(u32::MAX),
        };
        self.send(id, FromHub::Welcome(welcome), now, out);
    }

    /// Where an agent with `have` stands in `feed`; a node that the hub does not know has an empty feed.
    fn place(&self, feed: Option<&Feed>, have: Have) -> Cursor {
        let (head, floor, hash) = match feed {
            Some(feed) => (feed.head(), feed.floor(), feed.hash()),
            None => (self.sequence, self.sequence, SetHash::default()),
        };
        if SetHash::from_halves(have.hash_high, have.hash_low) == hash {
            return Cursor::Equal(head, hash);
        }
        // The same number with other content cannot be: better a snapshot than a doubt.
        let resumable = have.epoch == self.epoch && have.sequence >= floor && have.sequence < head;
        if resumable { Cursor::At(have.sequence) } else { Cursor::Unknown }
    }

    pub(super) fn resync(&mut self, id: SessionId, have: &Have, now: Duration, out: &mut Vec<HubAction>) {
        self.stats.resyncs += 1;
        let kind = have.feed();
        let Some(node) = self.sessions.get(&id).and_then(|session| session.node.clone()) else { return };
        let cursor = match have.epoch {
            // The agent does not trust what it has.
            0 => Cursor::Unknown,
            _ => self.place(self.feed(&node, kind), *have),
        };
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.resyncs += 1;
        if session.resyncs > RESYNCS_MAX {
            return self.close(id, CloseReason::Violation, now, out);
        }
        if session.transfer.as_ref().is_some_and(|transfer| transfer.feed == kind) {
            session.transfer = None;
        }
        session.set_cursor(kind, cursor);
        self.pump(id, now, out);
    }
}

fn have(hello: &Hello, feed: FeedKind) -> Have {
    // Nothing said is the empty set, which has the hash 0.
    hello.have.iter().find(|have| have.feed() == feed).copied().unwrap_or_default()
}
