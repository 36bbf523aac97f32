//! The two framings of a watch: a 4-byte big-endian length before each protobuf event; JSON events one after the other.

use super::gather::Gather;
use super::json_value::JsonValue;
use super::{FRAME_BYTES_MAX, FRAME_SKIP_BYTES_MAX, StreamError};

/// One whole event, or the size of one over [`FRAME_BYTES_MAX`].
pub(super) type Frame<'a> = Result<&'a [u8], u64>;

/// Length-delimited frames.
#[derive(Debug, Default)]
pub(super) struct Lengths {
    gather: Gather,
    header: [u8; 4],
    header_bytes: usize,
    /// Bytes of the frame still to come, once its header is whole.
    left: u64,
}

impl Lengths {
    pub(super) fn feed(
        &mut self,
        mut chunk: &[u8],
        each: &mut dyn FnMut(Frame<'_>),
    ) -> Result<(), StreamError> {
        while !chunk.is_empty() {
            if self.header_bytes < self.header.len() {
                self.header[self.header_bytes] = chunk[0];
                self.header_bytes += 1;
                chunk = &chunk[1..];
                if self.header_bytes < self.header.len() {
                    continue;
                }
                self.left = believable(u32::from_be_bytes(self.header).into())?;
            }
            let (piece, rest) = chunk.split_at(self.left.min(chunk.len() as u64) as usize);
            chunk = rest;
            self.left -= piece.len() as u64;
            if self.left > 0 {
                self.hold(piece);
                continue;
            }
            self.header_bytes = 0;
            self.gather.finish(piece, FRAME_BYTES_MAX, &mut *each);
        }
        Ok(())
    }

    pub(super) fn is_between_events(&self) -> bool {
        self.header_bytes == 0
    }

    fn hold(&mut self, piece: &[u8]) {
        if self.gather.size() == 0 {
            self.gather.expect(piece.len() as u64 + self.left, FRAME_BYTES_MAX);
        }
        self.gather.add(piece, FRAME_BYTES_MAX);
    }
}

/// JSON values one after the other; the newlines between them are not needed.
#[derive(Debug, Default)]
pub(super) struct Values {
    gather: Gather,
    /// Inside of a value.
    value: Option<JsonValue>,
}

impl Values {
    pub(super) fn feed(
        &mut self,
        mut chunk: &[u8],
        each: &mut dyn FnMut(Frame<'_>),
    ) -> Result<(), StreamError> {
        while !chunk.is_empty() {
            let Some(value) = &mut self.value else {
                chunk = chunk.trim_ascii_start();
                match chunk.first() {
                    None => break,
                    Some(b'{') => self.value = Some(JsonValue::default()),
                    Some(_) => return Err(StreamError::Damaged("a watch event is no JSON object")),
                }
                continue;
            };
            let (length, ended) = value.advance(chunk);
            let (piece, rest) = chunk.split_at(length);
            chunk = rest;
            if ended {
                self.value = None;
                self.gather.finish(piece, FRAME_BYTES_MAX, &mut *each);
            } else {
                self.gather.add(piece, FRAME_BYTES_MAX);
                believable(self.gather.size())?;
            }
        }
        Ok(())
    }

    pub(super) fn is_between_events(&self) -> bool {
        self.value.is_none()
    }
}

fn believable(bytes: u64) -> Result<u64, StreamError> {
    if bytes > FRAME_SKIP_BYTES_MAX {
        let what = "a watch event";
        return Err(StreamError::Oversized { what, bytes, bytes_max: FRAME_SKIP_BYTES_MAX });
    }
    Ok(bytes)
}
