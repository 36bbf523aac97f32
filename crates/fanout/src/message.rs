//! The messages of the stream `plimsoll.fanout.v1.Fanout/Stream`, as protobuf.
//!
//! Unknown fields are ignored, so a minor change is an added field. A change that an old side would misread is a new major;
//! the two sides agree on one in `Hello` and `Welcome`. Numbers that grow with the cluster have a fixed width: the bytes to
//! an agent must not tell how large the cluster is.

use bytes::Bytes;

/// The majors that this build speaks, oldest and newest.
pub const PROTOCOL_MAJOR_MIN: u32 = 1;
/// See [`PROTOCOL_MAJOR_MIN`].
pub const PROTOCOL_MAJOR_MAX: u32 = 1;

/// The gRPC service's full name.
pub const SERVICE: &str = "plimsoll.fanout.v1.Fanout";
/// The path of its only method, a stream in both directions.
pub const STREAM_PATH: &str = "/plimsoll.fanout.v1.Fanout/Stream";

/// Agent to hub.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AgentMessage {
    /// What is said.
    #[prost(oneof = "FromAgent", tags = "1, 2, 3, 4, 5")]
    pub kind: Option<FromAgent>,
}

/// What an agent says.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum FromAgent {
    /// First message of a stream.
    #[prost(message, tag = "1")]
    Hello(Hello),
    /// Chunks taken so far.
    #[prost(message, tag = "2")]
    Ack(Ack),
    /// Still there.
    #[prost(message, tag = "3")]
    Heartbeat(Heartbeat),
    /// The agent lost the thread of one feed.
    #[prost(message, tag = "4")]
    Resync(Have),
    /// How things stand on the node; a hub from before this message ignores it.
    #[prost(message, tag = "5")]
    Report(Report),
}

/// Hub to agent.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HubMessage {
    /// What is said.
    #[prost(oneof = "FromHub", tags = "1, 2, 3, 4, 5, 6")]
    pub kind: Option<FromHub>,
}

/// What a hub says.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum FromHub {
    /// The agent is admitted.
    #[prost(message, tag = "1")]
    Welcome(Welcome),
    /// Not now: come back later. The stream ends.
    #[prost(message, tag = "2")]
    ComeBack(ComeBack),
    /// Never with these versions or this name: the stream ends.
    #[prost(message, tag = "3")]
    Refusal(Refusal),
    /// A part of a transfer.
    #[prost(message, tag = "4")]
    Chunk(Chunk),
    /// Still there.
    #[prost(message, tag = "5")]
    Heartbeat(Heartbeat),
    /// The newest pulse; only to sessions that follow the broadcast feed.
    #[prost(message, tag = "6")]
    Pulse(Pulse),
}

/// Who the agent is, what it speaks, what it has.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Hello {
    /// Oldest major that the agent speaks.
    #[prost(uint32, tag = "1")]
    pub major_min: u32,
    /// Newest major that the agent speaks.
    #[prost(uint32, tag = "2")]
    pub major_max: u32,
    /// `spec.nodeName`.
    #[prost(string, tag = "3")]
    pub node: String,
    /// The agent's version, for people.
    #[prost(string, tag = "4")]
    pub version: String,
    /// One entry per feed that the agent has something of.
    #[prost(message, repeated, tag = "5")]
    pub have: Vec<Have>,
    /// The feeds that the agent follows. None named: an agent from before this field, which follows its node's feed and must
    /// be told that there is nothing in the broadcast feed.
    #[prost(enumeration = "FeedKind", repeated, tag = "6")]
    pub follows: Vec<i32>,
}

/// What changes all the time and is worth nothing once it is old: no item, because a set that holds it would never be the
/// set that an agent already has. A pulse that is overtaken by a newer one is not sent.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Pulse {
    /// Opaque here.
    #[prost(bytes = "bytes", tag = "1")]
    pub value: Bytes,
}

/// What an agent says of its node: the whole of it, each time that it changes and after each `Hello`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Report {
    /// Opaque here; at most [`crate::limits::REPORT_BYTES_MAX`].
    #[prost(bytes = "bytes", tag = "1")]
    pub value: Bytes,
}

/// What the agent has of one feed.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Have {
    /// Which feed.
    #[prost(enumeration = "FeedKind", tag = "1")]
    pub feed: i32,
    /// The hub's life in which the agent's sequence number counts; 0: none.
    #[prost(fixed64, tag = "2")]
    pub epoch: u64,
    /// The last sequence number that was applied.
    #[prost(fixed64, tag = "3")]
    pub sequence: u64,
    /// Content hash of the set, whichever hub it came from ([`crate::SetHash`]).
    #[prost(fixed64, tag = "4")]
    pub hash_high: u64,
    /// See `hash_high`.
    #[prost(fixed64, tag = "5")]
    pub hash_low: u64,
}

/// Flow control.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Ack {
    /// Chunks taken since the stream began.
    #[prost(uint64, tag = "1")]
    pub chunks: u64,
}

/// Sent when nothing else was for one interval.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Heartbeat {
    /// Hub only: agents known, for the agents' backoff.
    #[prost(fixed32, tag = "1")]
    pub fleet: u32,
}

/// Admission.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Welcome {
    /// The major that both will speak.
    #[prost(uint32, tag = "1")]
    pub major: u32,
    /// Agents known, for the agents' backoff.
    #[prost(fixed32, tag = "2")]
    pub fleet: u32,
    /// Longest silence of either side; three of them mean that it is gone.
    #[prost(uint32, tag = "3")]
    pub heartbeat_millis: u32,
}

/// "Come back in X": the jitter is already in it.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ComeBack {
    /// X.
    #[prost(uint32, tag = "1")]
    pub after_millis: u32,
    /// Agents known.
    #[prost(fixed32, tag = "2")]
    pub fleet: u32,
    /// For people.
    #[prost(string, tag = "3")]
    pub reason: String,
}

/// Coming back soon would not help.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Refusal {
    /// One sentence: what is wrong, what to do.
    #[prost(string, tag = "1")]
    pub reason: String,
    /// When asking again does no harm.
    #[prost(uint32, tag = "2")]
    pub after_millis: u32,
}

/// A part of a transfer. A transfer is applied as a whole when its last chunk is there.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Chunk {
    /// Which feed.
    #[prost(enumeration = "FeedKind", tag = "1")]
    pub feed: i32,
    /// What the transfer does.
    #[prost(enumeration = "TransferKind", tag = "2")]
    pub transfer: i32,
    /// The hub's life in which the sequence numbers count.
    #[prost(fixed64, tag = "3")]
    pub epoch: u64,
    /// Delta: the sequence number that the agent must be at.
    #[prost(fixed64, tag = "4")]
    pub from: u64,
    /// The sequence number after the transfer.
    #[prost(fixed64, tag = "5")]
    pub to: u64,
    /// Position in the transfer, from 0.
    #[prost(uint32, tag = "6")]
    pub index: u32,
    /// The transfer is complete.
    #[prost(bool, tag = "7")]
    pub last: bool,
    /// Content hash of the set after the transfer.
    #[prost(fixed64, tag = "8")]
    pub hash_high: u64,
    /// See `hash_high`.
    #[prost(fixed64, tag = "9")]
    pub hash_low: u64,
    /// What changes.
    #[prost(message, repeated, tag = "10")]
    pub changes: Vec<WireChange>,
}

/// One item set or removed.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct WireChange {
    /// [`crate::Topic`].
    #[prost(uint32, tag = "1")]
    pub topic: u32,
    /// Identifies the item in its topic.
    #[prost(bytes = "bytes", tag = "2")]
    pub key: Bytes,
    /// Opaque here.
    #[prost(bytes = "bytes", tag = "3")]
    pub value: Bytes,
    /// The item is gone.
    #[prost(bool, tag = "4")]
    pub removed: bool,
}

/// The two feeds that an agent follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum FeedKind {
    /// What only this node needs.
    Node = 0,
    /// What every node needs.
    Broadcast = 1,
}

/// What a transfer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum TransferKind {
    /// Changes on top of `from`.
    Delta = 0,
    /// Replaces the set.
    Snapshot = 1,
    /// Nothing to send: the set that the agent has is the hub's; it counts from `to` in `epoch` now.
    Current = 2,
}

impl FeedKind {
    /// Both, the smaller and more urgent one first.
    pub const ALL: [Self; 2] = [Self::Node, Self::Broadcast];
}

impl From<FromAgent> for AgentMessage {
    fn from(kind: FromAgent) -> Self {
        Self { kind: Some(kind) }
    }
}

impl From<FromHub> for HubMessage {
    fn from(kind: FromHub) -> Self {
        Self { kind: Some(kind) }
    }
}
