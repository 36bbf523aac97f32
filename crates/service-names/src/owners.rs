//! Whose an address is: services by their own addresses and by their endpoints', namespaces by their pods'.
//!
//! Each address has an entry per owner, in tables behind locks that are held for one look or one change.

use std::hash::Hasher as _;

use hashbrown::HashTable;
use parking_lot::RwLock;
use rustc_hash::FxHasher;

use crate::address::Octets;
use crate::service::Key;

/// Tables of one [`Owners`]: 100,000 addresses make 400 a table.
const SHARDS: usize = 256;

/// An owner of an address.
#[derive(Debug, Clone)]
pub(crate) struct Owner<A> {
    pub(crate) address: A,
    /// It is the service's own address, not an endpoint's.
    pub(crate) own: bool,
    pub(crate) key: Key,
}

/// Owners by address.
pub(crate) struct Owners<A>(Box<[RwLock<HashTable<Owner<A>>>]>);

impl<A: Octets> Owners<A> {
    pub(crate) fn new() -> Self {
        Self((0..SHARDS).map(|_| RwLock::default()).collect())
    }

    pub(crate) fn insert(&self, owner: Owner<A>) {
        let hash = hash(owner.address);
        self.shard(hash).write().insert_unique(hash, owner, |owner| self::hash(owner.address));
    }

    pub(crate) fn remove(&self, owner: &Owner<A>) {
        let hash = hash(owner.address);
        let mut table = self.shard(hash).write();
        let same = |other: &Owner<A>| {
            other.address == owner.address && other.own == owner.own && other.key == owner.key
        };
        if let Ok(entry) = table.find_entry(hash, same) {
            entry.remove();
        }
    }

    /// Calls `each` for the owners of an address until it returns `false`.
    pub(crate) fn each(&self, address: A, mut each: impl FnMut(&Owner<A>) -> bool) {
        let hash = hash(address);
        let table = self.shard(hash).read();
        for owner in table.iter_hash(hash) {
            if owner.address == address && !each(owner) {
                return;
            }
        }
    }

    /// Calls `each` for every owner.
    pub(crate) fn each_entry(&self, mut each: impl FnMut(&Owner<A>)) {
        for table in &self.0 {
            table.read().iter().for_each(&mut each);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|table| table.read().len()).sum()
    }

    fn shard(&self, hash: u64) -> &RwLock<HashTable<Owner<A>>> {
        &self.0[(hash >> 32) as usize % SHARDS]
    }
}

fn hash(address: impl Octets) -> u64 {
    let mut hasher = FxHasher::default();
    address.hash(&mut hasher);
    hasher.finish()
}
