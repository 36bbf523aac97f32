//! What an agent has of one feed, and how a transfer gets into it: as a whole or not at all.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::item::{ItemKey, SetHash, Topic};
use crate::limits::{FEED_BYTES_MAX, FEED_ITEMS_MAX};
use crate::message::{Chunk, FeedKind, Have, TransferKind, WireChange};

/// All items that an agent has. Cheap to clone; a clone never changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    node: Arc<Items>,
    broadcast: Arc<Items>,
}

type Items = BTreeMap<ItemKey, Bytes>;

impl View {
    /// Items of one topic, the node's own before those of all, each sorted by key.
    pub fn topic(&self, topic: Topic) -> impl Iterator<Item = (&Bytes, &Bytes)> {
        let node = self.node.range(ItemKey::range_of(topic));
        node.chain(self.broadcast.range(ItemKey::range_of(topic))).map(|(item, value)| (&item.key, value))
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.node.len() + self.broadcast.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn set(&mut self, feed: FeedKind, items: Arc<Items>) {
        match feed {
            FeedKind::Node => self.node = items,
            FeedKind::Broadcast => self.broadcast = items,
        }
    }
}

/// One feed at the agent.
#[derive(Debug)]
pub(crate) struct Take {
    kind: FeedKind,
    pub(crate) items: Arc<Items>,
    hash: SetHash,
    epoch: u64,
    sequence: u64,
    staged: Option<Staged>,
    /// A resync was asked for; what belongs to the lost thread is skipped.
    resyncing: bool,
    /// A transfer was completed since the stream began: the set is the hub's, or was a moment ago.
    pub(crate) synced: bool,
}

#[derive(Debug)]
struct Staged {
    head: Head,
    next_index: u32,
    changes: Vec<WireChange>,
    bytes: usize,
}

/// What all chunks of a transfer have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    transfer: TransferKind,
    epoch: u64,
    from: u64,
    to: u64,
    hash: SetHash,
}

/// What became of a chunk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Taken {
    /// More chunks of this transfer are to come, or the chunk belongs to a thread already given up.
    Nothing,
    /// The transfer is complete; `changed` when the items did.
    Done { changed: bool },
    /// The thread is lost: ask for a resync with this.
    Lost(Have),
    /// More than an agent may be sent.
    TooLarge,
}

impl Take {
    pub(crate) fn new(kind: FeedKind) -> Self {
        Self {
            kind,
            items: Arc::default(),
            hash: SetHash::default(),
            epoch: 0,
            sequence: 0,
            staged: None,
            resyncing: false,
            synced: false,
        }
    }

    /// What the agent has, to be said to a hub.
    pub(crate) fn have(&self) -> Have {
        let (hash_high, hash_low) = self.hash.halves();
        Have { feed: self.kind.into(), epoch: self.epoch, sequence: self.sequence, hash_high, hash_low }
    }

    /// A stream ended: what was on its way is lost, what was complete stays.
    pub(crate) fn reset(&mut self) {
        self.staged = None;
        self.resyncing = false;
        self.synced = false;
    }

    pub(crate) fn take(&mut self, chunk: Chunk) -> Taken {
        let head = Head::of(&chunk);
        if chunk.index == 0 {
            self.staged = None;
            if head.transfer != TransferKind::Snapshot && !self.fits(&head) {
                return self.lost(false);
            }
            self.resyncing = false;
            self.staged = Some(Staged { head, next_index: 0, changes: Vec::new(), bytes: 0 });
        }
        let Some(staged) = self.staged.as_mut() else { return self.lost(false) };
        if staged.head != head || staged.next_index != chunk.index {
            self.staged = None;
            return self.lost(false);
        }
        staged.next_index += 1;
        staged.bytes +=
            chunk.changes.iter().map(|change| change.key.len() + change.value.len()).sum::<usize>();
        staged.changes.extend(chunk.changes);
        // A delta may remove as many items as it sets.
        if staged.bytes > 2 * FEED_BYTES_MAX || staged.changes.len() > 2 * FEED_ITEMS_MAX {
            self.staged = None;
            return Taken::TooLarge;
        }
        if !chunk.last {
            return Taken::Nothing;
        }
        match self.staged.take() {
            Some(staged) => self.apply(staged),
            None => Taken::Nothing,
        }
    }

    /// Whether a transfer that builds on what the agent has does build on it.
    fn fits(&self, head: &Head) -> bool {
        match head.transfer {
            TransferKind::Delta => head.epoch == self.epoch && head.from == self.sequence,
            TransferKind::Current => head.hash == self.hash,
            TransferKind::Snapshot => true,
        }
    }

    fn apply(&mut self, staged: Staged) -> Taken {
        let Staged { head, changes, .. } = staged;
        let (mut items, mut hash) = match head.transfer {
            TransferKind::Snapshot => (Items::new(), SetHash::default()),
            TransferKind::Delta => ((*self.items).clone(), self.hash),
            TransferKind::Current => {
                (self.epoch, self.sequence, self.synced) = (head.epoch, head.to, true);
                return Taken::Done { changed: false };
            }
        };
        for change in changes {
            let item = ItemKey { topic: Topic(change.topic), key: change.key };
            if let Some(old) = items.remove(&item) {
                hash.remove(&item, &old);
            }
            if !change.removed {
                hash.add(&item, &change.value);
                items.insert(item, change.value);
            }
        }
        if hash != head.hash {
            return self.lost(true);
        }
        let changed = hash != self.hash;
        self.items = Arc::new(items);
        self.hash = hash;
        (self.epoch, self.sequence, self.synced) = (head.epoch, head.to, true);
        Taken::Done { changed }
    }

    fn lost(&mut self, distrust: bool) -> Taken {
        if self.resyncing {
            return Taken::Nothing;
        }
        self.resyncing = true;
        // Epoch 0 asks for a snapshot whatever the hub thinks of the number.
        let have = self.have();
        Taken::Lost(if distrust { Have { epoch: 0, ..have } } else { have })
    }
}

impl Head {
    fn of(chunk: &Chunk) -> Self {
        Self {
            transfer: chunk.transfer(),
            epoch: chunk.epoch,
            from: chunk.from,
            to: chunk.to,
            hash: SetHash::from_halves(chunk.hash_high, chunk.hash_low),
        }
    }
}

#[cfg(test)]
mod tests;
