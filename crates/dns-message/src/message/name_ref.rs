//! Names inside of a message, where a pointer may stand for the rest (RFC 1035, 4.1.4).

use std::fmt;

use super::MessageError;
use crate::HEADER_BYTES;
use crate::name::{NAME_BYTES_MAX, Name};

/// A name inside of a message. It was walked once and is well formed.
#[derive(Clone, Copy)]
pub struct NameRef<'m> {
    message: &'m [u8],
    at: usize,
}

impl<'m> NameRef<'m> {
    /// The name at `at`, where [`skip`] succeeded.
    pub(super) fn new(message: &'m [u8], at: usize) -> Self {
        Self { message, at }
    }

    /// Its labels, the leftmost first.
    pub fn labels(self) -> impl Iterator<Item = &'m [u8]> {
        Walk::new(self.message, self.at).map_while(Result::ok)
    }

    /// The name as a value of its own.
    pub fn to_name(self) -> Name {
        // What was walked once is at most 255 octets; a name that is none cannot come here.
        Name::from_labels(self.labels()).unwrap_or_else(|_| Name::root())
    }

    /// Whether it is `name`, without regard to case.
    pub fn is(self, name: &Name) -> bool {
        let mut labels = name.labels();
        let same =
            self.labels().all(|label| labels.next().is_some_and(|other| label.eq_ignore_ascii_case(other)));
        same && labels.next().is_none()
    }

    /// Writes its uncompressed wire form into `buffer`; the length.
    pub(crate) fn expand(self, buffer: &mut [u8; NAME_BYTES_MAX]) -> usize {
        expand(self.message, self.at, buffer).map_or(0, |(length, _)| length)
    }
}

impl fmt::Debug for NameRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_name())
    }
}

impl fmt::Display for NameRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_name())
    }
}

/// Walks the name at `at`; where it ends in the message (behind its first pointer, if it has one).
pub(crate) fn skip(message: &[u8], at: usize) -> Result<usize, MessageError> {
    let mut walk = Walk::new(message, at);
    for label in walk.by_ref() {
        label?;
    }
    Ok(walk.end)
}

/// Writes the name at `at` uncompressed into `buffer`; its length, and where it ends in the message.
pub(crate) fn expand(
    message: &[u8],
    at: usize,
    buffer: &mut [u8; NAME_BYTES_MAX],
) -> Result<(usize, usize), MessageError> {
    let mut walk = Walk::new(message, at);
    let mut length = 0;
    for label in walk.by_ref() {
        let label = label?;
        // The walk ends with an error before the root's zero would not fit.
        buffer[length] = label.len() as u8;
        buffer[length + 1..=length + label.len()].copy_from_slice(label);
        length += label.len() + 1;
    }
    buffer[length] = 0;
    Ok((length + 1, walk.end))
}

/// Label by label, through pointers.
struct Walk<'m> {
    message: &'m [u8],
    at: usize,
    /// A pointer must go to before the octet where this part of the name began: each goes further back, so it ends.
    part_start: usize,
    /// What a pointer leads to stands whole before the part that it left: it cannot run on into what follows.
    part_end_max: usize,
    jumped: bool,
    /// Where the name ends in the message.
    end: usize,
    /// Octets of the uncompressed name so far, with the root's zero.
    octets: usize,
    done: bool,
}

impl<'m> Walk<'m> {
    fn new(message: &'m [u8], at: usize) -> Self {
        Self {
            message,
            at,
            part_start: at,
            part_end_max: message.len(),
            jumped: false,
            end: at,
            octets: 1,
            done: false,
        }
    }

    fn step(&mut self) -> Result<Option<&'m [u8]>, MessageError> {
        loop {
            let length = *self.message.get(self.at).ok_or(MessageError::Short)?;
            if self.at >= self.part_end_max {
                return Err(MessageError::Name);
            }
            match length {
                0 => {
                    self.leave(1);
                    return Ok(None);
                }
                1..=63 => {
                    let start = self.at + 1;
                    let label =
                        self.message.get(start..start + usize::from(length)).ok_or(MessageError::Short)?;
                    self.octets += label.len() + 1;
                    if self.octets > NAME_BYTES_MAX || start + label.len() > self.part_end_max {
                        return Err(MessageError::Name);
                    }
                    self.at = start + label.len();
                    return Ok(Some(label));
                }
                0xc0.. => {
                    let low = *self.message.get(self.at + 1).ok_or(MessageError::Short)?;
                    let target = usize::from(u16::from_be_bytes([length & 0x3f, low]));
                    // No name stands in the header, whose octets change when a message is relayed.
                    if target >= self.part_start || target < HEADER_BYTES {
                        return Err(MessageError::Name);
                    }
                    self.leave(2);
                    self.jumped = true;
                    self.at = target;
                    self.part_end_max = self.part_start;
                    self.part_start = target;
                }
                _ => return Err(MessageError::Name),
            }
        }
    }

    fn leave(&mut self, octets: usize) {
        if !self.jumped {
            self.end = self.at + octets;
        }
    }
}

impl<'m> Iterator for Walk<'m> {
    type Item = Result<&'m [u8], MessageError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let step = self.step().transpose();
        self.done = !matches!(step, Some(Ok(_)));
        step
    }
}
