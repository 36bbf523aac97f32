//! Entries by key within a limit in bytes; who was not used for the longest time goes first.

use hashbrown::HashTable;

use crate::entry::Entry;
use crate::key::Key;

/// End of the list.
const NONE: u32 = u32::MAX;

/// Beside the fields of a slot: its cell in the table (4 octets and 1 of control at 7/8 load) and what the allocator adds to
/// three pieces of memory (16 each).
const OVERHEAD_BYTES: usize = 6 + 3 * 16;

/// Entries in a table and in a list by last use.
#[derive(Debug)]
pub(crate) struct Store {
    table: HashTable<u32>,
    slots: Vec<Slot>,
    free: Vec<u32>,
    newest: u32,
    oldest: u32,
    bytes: usize,
    bytes_max: usize,
    evictions: u64,
    hash_key: [u64; 2],
}

#[derive(Debug)]
struct Slot {
    key: Box<[u8]>,
    hash: u64,
    bytes: usize,
    newer: u32,
    older: u32,
    entry: Entry,
}

impl Store {
    pub(crate) fn new(bytes_max: usize, hash_key: [u64; 2]) -> Self {
        Self {
            table: HashTable::new(),
            slots: Vec::new(),
            free: Vec::new(),
            newest: NONE,
            oldest: NONE,
            bytes: 0,
            bytes_max,
            evictions: 0,
            hash_key,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn evictions(&self) -> u64 {
        self.evictions
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.table.iter().map(|at| &self.slots[*at as usize].entry)
    }

    pub(crate) fn find(&self, key: Key<'_>) -> Option<u32> {
        let hash = key.hash(self.hash_key);
        self.table.find(hash, |at| key.equals(&self.slots[*at as usize].key)).copied()
    }

    pub(crate) fn entry(&self, at: u32) -> &Entry {
        &self.slots[at as usize].entry
    }

    pub(crate) fn entry_mut(&mut self, at: u32) -> &mut Entry {
        &mut self.slots[at as usize].entry
    }

    /// It was used just now.
    pub(crate) fn touch(&mut self, at: u32) {
        if self.newest != at {
            self.unlink(at);
            self.link_newest(at);
        }
    }

    /// The entry of `key`, made if there is none, changed by `change`; others go until it fits. What is larger than an
    /// eighth of the whole is not kept: it would push everything else out.
    pub(crate) fn update(&mut self, key: Key<'_>, change: impl FnOnce(&mut Entry)) {
        let at = self.find(key).unwrap_or_else(|| self.insert(key));
        change(&mut self.slots[at as usize].entry);
        let slot = &mut self.slots[at as usize];
        let bytes = size_of::<Slot>() + OVERHEAD_BYTES + slot.key.len() + slot.entry.bytes();
        self.bytes = self.bytes - slot.bytes + bytes;
        slot.bytes = bytes;
        self.touch(at);
        if bytes > self.bytes_max / 8 {
            self.remove_slot(at);
        }
        while self.bytes > self.bytes_max && self.oldest != NONE {
            self.evictions += 1;
            self.remove_slot(self.oldest);
        }
    }

    pub(crate) fn remove(&mut self, key: Key<'_>) {
        if let Some(at) = self.find(key) {
            self.remove_slot(at);
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self { evictions: self.evictions, ..Self::new(self.bytes_max, self.hash_key) };
    }

    /// Forgets from the oldest on what `keep` does not want, looking at no more than `count`.
    pub(crate) fn sweep(&mut self, count: usize, keep: impl Fn(&Entry) -> bool) {
        let mut at = self.oldest;
        for _ in 0..count {
            if at == NONE {
                return;
            }
            let newer = self.slots[at as usize].newer;
            if !keep(&self.slots[at as usize].entry) {
                self.remove_slot(at);
            }
            at = newer;
        }
    }

    fn insert(&mut self, key: Key<'_>) -> u32 {
        let hash = key.hash(self.hash_key);
        let slot =
            Slot { key: key.to_bytes(), hash, bytes: 0, newer: NONE, older: NONE, entry: Entry::default() };
        let at = match self.free.pop() {
            Some(at) => {
                self.slots[at as usize] = slot;
                at
            }
            None => {
                // bytes_max is far below 2^32 slots of more than a hundred octets.
                let at = self.slots.len() as u32;
                self.slots.push(slot);
                at
            }
        };
        let slots = &self.slots;
        self.table.insert_unique(hash, at, |at| slots[*at as usize].hash);
        self.link_newest(at);
        at
    }

    fn remove_slot(&mut self, at: u32) {
        let slot = &self.slots[at as usize];
        self.bytes -= slot.bytes;
        if let Ok(found) = self.table.find_entry(slot.hash, |other| *other == at) {
            found.remove();
        }
        self.unlink(at);
        let slot = &mut self.slots[at as usize];
        slot.key = Box::default();
        slot.bytes = 0;
        slot.entry = Entry::default();
        self.free.push(at);
    }

    fn link_newest(&mut self, at: u32) {
        let older = self.newest;
        self.slots[at as usize].older = older;
        self.slots[at as usize].newer = NONE;
        match older {
            NONE => self.oldest = at,
            _ => self.slots[older as usize].newer = at,
        }
        self.newest = at;
    }

    fn unlink(&mut self, at: u32) {
        let Slot { newer, older, .. } = self.slots[at as usize];
        match newer {
            NONE => self.newest = older,
            _ => self.slots[newer as usize].older = older,
        }
        match older {
            NONE => self.oldest = newer,
            _ => self.slots[older as usize].newer = newer,
        }
    }
}
