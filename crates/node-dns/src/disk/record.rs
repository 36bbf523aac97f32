//! What is in the frames, as protobuf.

use bytes::Bytes;
use fanout::message::WireChange;
use fanout::{Change, ItemKey, Topic};
use prost::Message;

/// Changes of one record, in bytes of keys and values: a snapshot is many records, so that none is large.
pub(super) const RECORD_BYTES: usize = 256 << 10;

/// Where the hub's numbers stood, and when the zone was last known to be current.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct Position {
    /// The hub's life in which `sequence` counts; 0: no hub's set is exactly this one.
    #[prost(fixed64, tag = "1")]
    pub(crate) epoch: u64,
    /// The hub's number of the set.
    #[prost(fixed64, tag = "2")]
    pub(crate) sequence: u64,
    /// When the set was proven to be current, in milliseconds since the epoch by this node's clock.
    #[prost(fixed64, tag = "3")]
    pub(crate) proven_unix_ms: u64,
}

/// First frame of a file.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Header {
    /// The zone that the names are for.
    #[prost(string, tag = "1")]
    pub(super) zone: String,
    #[prost(uint64, tag = "2")]
    pub(super) generation: u64,
    /// A snapshot, not a log.
    #[prost(bool, tag = "3")]
    pub(super) snapshot: bool,
}

/// Every other frame. The last one of a snapshot has `items`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Record {
    #[prost(message, optional, tag = "1")]
    pub(super) position: Option<Position>,
    #[prost(message, repeated, tag = "2")]
    pub(super) changes: Vec<WireChange>,
    /// Of a snapshot, at its end: how many items it has, plus one.
    #[prost(uint64, tag = "3")]
    pub(super) items: u64,
}

impl Record {
    pub(super) fn push(&mut self, change: &Change) {
        let Change { item, value } = change;
        let removed = value.is_none();
        let (key, value) = (item.key.clone(), value.clone().unwrap_or_default());
        self.changes.push(WireChange { topic: item.topic.0, key, value, removed });
    }

    /// The changes, each with memory of its own.
    pub(super) fn into_changes(self) -> impl Iterator<Item = Change> {
        self.changes.into_iter().map(|change| Change {
            item: ItemKey::new(Topic(change.topic), &change.key),
            value: (!change.removed).then(|| Bytes::copy_from_slice(&change.value)),
        })
    }

    pub(super) fn payload(&self) -> Vec<u8> {
        self.encode_to_vec()
    }
}
