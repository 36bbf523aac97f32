//! Kubernetes' protobuf: `k8s\0`, `runtime.Unknown` {1: TypeMeta, 2: raw}, and in `raw` a list {1: metadata, 2: items}.

use super::Events;

const MAGIC: &[u8; 4] = b"k8s\0";
/// Of an event: its type stands first, and a bookmark has a few hundred bytes.
const HEAD_BYTES: usize = 2048;
/// A varint of 64 bits.
const VARINT_BYTES_MAX: u32 = 10;

/// Where a list's reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Bytes of the magic that were read.
    Magic(usize),
    /// The tag of a field of `Unknown`, or of the list in it.
    Tag,
    /// The length of a field with this number.
    Length(u64),
    /// A number that is passed over.
    Number,
    /// Bytes that are passed over.
    Skip(u64),
    /// Not what it should be.
    Lost,
}

/// Items of a list.
#[derive(Debug)]
pub(super) struct List {
    at: At,
    value: u64,
    shift: u32,
    /// Within `raw`.
    inside: bool,
    objects: u64,
}

impl Default for List {
    fn default() -> Self {
        Self { at: At::Magic(0), value: 0, shift: 0, inside: false, objects: 0 }
    }
}

impl List {
    pub(super) fn feed(&mut self, mut bytes: &[u8]) {
        while let Some((byte, rest)) = bytes.split_first() {
            if let At::Skip(left) = self.at {
                let passed = left.min(bytes.len() as u64);
                bytes = bytes.get(usize::try_from(passed).unwrap_or(bytes.len())..).unwrap_or_default();
                self.at = if left == passed { At::Tag } else { At::Skip(left - passed) };
                continue;
            }
            if self.at == At::Lost {
                return;
            }
            self.step(*byte);
            bytes = rest;
        }
    }

    pub(super) fn objects(&self) -> Option<u64> {
        (self.at != At::Lost).then_some(self.objects)
    }

    fn step(&mut self, byte: u8) {
        if let At::Magic(read) = self.at {
            self.at = match MAGIC.get(read) {
                Some(expected) if *expected != byte => At::Lost,
                _ if read + 1 == MAGIC.len() => At::Tag,
                _ => At::Magic(read + 1),
            };
            return;
        }
        let Some(value) = self.varint(byte) else { return };
        self.at = match self.at {
            At::Tag => match value & 7 {
                0 => At::Number,
                2 => At::Length(value >> 3),
                1 => At::Skip(8),
                5 => At::Skip(4),
                _ => At::Lost,
            },
            At::Number => At::Tag,
            At::Length(2) if !self.inside => {
                self.inside = true;
                At::Tag
            }
            At::Length(field) => {
                // What follows `raw` in `Unknown` has numbers above 2, as no list has.
                self.objects += u64::from(self.inside && field == 2);
                if value == 0 { At::Tag } else { At::Skip(value) }
            }
            other => other,
        };
    }

    /// The number, when its last byte has come.
    fn varint(&mut self, byte: u8) -> Option<u64> {
        if self.shift >= VARINT_BYTES_MAX * 7 {
            self.at = At::Lost;
            return None;
        }
        self.value |= u64::from(byte & 0x7f).checked_shl(self.shift).unwrap_or(0);
        self.shift += 7;
        if byte & 0x80 != 0 {
            return None;
        }
        self.shift = 0;
        Some(std::mem::take(&mut self.value))
    }
}

/// Frames of a watch: four bytes of length, then a `WatchEvent` {1: type, 2: object}.
#[derive(Debug, Default)]
pub(super) struct Watch {
    length: Vec<u8>,
    left: u64,
    head: Vec<u8>,
    events: Events,
}

impl Watch {
    pub(super) fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.left == 0 {
                let (first, rest) = bytes.split_at(1);
                self.length.extend_from_slice(first);
                bytes = rest;
                if let Ok(length) = <[u8; 4]>::try_from(self.length.as_slice()) {
                    self.length.clear();
                    self.left = u64::from(u32::from_be_bytes(length));
                    self.head.clear();
                }
                continue;
            }
            let taken = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            let (frame, rest) = bytes.split_at(taken);
            let wanted = HEAD_BYTES.saturating_sub(self.head.len()).min(frame.len());
            self.head.extend_from_slice(frame.get(..wanted).unwrap_or_default());
            self.left -= taken as u64;
            bytes = rest;
            if self.left == 0 {
                let bookmark = self.head.get(2..).is_some_and(|kind| kind.starts_with(b"BOOKMARK"));
                self.events.take(bookmark, &self.head);
            }
        }
    }

    pub(super) fn events(&self) -> (Option<u64>, Option<u64>) {
        self.events.counted()
    }
}
