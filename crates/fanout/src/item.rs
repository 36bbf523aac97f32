//! What is carried: opaque items, and the content hash of a set of them.

use std::hash::Hasher as _;
use std::ops::Bound;

use bytes::Bytes;
use siphasher::sip128::{Hasher128, SipHasher13};

/// What an item is about. The numbers are part of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Topic(pub u32);

impl Topic {
    /// Pods of the node: [`crate::payload::PodItem`] by pod UID.
    pub const PODS: Self = Self(1);
    /// Who the node is: [`crate::payload::NodeItem`], one, under an empty key.
    pub const NODE: Self = Self(2);
    /// Signed directives of rollouts (`confirmation::Token`) by workload.
    pub const DIRECTIVES: Self = Self(3);
    /// Parts of revisions (`confirmation::Revision`) by [`crate::payload::part_key`].
    pub const REVISIONS: Self = Self(4);
    /// How the API servers are, and what each workload may ask of them: [`crate::payload::ApiServersItem`], one, under an
    /// empty key, the same for every node.
    pub const API_SERVERS: Self = Self(5);
    /// Sealed orders (`sealed_order::Sealed` as text) by their own names.
    pub const ORDERS: Self = Self(6);
}

/// Identifies an item within a set.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemKey {
    /// What the item is about.
    pub topic: Topic,
    /// Which one.
    pub key: Bytes,
}

/// One item set (`Some`) or removed (`None`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which item.
    pub item: ItemKey,
    /// Its new value.
    pub value: Option<Bytes>,
}

impl ItemKey {
    /// A key with its own copy of the bytes.
    pub fn new(topic: Topic, key: &[u8]) -> Self {
        Self { topic, key: Bytes::copy_from_slice(key) }
    }

    /// The range of all keys of `topic`, for [`std::collections::BTreeMap::range`].
    pub fn range_of(topic: Topic) -> (Bound<Self>, Bound<Self>) {
        let first = Bound::Included(Self { topic, key: Bytes::new() });
        match topic.0.checked_add(1) {
            Some(next) => (first, Bound::Excluded(Self { topic: Topic(next), key: Bytes::new() })),
            None => (first, Bound::Unbounded),
        }
    }
}

/// Content hash of a set of items, kept up to date in constant time: the sum (mod 2^128) of SipHash-1-3-128 of each item.
///
/// Two hubs with the same items have the same hash, in whatever order they learned them. It guards against accidents, not
/// against somebody who crafts collisions: who may write items is decided by certificates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct SetHash(pub u128);

impl SetHash {
    /// Adds an item.
    pub fn add(&mut self, item: &ItemKey, value: &[u8]) {
        self.add_hash(ItemHash::of(item, value));
    }

    /// Takes an item away that was added.
    pub fn remove(&mut self, item: &ItemKey, value: &[u8]) {
        self.remove_hash(ItemHash::of(item, value));
    }

    pub(crate) fn add_hash(&mut self, item: ItemHash) {
        self.0 = self.0.wrapping_add(item.0);
    }

    pub(crate) fn remove_hash(&mut self, item: ItemHash) {
        self.0 = self.0.wrapping_sub(item.0);
    }

    /// High and low half, as the messages carry them.
    pub fn halves(self) -> (u64, u64) {
        ((self.0 >> 64) as u64, self.0 as u64)
    }

    /// From the halves of a message.
    pub fn from_halves(high: u64, low: u64) -> Self {
        Self(u128::from(high) << 64 | u128::from(low))
    }
}

/// What one item adds to a [`SetHash`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ItemHash(u128);

impl ItemHash {
    pub(crate) fn of(item: &ItemKey, value: &[u8]) -> Self {
        // A fixed key: all hubs and all versions must agree.
        let mut hasher = SipHasher13::new_with_keys(0x706c_696d_736f_6c6c, 0x6661_6e6f_7574_2031);
        hasher.write(&item.topic.0.to_le_bytes());
        hasher.write(&(item.key.len() as u64).to_le_bytes());
        hasher.write(&item.key);
        hasher.write(value);
        Self(hasher.finish128().as_u128())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter_and_removal_undoes() {
        let items = [(1, "a", "x"), (1, "b", "x"), (2, "a", "x"), (1, "ab", ""), (1, "a", "bx")];
        let sum = |order: &[usize]| {
            let mut hash = SetHash::default();
            for &i in order {
                let (topic, key, value) = items[i];
                hash.add(&ItemKey::new(Topic(topic), key.as_bytes()), value.as_bytes());
            }
            hash
        };
        assert_eq!(sum(&[0, 1, 2, 3, 4]), sum(&[4, 2, 0, 3, 1]));
        for i in 0..items.len() {
            for j in 0..i {
                assert_ne!(sum(&[i]), sum(&[j]), "{i} {j}");
            }
        }
        let mut hash = sum(&[0, 1]);
        hash.remove(&ItemKey::new(Topic(1), b"b"), b"x");
        assert_eq!(hash, sum(&[0]));
        let (high, low) = hash.halves();
        assert_eq!(SetHash::from_halves(high, low), hash);
    }

    #[test]
    fn the_hash_is_the_same_in_every_version() {
        let mut hash = SetHash::default();
        hash.add(&ItemKey::new(Topic::PODS, b"key"), b"value");
        assert_eq!(format!("{:032x}", hash.0), PINNED);
    }

    const PINNED: &str = "c3d152e3d5a115dc91e4c7e310f5c8b2";
}
