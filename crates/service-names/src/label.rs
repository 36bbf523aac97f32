//! Labels: what Kubernetes lets into a name.

#[cfg(test)]
mod tests;

use std::fmt::{self, Write};

use dns_message::LABEL_BYTES_MAX;

/// What is wrong with a label (RFC 1123, 2.1, in lower case, as the API server checks it).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// Nothing in it.
    #[error("an empty name")]
    Empty,
    /// See [`LABEL_BYTES_MAX`].
    #[error("a name of more than {LABEL_BYTES_MAX} octets")]
    Long,
    /// Only `a-z`, `0-9` and, not at an end, `-`.
    #[error("a name with a character that no DNS label has")]
    Character,
}

/// Whether `text` is a label.
pub(crate) fn check(text: &str) -> Result<&[u8], LabelError> {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return Err(LabelError::Empty) };
    if bytes.len() > LABEL_BYTES_MAX {
        return Err(LabelError::Long);
    }
    let inner = bytes.iter().all(|octet| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if !inner || *first == b'-' || *last == b'-' {
        return Err(LabelError::Character);
    }
    Ok(bytes)
}

/// Appends a label in wire form.
pub(crate) fn push(wire: &mut Vec<u8>, label: &[u8]) {
    debug_assert!((1..=LABEL_BYTES_MAX).contains(&label.len()));
    wire.push(label.len() as u8);
    wire.extend_from_slice(label);
}

/// A label that is made while a question is answered: on the stack, its length octet first.
#[derive(Clone, Copy)]
pub(crate) struct ShortLabel {
    bytes: [u8; 1 + LABEL_BYTES_MAX],
}

impl ShortLabel {
    pub(crate) fn new() -> Self {
        Self { bytes: [0; 1 + LABEL_BYTES_MAX] }
    }

    pub(crate) fn of(label: &[u8]) -> Self {
        let mut made = Self::new();
        made.extend(label);
        made
    }

    /// The wire form, with the length octet.
    pub(crate) fn wire(&self) -> &[u8] {
        &self.bytes[..1 + usize::from(self.bytes[0])]
    }

    pub(crate) fn label(&self) -> &[u8] {
        &self.bytes[1..1 + usize::from(self.bytes[0])]
    }

    pub(crate) fn label_mut(&mut self) -> &mut [u8] {
        let end = 1 + usize::from(self.bytes[0]);
        &mut self.bytes[1..end]
    }

    /// Appends an octet, if it fits.
    #[inline]
    pub(crate) fn push(&mut self, octet: u8) {
        let at = 1 + usize::from(self.bytes[0]);
        if let Some(slot) = self.bytes.get_mut(at) {
            *slot = octet;
            self.bytes[0] += 1;
        }
    }

    /// Appends as much as fits.
    fn extend(&mut self, more: &[u8]) {
        let at = 1 + usize::from(self.bytes[0]);
        let fits = more.len().min(self.bytes.len() - at);
        self.bytes[at..at + fits].copy_from_slice(&more[..fits]);
        self.bytes[0] += fits as u8;
    }
}

impl Write for ShortLabel {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.extend(text.as_bytes());
        Ok(())
    }
}
