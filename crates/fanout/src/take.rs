//! What an agent has of one feed, and how a transfer gets into it: as a whole or not at all.
//!
//! Kept are keys and hashes of values. The values go to the consumer, once, and only those that differ: a snapshot of a set
//! that is nearly the agent's costs what differs, in memory too.

use std::collections::BTreeMap;

use bytes::Bytes;
use rustc_hash::FxHashMap;

use crate::item::{Change, ItemHash, ItemKey, SetHash, Topic};
use crate::limits::FeedLimits;
use crate::message::{Chunk, FeedKind, Have, TransferKind, WireChange};

/// What came of a transfer: from the set that the consumer has to the set that the hub had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Which feed.
    pub feed: FeedKind,
    /// The hub sent its whole set; `changes` is what differs from the agent's. Who distrusts sudden losses looks twice at
    /// these, not at the changes of a stream that never broke.
    pub whole: bool,
    /// The hub's life in which `sequence` counts.
    pub epoch: u64,
    /// The hub's number of the set.
    pub sequence: u64,
    /// Items set, sorted by key, then items removed, sorted by key. Empty: the agent's set was found to be the hub's.
    pub changes: Vec<Change>,
}

/// What an agent has of a feed from before it started, said to the first hub that it meets.
#[derive(Debug, Clone, Default)]
pub struct Held {
    epoch: u64,
    sequence: u64,
    items: FxHashMap<ItemKey, ItemHash>,
    hash: SetHash,
}

/// One feed at the agent.
#[derive(Debug)]
pub(crate) struct Take {
    kind: FeedKind,
    held: Held,
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
    changes: BTreeMap<ItemKey, Fresh>,
    bytes: usize,
    taken: usize,
}

/// What a transfer says about an item.
#[derive(Debug)]
enum Fresh {
    Removed,
    /// What the agent has already.
    Same(ItemHash),
    Set(ItemHash, Bytes),
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
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Taken {
    /// More chunks of this transfer are to come, or the chunk belongs to a thread already given up.
    Nothing,
    /// The transfer is complete.
    Done(Transfer),
    /// The thread is lost: ask for a resync with this.
    Lost(Have),
    /// More than an agent may be sent.
    TooLarge,
}

impl Held {
    /// Nothing, as of `sequence` in the hub's life `epoch`; both 0 when they are not known.
    pub fn new(epoch: u64, sequence: u64) -> Self {
        Self { epoch, sequence, ..Self::default() }
    }

    /// Adds an item, or replaces it.
    pub fn insert(&mut self, item: ItemKey, value: &[u8]) {
        let hash = ItemHash::of(&item, value);
        self.set(item, hash);
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    fn set(&mut self, item: ItemKey, hash: ItemHash) {
        self.hash.add_hash(hash);
        if let Some(old) = self.items.insert(item, hash) {
            self.hash.remove_hash(old);
        }
    }

    fn remove(&mut self, item: &ItemKey) -> bool {
        let old = self.items.remove(item);
        if let Some(old) = old {
            self.hash.remove_hash(old);
        }
        old.is_some()
    }
}

impl Take {
    pub(crate) fn new(kind: FeedKind) -> Self {
        Self { kind, held: Held::default(), staged: None, resyncing: false, synced: false }
    }

    /// Takes the place of what was there.
    pub(crate) fn hold(&mut self, held: Held) {
        self.held = held;
    }

    /// What the agent has, to be said to a hub.
    pub(crate) fn have(&self) -> Have {
        let (hash_high, hash_low) = self.held.hash.halves();
        let Held { epoch, sequence, .. } = self.held;
        Have { feed: self.kind.into(), epoch, sequence, hash_high, hash_low }
    }

    pub(crate) fn items(&self) -> usize {
        self.held.len()
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
            if !self.fits(&head) {
                return self.lost(false);
            }
            self.resyncing = false;
            self.staged = Some(Staged::new(head));
        }
        let Some(staged) = self.staged.as_mut() else { return self.lost(false) };
        if staged.head != head || staged.next_index != chunk.index {
            self.staged = None;
            return self.lost(false);
        }
        staged.next_index += 1;
        for change in chunk.changes {
            staged.take(change, &self.held);
        }
        // A delta may remove as many items as it sets.
        let limits = FeedLimits::of(self.kind);
        if staged.bytes > 2 * limits.bytes_max || staged.taken > 2 * limits.items_max {
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
            TransferKind::Delta => head.epoch == self.held.epoch && head.from == self.held.sequence,
            TransferKind::Current => head.hash == self.held.hash,
            TransferKind::Snapshot => true,
        }
    }

    fn apply(&mut self, staged: Staged) -> Taken {
        let Staged { head, changes: staged, .. } = staged;
        if head.transfer != TransferKind::Current && self.hash_after(&head, &staged) != head.hash {
            return self.lost(true);
        }
        let whole = head.transfer == TransferKind::Snapshot;
        let mut changes = Vec::new();
        let mut removed = Vec::new();
        if whole {
            removed.extend(self.held.items.keys().filter(|item| !staged.contains_key(item)).cloned());
        }
        for (item, fresh) in staged {
            match fresh {
                Fresh::Same(_) => {}
                Fresh::Set(hash, value) => {
                    self.held.set(item.clone(), hash);
                    changes.push(Change { item, value: Some(value) });
                }
                Fresh::Removed => removed.push(item),
            }
        }
        removed.sort();
        removed.retain(|item| self.held.remove(item));
        changes.extend(removed.into_iter().map(|item| Change { item, value: None }));
        (self.held.epoch, self.held.sequence, self.synced) = (head.epoch, head.to, true);
        Taken::Done(Transfer { feed: self.kind, whole, epoch: head.epoch, sequence: head.to, changes })
    }

    fn hash_after(&self, head: &Head, staged: &BTreeMap<ItemKey, Fresh>) -> SetHash {
        let whole = head.transfer == TransferKind::Snapshot;
        let mut hash = if whole { SetHash::default() } else { self.held.hash };
        for (item, fresh) in staged {
            if let Some(old) = self.held.items.get(item).filter(|_| !whole) {
                hash.remove_hash(*old);
            }
            if let Fresh::Same(new) | Fresh::Set(new, _) = fresh {
                hash.add_hash(*new);
            }
        }
        hash
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

impl Staged {
    fn new(head: Head) -> Self {
        Self { head, next_index: 0, changes: BTreeMap::new(), bytes: 0, taken: 0 }
    }

    /// Copies what is kept: a slice of a message would keep the whole message.
    fn take(&mut self, change: WireChange, held: &Held) {
        let WireChange { topic, key, value, removed } = change;
        self.bytes += key.len() + value.len();
        self.taken += 1;
        let item = ItemKey { topic: Topic(topic), key };
        let known = held.items.get_key_value(&item).map(|(item, hash)| (item.clone(), *hash));
        let fresh = match (removed, ItemHash::of(&item, &value)) {
            (true, _) => Fresh::Removed,
            (false, hash) if known.as_ref().is_some_and(|(_, old)| *old == hash) => Fresh::Same(hash),
            (false, hash) => Fresh::Set(hash, Bytes::copy_from_slice(&value)),
        };
        let item = known.map_or_else(|| ItemKey::new(item.topic, &item.key), |(item, _)| item);
        self.changes.insert(item, fresh);
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
