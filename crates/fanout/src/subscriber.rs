//! The agent's side: one stream at a time, patience in between, and complete sets only.

#[cfg(test)]
mod tests;

use std::time::Duration;

use bytes::Bytes;
use prost::Message as _;

use crate::Draw;
use crate::backoff;
use crate::limits::COME_BACK_MAX;
use crate::message::{
    Ack, AgentMessage, Chunk, FeedKind, FromAgent, FromHub, Heartbeat, Hello, HubMessage, PROTOCOL_MAJOR_MAX,
    PROTOCOL_MAJOR_MIN, Welcome,
};
use crate::session::{Follows, SILENCES_MAX};
use crate::take::{Held, Take, Taken, Transfer};

/// From asking for a connection to having one: name resolution, TCP, TLS, several addresses. The driver has shorter ones
/// for each step; this one is for a driver that does not come back.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(45);
/// From `Hello` to the first answer.
const WELCOME_TIMEOUT: Duration = Duration::from_secs(15);
/// Heartbeat intervals outside of this are the hub's mistake, and are taken as the nearest of the two.
const HEARTBEAT_MILLIS: std::ops::RangeInclusive<u32> = 100..=300_000;

/// What the driver has to do.
#[derive(Debug, Clone, PartialEq)]
pub enum AgentAction {
    /// Open a stream; then call [`Subscriber::connected`] or [`Subscriber::disconnected`].
    Connect,
    /// Send this on the stream.
    Send(AgentMessage),
    /// Drop the stream (or the attempt); the subscriber counts it as ended already.
    Disconnect(String),
    /// A transfer is complete: the consumer takes it in before the next one.
    Changed(Transfer),
    /// The newest pulse.
    Pulse(Bytes),
}

/// Where the agent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Waits until then.
    Waiting {
        /// When the next attempt is due.
        until: Duration,
    },
    /// The driver is at it.
    Connecting,
    /// `Hello` was sent.
    Greeting,
    /// Admitted.
    Connected {
        /// Since when.
        since: Duration,
    },
}

/// What the agent counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SubscriberStats {
    /// Attempts to connect.
    pub attempts: u64,
    /// Streams that were admitted.
    pub welcomes: u64,
    /// Times the hub said "come back".
    pub come_backs: u64,
    /// Times the hub refused.
    pub refusals: u64,
    /// Times the thread was lost.
    pub resyncs: u64,
    /// Transfers completed.
    pub transfers: u64,
    /// Pulses received.
    pub pulses: u64,
    /// Bytes of all messages received, as encoded.
    pub bytes_received: u64,
    /// Bytes of chunks alone.
    pub chunk_bytes_received: u64,
}

/// Follows a hub, whichever it is, for as long as the agent lives.
#[derive(Debug)]
pub struct Subscriber {
    node: String,
    version: String,
    phase: Phase,
    /// In `Connecting` and `Greeting`: when to give up.
    deadline: Duration,
    failures: u32,
    fleet: u32,
    heartbeat: Duration,
    last_sent: Duration,
    last_heard: Option<Duration>,
    chunks: u64,
    follows: Follows,
    /// By feed; one that is not followed stays empty and is not looked at.
    takes: [Take; 2],
    stats: SubscriberStats,
}

impl Subscriber {
    /// An agent that has nothing yet and connects at once. `version` is for people.
    pub fn new(node: impl Into<String>, version: impl Into<String>, follows: Follows, now: Duration) -> Self {
        Self {
            node: node.into(),
            version: version.into(),
            phase: Phase::Waiting { until: now },
            deadline: now,
            failures: 0,
            fleet: 0,
            heartbeat: Duration::from_secs(15),
            last_sent: now,
            last_heard: None,
            chunks: 0,
            follows,
            takes: FeedKind::ALL.map(Take::new),
            stats: SubscriberStats::default(),
        }
    }

    /// What the consumer has of `feed` already. To be said before the first stream: a hub that has the same sends nothing.
    pub fn hold(&mut self, feed: FeedKind, held: Held) {
        self.takes[feed as usize].hold(held);
    }

    /// Items of all feeds, as of the last complete transfers.
    pub fn items(&self) -> usize {
        self.takes.iter().map(Take::items).sum()
    }

    /// Where the agent is.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether the agent is connected and has had every feed completely since.
    pub fn synced(&self) -> bool {
        let all = || self.followed().all(|feed| self.takes[feed as usize].synced);
        matches!(self.phase, Phase::Connected { .. }) && all()
    }

    fn followed(&self) -> impl Iterator<Item = FeedKind> {
        let follows = self.follows;
        FeedKind::ALL.into_iter().filter(move |feed| follows.has(*feed))
    }

    /// When a hub was last heard; `None` if never. What the agent has is at most that old while the stream is up.
    pub fn last_heard(&self) -> Option<Duration> {
        self.last_heard
    }

    /// Agents that the hub knows, as it said last.
    pub fn fleet(&self) -> u32 {
        self.fleet
    }

    /// Counters.
    pub fn stats(&self) -> SubscriberStats {
        self.stats
    }

    /// When [`Subscriber::poll`] is to be called.
    pub fn next_wakeup(&self) -> Duration {
        match self.phase {
            Phase::Waiting { until } => until,
            Phase::Connecting | Phase::Greeting => self.deadline,
            Phase::Connected { .. } => {
                (self.last_sent + self.heartbeat).min(self.silent_since() + self.heartbeat * SILENCES_MAX)
            }
        }
    }

    /// Does what time demands.
    pub fn poll(&mut self, now: Duration, draw: Draw<'_>) -> Vec<AgentAction> {
        if now < self.next_wakeup() {
            return Vec::new();
        }
        match self.phase {
            Phase::Waiting { .. } => {
                self.phase = Phase::Connecting;
                self.deadline = now + CONNECT_TIMEOUT;
                self.stats.attempts += 1;
                vec![AgentAction::Connect]
            }
            Phase::Connecting => self.give_up("no connection within 45 s", now, draw),
            Phase::Greeting => self.give_up("no answer from the hub within 15 s", now, draw),
            Phase::Connected { .. } if now >= self.silent_since() + self.heartbeat * SILENCES_MAX => {
                self.give_up("the hub has fallen silent", now, draw)
            }
            Phase::Connected { .. } => {
                vec![self.send(FromAgent::Heartbeat(Heartbeat::default()), now)]
            }
        }
    }

    /// The stream is open.
    pub fn connected(&mut self, now: Duration) -> Vec<AgentAction> {
        if self.phase != Phase::Connecting {
            return Vec::new();
        }
        self.phase = Phase::Greeting;
        self.deadline = now + WELCOME_TIMEOUT;
        self.chunks = 0;
        let hello = Hello {
            major_min: PROTOCOL_MAJOR_MIN,
            major_max: PROTOCOL_MAJOR_MAX,
            node: self.node.clone(),
            version: self.version.clone(),
            have: self.followed().map(|feed| self.takes[feed as usize].have()).collect(),
            follows: self.follows.to_wire(),
        };
        vec![self.send(FromAgent::Hello(hello), now)]
    }

    /// The attempt failed, or the stream ended.
    pub fn disconnected(&mut self, now: Duration, draw: Draw<'_>) {
        if !matches!(self.phase, Phase::Waiting { .. }) {
            let delay = backoff::delay(self.fleet, self.failures, draw());
            self.wait(now, delay);
        }
    }

    /// A message came in.
    pub fn on_message(&mut self, message: HubMessage, now: Duration, draw: Draw<'_>) -> Vec<AgentAction> {
        if !matches!(self.phase, Phase::Greeting | Phase::Connected { .. }) {
            return Vec::new();
        }
        let bytes = message.encoded_len() as u64;
        self.stats.bytes_received += bytes;
        let connected = matches!(self.phase, Phase::Connected { .. });
        if connected {
            self.last_heard = Some(now);
        }
        match message.kind {
            Some(FromHub::Welcome(welcome)) if !connected => self.welcome(&welcome, now, draw),
            Some(FromHub::Chunk(chunk)) if connected => {
                self.stats.chunk_bytes_received += bytes;
                self.chunk(chunk, now, draw)
            }
            Some(FromHub::Pulse(pulse)) if connected => {
                self.stats.pulses += 1;
                // A copy: a slice would keep the message's whole buffer for as long as nothing newer comes.
                vec![AgentAction::Pulse(Bytes::copy_from_slice(&pulse.value))]
            }
            Some(FromHub::ComeBack(come_back)) => {
                self.stats.come_backs += 1;
                self.fleet = come_back.fleet;
                self.told_to_wait(come_back.after_millis, come_back.reason, now)
            }
            Some(FromHub::Refusal(refusal)) => {
                self.stats.refusals += 1;
                self.told_to_wait(refusal.after_millis, refusal.reason, now)
            }
            Some(FromHub::Heartbeat(heartbeat)) => {
                self.fleet = heartbeat.fleet;
                Vec::new()
            }
            // A newer hub may say what this agent does not know.
            None => Vec::new(),
            Some(_) => self.give_up("the hub spoke out of turn", now, draw),
        }
    }

    fn welcome(&mut self, welcome: &Welcome, now: Duration, draw: Draw<'_>) -> Vec<AgentAction> {
        if !(PROTOCOL_MAJOR_MIN..=PROTOCOL_MAJOR_MAX).contains(&welcome.major) {
            return self.give_up("the hub chose a protocol that this agent does not speak", now, draw);
        }
        self.stats.welcomes += 1;
        self.phase = Phase::Connected { since: now };
        self.last_heard = Some(now);
        self.failures = 0;
        self.fleet = welcome.fleet;
        let millis = welcome.heartbeat_millis.clamp(*HEARTBEAT_MILLIS.start(), *HEARTBEAT_MILLIS.end());
        self.heartbeat = Duration::from_millis(millis.into());
        Vec::new()
    }

    fn chunk(&mut self, chunk: Chunk, now: Duration, draw: Draw<'_>) -> Vec<AgentAction> {
        self.chunks += 1;
        let feed = chunk.feed();
        let mut out = Vec::new();
        let taken = match self.follows.has(feed) {
            true => self.takes[feed as usize].take(chunk),
            // A hub from before the choice of feeds sends both.
            false => Taken::Nothing,
        };
        match taken {
            Taken::Nothing => {}
            Taken::Done(transfer) => {
                self.stats.transfers += 1;
                out.push(AgentAction::Changed(transfer));
            }
            Taken::Lost(have) => {
                self.stats.resyncs += 1;
                out.push(self.send(FromAgent::Resync(have), now));
            }
            Taken::TooLarge => return self.give_up("the hub sends more than an agent may hold", now, draw),
        }
        out.push(self.send(FromAgent::Ack(Ack { chunks: self.chunks }), now));
        out
    }

    fn send(&mut self, message: FromAgent, now: Duration) -> AgentAction {
        self.last_sent = now;
        AgentAction::Send(message.into())
    }

    fn give_up(&mut self, reason: &str, now: Duration, draw: Draw<'_>) -> Vec<AgentAction> {
        self.disconnected(now, draw);
        vec![AgentAction::Disconnect(reason.to_owned())]
    }

    fn told_to_wait(&mut self, after_millis: u32, reason: String, now: Duration) -> Vec<AgentAction> {
        self.wait(now, Duration::from_millis(after_millis.into()).min(COME_BACK_MAX));
        vec![AgentAction::Disconnect(reason)]
    }

    fn wait(&mut self, now: Duration, delay: Duration) {
        self.failures = self.failures.saturating_add(1);
        self.phase = Phase::Waiting { until: now + delay };
        for take in &mut self.takes {
            take.reset();
        }
    }

    fn silent_since(&self) -> Duration {
        self.last_heard.unwrap_or_default()
    }
}
