//! A whole set, for consumers of a small feed who would rather look at all of it than follow changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::item::{Change, ItemKey, Topic};

/// All items of one feed. Cheap to clone; a clone never changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    items: Arc<BTreeMap<ItemKey, Bytes>>,
}

impl View {
    /// Items of one topic, sorted by key.
    pub fn topic(&self, topic: Topic) -> impl Iterator<Item = (&Bytes, &Bytes)> {
        self.items.range(ItemKey::range_of(topic)).map(|(item, value)| (&item.key, value))
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Takes changes in. Copies the set when a clone of it is in use: not for large feeds.
    pub fn apply(&mut self, changes: &[Change]) {
        let items = Arc::make_mut(&mut self.items);
        for Change { item, value } in changes {
            match value {
                Some(value) => items.insert(item.clone(), value.clone()),
                None => items.remove(item),
            };
        }
    }
}
