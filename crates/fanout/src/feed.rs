//! One feed of the hub: the current set, and the changes that led to it for as far back as the bounds allow.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use bytes::Bytes;

use crate::item::{Change, ItemKey, SetHash};
use crate::limits::{FeedLimits, ITEM_BYTES_MAX};

/// Why an item was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The item alone is too large.
    #[error("an item has {bytes} bytes, more than the {ITEM_BYTES_MAX} that one may have")]
    ItemTooLarge {
        /// Key and value.
        bytes: usize,
    },
    /// The feed is full.
    #[error("the feed is full: {items_max} items or {bytes_max} bytes")]
    FeedFull {
        /// [`FeedLimits::items_max`].
        items_max: usize,
        /// [`FeedLimits::bytes_max`].
        bytes_max: usize,
    },
}

/// The set of one node, or of all.
///
/// The log has at most one entry per key, the newest: publishing a key again moves it to the end. So a session that is
/// behind gets each key once, and the log is the queue of every session at once: a session is a position in it.
#[derive(Debug)]
pub(crate) struct Feed {
    limits: FeedLimits,
    live: BTreeMap<ItemKey, Live>,
    live_bytes: usize,
    log: BTreeMap<u64, LogEntry>,
    log_bytes: usize,
    removed: BTreeMap<ItemKey, u64>,
    hash: SetHash,
    /// Sequence number of the last change.
    head: u64,
    /// Deltas can start here or later.
    floor: u64,
    /// The last snapshot and the last delta, for as long as some session is being sent them.
    snapshot: Shared,
    delta: Shared,
}

/// Consistent content of a feed: what leads from one number to another. Many sessions send the same.
#[derive(Debug, Clone)]
pub(crate) struct Cut {
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// Of the set at `to`.
    pub(crate) hash: SetHash,
    pub(crate) changes: Arc<Vec<Change>>,
}

#[derive(Debug, Default)]
struct Shared {
    from: u64,
    to: u64,
    hash: SetHash,
    changes: Weak<Vec<Change>>,
}

#[derive(Debug)]
struct Live {
    value: Bytes,
    sequence: u64,
}

#[derive(Debug)]
struct LogEntry {
    item: ItemKey,
    bytes: usize,
    removal: bool,
}

impl Feed {
    /// An empty feed that begins at `sequence`: what an agent has from before is not resumed.
    pub(crate) fn new(sequence: u64, limits: FeedLimits) -> Self {
        Self {
            limits,
            live: BTreeMap::new(),
            live_bytes: 0,
            log: BTreeMap::new(),
            log_bytes: 0,
            removed: BTreeMap::new(),
            hash: SetHash::default(),
            head: sequence,
            floor: sequence,
            snapshot: Shared::default(),
            delta: Shared::default(),
        }
    }

    /// Sets an item. Returns whether that changed anything.
    pub(crate) fn set(&mut self, item: &ItemKey, value: Bytes, sequence: u64) -> Result<bool, PublishError> {
        let bytes = item.key.len() + value.len();
        if bytes > ITEM_BYTES_MAX {
            return Err(PublishError::ItemTooLarge { bytes });
        }
        let old = self.live.get(item);
        if old.is_some_and(|old| old.value == value) {
            return Ok(false);
        }
        let old_bytes = old.map_or(0, |old| item.key.len() + old.value.len());
        let FeedLimits { items_max, bytes_max, .. } = self.limits;
        let full = old.is_none() && self.live.len() >= items_max;
        if full || self.live_bytes - old_bytes + bytes > bytes_max {
            return Err(PublishError::FeedFull { items_max, bytes_max });
        }
        self.forget(item);
        self.hash.add(item, &value);
        self.live_bytes += bytes;
        self.live.insert(item.clone(), Live { value, sequence });
        self.append(item.clone(), bytes, false, sequence);
        Ok(true)
    }

    /// Removes an item. Returns whether it was there.
    pub(crate) fn remove(&mut self, item: &ItemKey, sequence: u64) -> bool {
        if !self.live.contains_key(item) {
            return false;
        }
        self.forget(item);
        self.removed.insert(item.clone(), sequence);
        self.append(item.clone(), item.key.len(), true, sequence);
        true
    }

    /// Takes the item's present state out of the set, the hash and the log.
    fn forget(&mut self, item: &ItemKey) {
        let sequence = match self.live.remove(item) {
            Some(old) => {
                self.hash.remove(item, &old.value);
                self.live_bytes -= item.key.len() + old.value.len();
                Some(old.sequence)
            }
            None => self.removed.remove(item),
        };
        if let Some(entry) = sequence.and_then(|sequence| self.log.remove(&sequence)) {
            self.log_bytes -= entry.bytes;
        }
    }

    fn append(&mut self, item: ItemKey, bytes: usize, removal: bool, sequence: u64) {
        self.head = sequence;
        self.log_bytes += bytes;
        self.log.insert(sequence, LogEntry { item, bytes, removal });
        while self.log.len() > self.limits.log_changes_max
            || self.log_bytes > self.limits.log_bytes_max
            || self.removed.len() > self.limits.log_removals_max
        {
            let Some((sequence, entry)) = self.log.pop_first() else { break };
            self.log_bytes -= entry.bytes;
            self.floor = sequence;
            if entry.removal {
                self.removed.remove(&entry.item);
            }
        }
    }

    /// The changes after `from`, or `None` when the log does not reach back so far.
    pub(crate) fn delta(&mut self, from: u64) -> Option<Cut> {
        if from < self.floor || from > self.head {
            return None;
        }
        if self.delta.from == from
            && self.delta.to == self.head
            && let Some(cut) = self.delta.cut()
        {
            return Some(cut);
        }
        let change = |entry: &LogEntry| Change {
            item: entry.item.clone(),
            value: self.live.get(&entry.item).map(|live| live.value.clone()),
        };
        let changes = self.log.range(from + 1..).map(|(_, entry)| change(entry)).collect();
        let cut = Cut { from, to: self.head, hash: self.hash, changes: Arc::new(changes) };
        self.delta = Shared::of(&cut);
        Some(cut)
    }

    /// The whole set; one that is being sent already, if deltas lead on from it: the sets of many agents that come at once
    /// are one in memory.
    pub(crate) fn snapshot(&mut self) -> Cut {
        if self.snapshot.to >= self.floor
            && let Some(cut) = self.snapshot.cut()
        {
            return cut;
        }
        let change =
            |(item, live): (&ItemKey, &Live)| Change { item: item.clone(), value: Some(live.value.clone()) };
        let changes = self.live.iter().map(change).collect();
        let cut = Cut { from: 0, to: self.head, hash: self.hash, changes: Arc::new(changes) };
        self.snapshot = Shared::of(&cut);
        cut
    }

    /// Changes after `from` that the log still has.
    pub(crate) fn behind(&self, from: u64) -> usize {
        if from >= self.head { 0 } else { self.log.range(from + 1..).count() }
    }

    pub(crate) fn head(&self) -> u64 {
        self.head
    }

    pub(crate) fn floor(&self) -> u64 {
        self.floor
    }

    pub(crate) fn hash(&self) -> SetHash {
        self.hash
    }

    pub(crate) fn items(&self) -> usize {
        self.live.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.live_bytes
    }

    pub(crate) fn log_fill(&self) -> (usize, usize) {
        (self.log.len(), self.log_bytes)
    }
}

impl Shared {
    fn of(cut: &Cut) -> Self {
        Self { from: cut.from, to: cut.to, hash: cut.hash, changes: Arc::downgrade(&cut.changes) }
    }

    fn cut(&self) -> Option<Cut> {
        let Self { from, to, hash, ref changes } = *self;
        changes.upgrade().map(|changes| Cut { from, to, hash, changes })
    }
}
