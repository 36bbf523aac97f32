//! JSON, byte by byte: strings, depth, and the key of the array on the first level.

use super::Events;

/// The longest key that matters is `items`.
const KEY_BYTES: usize = 8;
/// Of an event: its type stands first, and a bookmark with its annotations has a few hundred bytes.
const HEAD_BYTES: usize = 2048;

/// Elements of `items`, or of `rows` of a Table.
#[derive(Debug, Default)]
pub(super) struct List {
    depth: u32,
    in_string: bool,
    escaped: bool,
    /// The last string on the first level: a key, when a container follows.
    key: Vec<u8>,
    counting: bool,
    objects: u64,
}

impl List {
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.step(*byte);
        }
    }

    pub(super) fn objects(&self) -> u64 {
        self.objects
    }

    fn step(&mut self, byte: u8) {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                byte if self.depth == 1 && self.key.len() < KEY_BYTES => self.key.push(byte),
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => {
                self.in_string = true;
                if self.depth == 1 {
                    self.key.clear();
                }
            }
            b'{' | b'[' => {
                if self.depth == 1 {
                    self.counting = byte == b'[' && matches!(self.key.as_slice(), b"items" | b"rows");
                }
                if self.depth == 2 && self.counting && byte == b'{' {
                    self.objects += 1;
                }
                self.depth += 1;
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

/// Events, one after the other; a line each, but lines are not relied on.
#[derive(Debug, Default)]
pub(super) struct Watch {
    depth: u32,
    in_string: bool,
    escaped: bool,
    head: Vec<u8>,
    events: Events,
}

impl Watch {
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.step(*byte);
        }
    }

    pub(super) fn events(&self) -> (Option<u64>, Option<u64>) {
        self.events.counted()
    }

    fn step(&mut self, byte: u8) {
        if self.depth > 0 && self.head.len() < HEAD_BYTES {
            self.head.push(byte);
        }
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => {
                if self.depth == 0 {
                    self.head.clear();
                }
                self.depth += 1;
            }
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    let bookmark = self.head.starts_with(br#""type":"BOOKMARK""#);
                    self.events.take(bookmark, &self.head);
                }
            }
            _ => {}
        }
    }
}
