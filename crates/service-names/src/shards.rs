//! Tables that are read without a lock while one writer changes them: many small tables, each replaced as a whole.
//!
//! A reader takes a pointer (no shared counter is written, so that cores do not wait for each other). A writer copies the
//! table of one shard, some tens of pointers, which is what one change costs.

#[cfg(test)]
mod tests;

use std::hash::Hasher as _;
use std::sync::Arc;

use arc_swap::ArcSwap;
use hashbrown::HashTable;
use rustc_hash::FxHasher;

/// Tables of one [`Shards`]: 10,000 services make 20 a table. An empty one costs 8 bytes.
const SHARDS: usize = 512;

/// Something with a key of octets.
pub(crate) trait Keyed {
    fn key(&self) -> &[u8];
}

/// A map from keys to values that hold them.
pub(crate) struct Shards<T>(Box<[ArcSwap<HashTable<T>>]>);

/// One change of a map: the value by its key, or what goes.
pub(crate) enum Put<T> {
    Set(T),
    Remove(T),
}

impl<T: Keyed + Clone> Shards<T> {
    pub(crate) fn new() -> Self {
        let empty = Arc::new(HashTable::new());
        Self((0..SHARDS).map(|_| ArcSwap::new(empty.clone())).collect())
    }

    /// Calls `read` with the value of a key.
    #[inline]
    pub(crate) fn with<R>(&self, key: &[u8], read: impl FnOnce(&T) -> R) -> Option<R> {
        let hash = hash(key);
        let table = self.0[shard(hash)].load();
        table.find(hash, |value| value.key() == key).map(read)
    }

    pub(crate) fn get(&self, key: &[u8]) -> Option<T> {
        self.with(key, T::clone)
    }

    pub(crate) fn contains(&self, key: &[u8]) -> bool {
        self.with(key, |_| ()).is_some()
    }

    /// Makes changes, in order; each shard is copied once. One writer at a time: the caller holds a lock.
    pub(crate) fn change(&self, changes: impl IntoIterator<Item = Put<T>>) {
        let mut by_shard: Vec<(usize, u64, Put<T>)> = changes
            .into_iter()
            .map(|change| {
                let (Put::Set(value) | Put::Remove(value)) = &change;
                let hash = hash(value.key());
                (shard(hash), hash, change)
            })
            .collect();
        by_shard.sort_by_key(|(shard, ..)| *shard);
        let mut rest = by_shard.into_iter().peekable();
        while let Some((shard, first_hash, first)) = rest.next() {
            let mut table = HashTable::clone(&self.0[shard].load());
            put(&mut table, first_hash, first);
            while let Some((_, hash, change)) = rest.next_if(|(next, ..)| *next == shard) {
                put(&mut table, hash, change);
            }
            self.0[shard].store(Arc::new(table));
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|table| table.load().len()).sum()
    }

    /// All values there are now.
    pub(crate) fn values(&self) -> Vec<T> {
        self.0.iter().flat_map(|table| table.load().iter().cloned().collect::<Vec<T>>()).collect()
    }
}

fn put<T: Keyed>(table: &mut HashTable<T>, hash: u64, change: Put<T>) {
    let (Put::Set(value) | Put::Remove(value)) = &change;
    if let Ok(old) = table.find_entry(hash, |old| old.key() == value.key()) {
        old.remove();
    }
    if let Put::Set(value) = change {
        table.insert_unique(hash, value, |value| self::hash(value.key()));
    }
}

#[inline]
fn hash(key: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(key);
    hasher.finish()
}

/// The table itself uses the lowest and the highest bits.
#[inline]
fn shard(hash: u64) -> usize {
    (hash >> 32) as usize % SHARDS
}
