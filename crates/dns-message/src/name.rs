//! Names: a sequence of labels (RFC 1035, 3.1), compared without regard to ASCII case (RFC 4343).

#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// Octets of a name on the wire, the root's zero included (RFC 1035, 2.3.4).
pub const NAME_BYTES_MAX: usize = 255;

/// Octets of a label (RFC 1035, 2.3.4).
pub const LABEL_BYTES_MAX: usize = 63;

/// Labels of a name without the root: each takes two octets of the 254 at least.
pub const LABELS_MAX: usize = (NAME_BYTES_MAX - 1) / 2;

/// An absolute name in wire form, without compression; keeps its case.
#[derive(Clone)]
pub struct Name(Box<[u8]>);

/// What is wrong with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Two dots in a row, or one at the start.
    #[error("an empty label")]
    EmptyLabel,
    /// See [`LABEL_BYTES_MAX`].
    #[error("a label of more than {LABEL_BYTES_MAX} octets")]
    LongLabel,
    /// See [`NAME_BYTES_MAX`].
    #[error("more than {NAME_BYTES_MAX} octets")]
    LongName,
    /// A backslash that is followed neither by three digits up to 255 nor by a character.
    #[error("a backslash that escapes nothing")]
    Escape,
    /// The octets end before the root, or go on after it, or hold something else than labels.
    #[error("not the wire form of a name")]
    Wire,
}

impl Name {
    /// The root: no label.
    pub fn root() -> Self {
        Self(Box::new([0]))
    }

    /// Reads the text form, with or without the dot at the end; `\.` and `\DDD` escape (RFC 1035, 5.1).
    ///
    /// # Errors
    /// The text is no name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text == "." || text.is_empty() {
            return Ok(Self::root());
        }
        let mut wire = Vec::with_capacity(text.len() + 2);
        let mut start = begin_label(&mut wire);
        let mut rest = text.as_bytes();
        while let Some((&first, after)) = rest.split_first() {
            rest = after;
            match first {
                b'.' => {
                    end_label(&mut wire, start)?;
                    if rest.is_empty() {
                        return Self::finish(wire);
                    }
                    start = begin_label(&mut wire);
                }
                b'\\' => {
                    let (octet, after) = unescape(rest).ok_or(NameError::Escape)?;
                    wire.push(octet);
                    rest = after;
                }
                octet => wire.push(octet),
            }
        }
        end_label(&mut wire, start)?;
        Self::finish(wire)
    }

    /// From labels, the leftmost first, as they are.
    ///
    /// # Errors
    /// A label or the name is empty or too long.
    pub fn from_labels<'a>(labels: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, NameError> {
        let mut wire = Vec::new();
        for label in labels {
            let start = begin_label(&mut wire);
            wire.extend_from_slice(label);
            end_label(&mut wire, start)?;
        }
        Self::finish(wire)
    }

    /// From the uncompressed wire form, the root's zero included.
    ///
    /// # Errors
    /// It is not that.
    pub fn from_wire(wire: &[u8]) -> Result<Self, NameError> {
        if wire.len() > NAME_BYTES_MAX {
            return Err(NameError::LongName);
        }
        let mut at = 0;
        loop {
            match wire.get(at) {
                Some(0) if at + 1 == wire.len() => return Ok(Self(wire.into())),
                Some(&length @ 1..=63) => at += usize::from(length) + 1,
                _ => return Err(NameError::Wire),
            }
        }
    }

    fn finish(mut wire: Vec<u8>) -> Result<Self, NameError> {
        wire.push(0);
        if wire.len() > NAME_BYTES_MAX {
            return Err(NameError::LongName);
        }
        Ok(Self(wire.into_boxed_slice()))
    }

    /// The wire form without compression, the root's zero included.
    pub fn as_wire(&self) -> &[u8] {
        &self.0
    }

    /// Its labels, the leftmost first, without the root.
    pub fn labels(&self) -> Labels<'_> {
        Labels(&self.0)
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.len() == 1
    }

    /// In lower case.
    #[must_use]
    pub fn to_lower(&self) -> Self {
        // A length is at most 63, below the first letter, so it stays what it is.
        Self(self.0.to_ascii_lowercase().into_boxed_slice())
    }

    /// Whether this is `zone` or below it.
    pub fn is_within(&self, zone: &Self) -> bool {
        let Some(at) = self.0.len().checked_sub(zone.0.len()) else { return false };
        // The tail may look like the zone and begin inside of a label.
        self.0[at..].eq_ignore_ascii_case(&zone.0) && self.label_starts().any(|start| start == at)
    }

    /// The name without its leftmost label; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        let first = usize::from(self.0[0]);
        (first > 0).then(|| Self(self.0[first + 1..].into()))
    }

    /// This name below another: the labels of `self`, then those of `zone`.
    ///
    /// # Errors
    /// Together they are too long.
    pub fn below(&self, zone: &Self) -> Result<Self, NameError> {
        Self::from_labels(self.labels().chain(zone.labels()))
    }

    fn label_starts(&self) -> impl Iterator<Item = usize> + '_ {
        let mut at = 0;
        let mut done = false;
        std::iter::from_fn(move || {
            if done {
                return None;
            }
            let start = at;
            let length = usize::from(self.0[at]);
            done = length == 0;
            at += length + 1;
            Some(start)
        })
    }
}

/// Labels of a name; see [`Name::labels`].
#[derive(Debug, Clone)]
pub struct Labels<'a>(&'a [u8]);

impl<'a> Iterator for Labels<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (&length, rest) = self.0.split_first()?;
        if length == 0 {
            return None;
        }
        let (label, rest) = rest.split_at_checked(usize::from(length))?;
        self.0 = rest;
        Some(label)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for octet in &self.0 {
            state.write_u8(octet.to_ascii_lowercase());
        }
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The canonical order of RFC 4034, 6.1: by labels from the right.
impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        let reversed = |name: &Self| -> Vec<Vec<u8>> {
            let mut labels: Vec<Vec<u8>> = name.labels().map(<[u8]>::to_ascii_lowercase).collect();
            labels.reverse();
            labels
        };
        reversed(self).cmp(&reversed(other))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            return f.write_str(".");
        }
        for label in self.labels() {
            for &octet in label {
                match octet {
                    b'.' | b'\\' => write!(f, "\\{}", char::from(octet))?,
                    b'!'..=b'~' => write!(f, "{}", char::from(octet))?,
                    _ => write!(f, "\\{octet:03}")?,
                }
            }
            f.write_str(".")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl std::str::FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

fn begin_label(wire: &mut Vec<u8>) -> usize {
    wire.push(0);
    wire.len() - 1
}

fn end_label(wire: &mut [u8], start: usize) -> Result<(), NameError> {
    match wire.len() - start - 1 {
        0 => Err(NameError::EmptyLabel),
        length @ 1..=LABEL_BYTES_MAX => {
            wire[start] = length as u8;
            Ok(())
        }
        _ => Err(NameError::LongLabel),
    }
}

/// What follows a backslash: three digits, or one character that is no digit.
fn unescape(rest: &[u8]) -> Option<(u8, &[u8])> {
    let (&first, after) = rest.split_first()?;
    if !first.is_ascii_digit() {
        return Some((first, after));
    }
    let (digits, after) = rest.split_first_chunk::<3>()?;
    let mut value = 0_u16;
    for digit in digits {
        value = value * 10 + u16::from(digit.is_ascii_digit().then(|| digit - b'0')?);
    }
    Some((u8::try_from(value).ok()?, after))
}
