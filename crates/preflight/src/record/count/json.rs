//! JSON: strings, depth, and the key of the array on the first level.

use super::Events;
use super::nesting::{BLOCK_BYTES, Nesting, Step};

/// The longest key that matters is `items`.
const KEY_BYTES: usize = 8;
/// Of an event: its type stands first, and a bookmark with its annotations has a few hundred bytes.
const HEAD_BYTES: usize = 2048;
/// Depth of a list's items: `{"items":[`.
const ITEMS_DEPTH: u32 = 2;

/// Elements of `items`, or of `rows` of a Table.
#[derive(Debug, Default)]
pub(super) struct List {
    nesting: Nesting,
    /// The last string on the first level: a key, when a container follows.
    key: Vec<u8>,
    counting: bool,
    objects: u64,
}

impl List {
    pub(super) fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            // Within an item only its end matters.
            bytes = self.nesting.pass(bytes, ITEMS_DEPTH);
            let (near, rest) = bytes.split_at(bytes.len().min(BLOCK_BYTES));
            near.iter().for_each(|byte| self.step(*byte));
            bytes = rest;
        }
    }

    pub(super) fn objects(&self) -> u64 {
        self.objects
    }

    fn step(&mut self, byte: u8) {
        let step = self.nesting.step(byte);
        let depth = self.nesting.depth;
        match step {
            Step::String if depth == 1 => self.key.clear(),
            Step::Text if depth == 1 && self.key.len() < KEY_BYTES => self.key.push(byte),
            Step::Open if depth == ITEMS_DEPTH => {
                self.counting = byte == b'[' && matches!(self.key.as_slice(), b"items" | b"rows");
            }
            Step::Open if depth == ITEMS_DEPTH + 1 && self.counting && byte == b'{' => self.objects += 1,
            _ => {}
        }
    }
}

/// Events, one after the other; a line each, but lines are not relied on.
#[derive(Debug, Default)]
pub(super) struct Watch {
    nesting: Nesting,
    head: Vec<u8>,
    events: Events,
}

impl Watch {
    pub(super) fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.head.len() == HEAD_BYTES {
                bytes = self.nesting.pass(bytes, 0);
            }
            let (near, rest) = bytes.split_at(bytes.len().min(BLOCK_BYTES));
            near.iter().for_each(|byte| self.step(*byte));
            bytes = rest;
        }
    }

    pub(super) fn events(&self) -> (Option<u64>, Option<u64>) {
        self.events.counted()
    }

    fn step(&mut self, byte: u8) {
        if self.nesting.depth > 0 && self.head.len() < HEAD_BYTES {
            self.head.push(byte);
        }
        match self.nesting.step(byte) {
            Step::Open if self.nesting.depth == 1 => self.head.clear(),
            Step::Close if self.nesting.depth == 0 => {
                let bookmark = self.head.starts_with(br#""type":"BOOKMARK""#);
                self.events.take(bookmark, &self.head);
                self.head.clear();
            }
            _ => {}
        }
    }
}
