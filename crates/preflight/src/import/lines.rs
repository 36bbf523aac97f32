//! Lines of any length in a buffer of one length.

use std::io::{self, BufRead};

/// An event with both bodies has at most twice the 1.5 MB of the largest object that etcd takes, as escaped text.
pub(crate) const LINE_BYTES_MAX: usize = 8 << 20;

/// A line, or that there was one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Without its end.
    Line(&'a [u8]),
    /// So many bytes that it was passed over.
    TooLong(u64),
}

/// Reads them.
pub(crate) struct Lines<R> {
    from: R,
    line: Vec<u8>,
    most: usize,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(from: R) -> Self {
        Self { from, line: Vec::new(), most: LINE_BYTES_MAX }
    }

    #[cfg(test)]
    pub(crate) fn at_most(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    pub(crate) fn next(&mut self) -> io::Result<Option<Piece<'_>>> {
        self.line.clear();
        let mut passed = 0;
        loop {
            let buffer = match self.from.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let taken = end.unwrap_or(buffer.len());
            let at_end = buffer.is_empty();
            if passed > 0 || self.line.len() + taken > self.most {
                passed += (self.line.len() + taken) as u64;
                self.line.clear();
            } else {
                self.line.extend_from_slice(&buffer[..taken]);
            }
            self.from.consume(taken + usize::from(end.is_some()));
            if at_end && passed == 0 && self.line.is_empty() {
                return Ok(None);
            }
            if at_end || end.is_some() {
                return Ok(Some(if passed > 0 { Piece::TooLong(passed) } else { Piece::Line(&self.line) }));
            }
        }
    }
}
