//! Who is let in, and where it stands.

use std::collections::BTreeSet;
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
use crate::session::{Cursor, Follows};

/// A refused agent asks again after this long: somebody has to change something first.
const REFUSED_MILLIS: u32 = 60_000;
/// Longest `metadata.name` of a node (RFC 1123 subdomain).
const NODE_NAME_BYTES_MAX: usize = 253;

/// What an agent hears from a hub that it is not to follow.
const STANDS_BY: &str = "another hub leads";

impl Publisher {
    /// Whether another hub is the one that nodes are to follow: who follows this one is told to come back, spread over the time
    /// that the fleet needs, and finds the other by the Service in front of both. Names are the same from every hub: who follows
    /// only those stays.
    pub fn set_stands_by(&mut self, stands_by: bool, now: Duration, draw: Draw<'_>) -> Vec<HubAction> {
        let mut out = Vec::new();
        if std::mem::replace(&mut self.stands_by, stands_by) || !stands_by {
            return out;
        }
        let known = self.known_sessions();
        let followers = self.nodes.values().filter_map(|entry| entry.followers[FeedKind::Node as usize]);
        for id in followers.collect::<BTreeSet<_>>() {
            let after = admission::come_back(known, draw(), &self.limits);
            self.send_away(id, after, STANDS_BY, now, &mut out);
        }
        out
    }

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
        let asked = asked(hello);
        self.note_follower(&hello.node, asked.follows);
        if let Some(reason) = self.not_now(hello, &asked, now) {
            let outside = self.known_sessions().saturating_sub(self.admitted);
            let after = admission::come_back(outside, draw(), &self.limits);
            return self.send_away(id, after, reason, now, out);
        }
        self.admit(id, hello, &asked, now, out);
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
    fn not_now(&mut self, hello: &Hello, asked: &Asked, now: Duration) -> Option<&'static str> {
        if FeedKind::ALL.into_iter().any(|feed| asked.follows.has(feed) && !self.ready[feed as usize]) {
            return Some("the hub has not yet read the cluster");
        }
        if self.stands_by && asked.follows.node {
            return Some(STANDS_BY);
        }
        if self.admitted >= self.limits.sessions_max {
            return Some("the hub has as many agents as it may have");
        }
        let snapshot = FeedKind::ALL
            .into_iter()
            .any(|kind| self.stand(&hello.node, asked, kind, have(hello, kind)) == Cursor::Unknown);
        if snapshot && self.snapshots_waiting.len() >= self.limits.snapshots_waiting_max {
            return Some("too many agents wait for a snapshot");
        }
        if !self.admission.admit(now, &self.limits) {
            return Some("too many agents come at once");
        }
        None
    }

    fn admit(
        &mut self,
        id: SessionId,
        hello: &Hello,
        asked: &Asked,
        now: Duration,
        out: &mut Vec<HubAction>,
    ) {
        let limits = self.limits.node;
        let entry = self.nodes.entry(hello.node.as_str().into());
        let entry = entry.or_insert_with(|| NodeFeed::new(self.sequence, limits));
        let mut older = [None; 2];
        for kind in FeedKind::ALL.into_iter().filter(|kind| asked.follows.has(*kind)) {
            older[kind as usize] = entry.followers[kind as usize].replace(id);
        }
        for older in older.into_iter().flatten() {
            self.close(older, CloseReason::Superseded, now, out);
        }
        let cursors = FeedKind::ALL.map(|kind| self.stand(&hello.node, asked, kind, have(hello, kind)));
        self.stats.admissions += 1;
        self.admitted += 1;
        if asked.follows.broadcast {
            self.broadcast_followers.insert(id);
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            session.node = Some(hello.node.as_str().into());
            session.follows = asked.follows;
            FeedKind::ALL
                .into_iter()
                .zip(cursors)
                .for_each(|(kind, cursor)| session.set_cursor(kind, cursor));
        }
        let welcome = Welcome {
            major: hello.major_max.min(PROTOCOL_MAJOR_MAX),
            fleet: self.known_u32(),
            heartbeat_millis: u32::try_from(self.limits.heartbeat.as_millis()).unwrap_or(u32::MAX),
        };
        self.send(id, FromHub::Welcome(welcome), now, out);
    }

    /// Where an agent with `have` stands in a feed.
    fn stand(&self, node: &str, asked: &Asked, kind: FeedKind, have: Have) -> Cursor {
        match kind {
            FeedKind::Node if asked.follows.node => {
                self.place(self.nodes.get(node).map(|entry| &entry.feed), have)
            }
            FeedKind::Broadcast if asked.follows.broadcast => self.place(Some(&self.broadcast), have),
            FeedKind::Broadcast if asked.before_follows => self.place(Some(&self.nothing), have),
            _ => Cursor::Away,
        }
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
        let Some(session) = self.sessions.get(&id) else { return };
        let Some(node) = session.node.clone() else { return };
        if session.cursor(kind) == Cursor::Away {
            return self.close(id, CloseReason::Violation, now, out);
        }
        let before_follows = !session.follows.broadcast;
        let asked = Asked { follows: session.follows, before_follows };
        let cursor = match have.epoch {
            // The agent does not trust what it has.
            0 => Cursor::Unknown,
            _ => self.stand(&node, &asked, kind, *have),
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

/// What a `Hello` wants.
struct Asked {
    follows: Follows,
    /// The agent is older than the choice: it waits for word of a broadcast feed, but knows nothing to do with one.
    before_follows: bool,
}

fn asked(hello: &Hello) -> Asked {
    match hello.follows.is_empty() {
        true => Asked { follows: Follows::NODE, before_follows: true },
        false => Asked { follows: Follows::from_wire(&hello.follows), before_follows: false },
    }
}

fn have(hello: &Hello, feed: FeedKind) -> Have {
    // Nothing said is the empty set, which has the hash 0.
    hello.have.iter().find(|have| have.feed() == feed).copied().unwrap_or_default()
}
