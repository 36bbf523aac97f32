//! A set of shared values with a sweep.

use std::hash::{BuildHasher, Hash};
use std::ops::Deref;
use std::sync::Arc;

use hashbrown::HashTable;
use parking_lot::Mutex;

use crate::Seeded;

/// A pool is swept when it has doubled since the last sweep, but never below this many entries.
/// 4,096 entries of about 64 bytes are 256 KiB: not worth a sweep.
pub(super) const SWEEP_ENTRIES_MIN: usize = 4_096;

/// Equal values share one allocation. `T` borrows as what it is looked up by: `str` for a string, a slice for a list.
#[derive(Debug)]
pub struct Pool<T> {
    hash: Seeded,
    table: Mutex<Table<T>>,
}

#[derive(Debug)]
struct Table<T> {
    entries: HashTable<Arc<T>>,
    sweep_at: usize,
}

impl<T> Pool<T> {
    pub(super) fn new(hash: Seeded) -> Self {
        Self { hash, table: Mutex::new(Table { entries: HashTable::new(), sweep_at: SWEEP_ENTRIES_MIN }) }
    }
}

impl<T> Pool<T>
where
    T: Deref,
    T::Target: Hash + Eq,
{
    /// The entry equal to `candidate`; `make` turns the candidate into one if there is none yet.
    pub(super) fn intern<C>(&self, candidate: C, make: impl FnOnce(C) -> T) -> Arc<T>
    where
        C: Deref<Target = T::Target>,
    {
        let hash = self.hash.hash_one(&*candidate);
        let mut table = self.table.lock();
        if let Some(found) = table.entries.find(hash, |entry| ***entry == *candidate) {
            return found.clone();
        }
        table.sweep_if_doubled(self.hash);
        let entry = Arc::new(make(candidate));
        table.entries.insert_unique(hash, entry.clone(), |entry| self.hash.hash_one(&***entry));
        entry
    }

    /// Entries held, used or not yet swept.
    pub(super) fn len(&self) -> usize {
        self.table.lock().entries.len()
    }
}

impl<T> Table<T>
where
    T: Deref,
    T::Target: Hash,
{
    fn sweep_if_doubled(&mut self, hash: Seeded) {
        if self.entries.len() < self.sweep_at {
            return;
        }
        self.entries.retain(|entry| Arc::strong_count(entry) > 1);
        self.sweep_at = (self.entries.len() * 2).max(SWEEP_ENTRIES_MIN);
        self.entries.shrink_to(self.sweep_at, |entry| hash.hash_one(&***entry));
    }
}
