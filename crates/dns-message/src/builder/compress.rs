//! Which names a message already holds, so that a pointer can stand for them (RFC 1035, 4.1.4).
//!
//! A table of fixed size with one look per suffix: the time for a name is linear in its octets, whatever a message holds.
//! (A list that is searched makes a message of many names quadratic: RUSTSEC-2026-0119.)

use crate::name::LABELS_MAX;

/// Suffixes remembered; one that falls on another's place is not remembered, and costs some octets.
const SLOTS: usize = 128;
/// What the 14 bits of a pointer reach.
const POINTER_MAX: usize = 0x3fff;

/// Where suffixes of names stand, as offsets from the start of the message; 0 (the header) for none.
pub(super) struct Compressor([(u32, u16); SLOTS]);

impl Default for Compressor {
    fn default() -> Self {
        Self([(0, 0); SLOTS])
    }
}

/// A suffix of a name: where it begins in the name, and its hash.
#[derive(Clone, Copy, Default)]
struct Suffix {
    at: u8,
    hash: u32,
}

impl Compressor {
    /// Remembers the suffixes of a name that stands uncompressed at `offset`.
    pub(super) fn learn(&mut self, name: &[u8], offset: usize) {
        let mut suffixes = [Suffix::default(); LABELS_MAX];
        for suffix in suffixes_of(name, &mut suffixes) {
            self.remember(suffix.hash, offset + usize::from(suffix.at));
        }
    }

    /// Appends a name (uncompressed wire form) to the message that begins at `start` in `out`, as short as it can be.
    pub(super) fn write(&mut self, out: &mut Vec<u8>, start: usize, name: &[u8]) {
        let mut suffixes = [Suffix::default(); LABELS_MAX];
        let suffixes = suffixes_of(name, &mut suffixes);
        // From the longest suffix, the name itself.
        for (index, suffix) in suffixes.iter().enumerate().rev() {
            let at = usize::from(suffix.at);
            let Some(offset) = self.find(&out[start..], suffix.hash, &name[at..]) else { continue };
            let here = out.len() - start;
            out.extend_from_slice(&name[..at]);
            out.extend_from_slice(&(0xc000 | offset).to_be_bytes());
            for new in &suffixes[index + 1..] {
                self.remember(new.hash, here + usize::from(new.at));
            }
            return;
        }
        let here = out.len() - start;
        out.extend_from_slice(name);
        for new in suffixes {
            self.remember(new.hash, here + usize::from(new.at));
        }
    }

    fn remember(&mut self, hash: u32, offset: usize) {
        let slot = &mut self.0[hash as usize % SLOTS];
        if slot.1 == 0 && offset <= POINTER_MAX {
            *slot = (hash, offset as u16);
        }
    }

    /// Forgets what stood at `offset` or behind it.
    pub(super) fn forget(&mut self, offset: usize) {
        for slot in &mut self.0 {
            if usize::from(slot.1) >= offset {
                *slot = (0, 0);
            }
        }
    }

    /// Where the name stands in the message.
    fn find(&self, message: &[u8], hash: u32, name: &[u8]) -> Option<u16> {
        let (known, offset) = self.0[hash as usize % SLOTS];
        (offset != 0 && known == hash && stands_at(message, usize::from(offset), name)).then_some(offset)
    }
}

/// Whether `name` stands at `at` in our own message, through pointers, without regard to case.
fn stands_at(message: &[u8], mut at: usize, name: &[u8]) -> bool {
    let mut rest = name;
    // Our own pointers only go back, one at most after each label; steps are counted all the same.
    for _ in 0..2 * LABELS_MAX {
        let (Some(&length), Some(&wanted)) = (message.get(at), rest.first()) else { return false };
        if length >= 0xc0 {
            let Some(&low) = message.get(at + 1) else { return false };
            at = usize::from(u16::from_be_bytes([length & 0x3f, low]));
            continue;
        }
        if length != wanted {
            return false;
        }
        if length == 0 {
            return true;
        }
        let end = usize::from(length) + 1;
        let (Some(here), Some(label)) = (message.get(at + 1..at + end), rest.get(1..end)) else {
            return false;
        };
        if !here.eq_ignore_ascii_case(label) {
            return false;
        }
        at += end;
        rest = &rest[end..];
    }
    false
}

/// The suffixes of a name, the shortest (rightmost label) first, without the root.
fn suffixes_of<'b>(name: &[u8], buffer: &'b mut [Suffix; LABELS_MAX]) -> &'b [Suffix] {
    let (mut at, mut count) = (0, 0);
    while let Some(&length @ 1..) = name.get(at) {
        let Some(slot) = buffer.get_mut(count) else { break };
        slot.at = at as u8;
        count += 1;
        at += usize::from(length) + 1;
    }
    let suffixes = &mut buffer[..count];
    suffixes.reverse();
    let mut state = SEED;
    let mut end = at;
    for suffix in suffixes.iter_mut() {
        let start = usize::from(suffix.at);
        state = mix(state, &name[start..end]);
        suffix.hash = state ^ state >> 15;
        end = start;
    }
    suffixes
}

/// Hash of a whole name.
pub(super) fn hash(name: &[u8]) -> u32 {
    mix(SEED, name)
}

/// The offset basis and the prime of FNV-1a, 32 bits: a stranger can make slots collide, which costs octets, not time.
const SEED: u32 = 0x811c_9dc5;
const PRIME: u32 = 0x0100_0193;

fn mix(mut state: u32, label: &[u8]) -> u32 {
    for octet in label {
        state = (state ^ u32::from(octet.to_ascii_lowercase())).wrapping_mul(PRIME);
    }
    state
}
