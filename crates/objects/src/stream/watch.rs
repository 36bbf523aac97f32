//! Watch streams in either encoding.

use super::event::WatchEvent;
use super::frames::{Frame, Lengths, Values};
use super::{FRAME_SKIP_BYTES_MAX, StreamError};
use crate::decode::{DecodeError, Encoding};

/// Cuts a watch stream into its events.
#[derive(Debug, Default)]
pub struct WatchDecoder(State);

#[derive(Debug, Default)]
enum State {
    #[default]
    Empty,
    Protobuf(Lengths),
    Json(Values),
}

// The first byte of a length that is believed is below this; `{` and white space, with which JSON starts, are above.
const LENGTH_FIRST_BYTE_MAX: u8 = (FRAME_SKIP_BYTES_MAX >> 24) as u8;
const _: () = assert!(LENGTH_FIRST_BYTE_MAX < b'\t');

impl WatchDecoder {
    /// At the start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the next bytes of the stream and hands over each event that they complete.
    pub fn feed(&mut self, chunk: &[u8], each: &mut dyn FnMut(WatchEvent<'_>)) -> Result<(), StreamError> {
        if let (State::Empty, Some(first)) = (&self.0, chunk.first()) {
            self.0 = if *first <= LENGTH_FIRST_BYTE_MAX {
                State::Protobuf(Lengths::default())
            } else {
                State::Json(Values::default())
            };
        }
        match &mut self.0 {
            State::Empty => Ok(()),
            State::Protobuf(frames) => {
                frames.feed(chunk, &mut |frame| each(event(Encoding::Protobuf, frame)))
            }
            State::Json(frames) => frames.feed(chunk, &mut |frame| each(event(Encoding::Json, frame))),
        }
    }

    /// Call at the end of the stream: an error when it ended within an event.
    pub fn finish(self) -> Result<(), StreamError> {
        let between_events = match self.0 {
            State::Empty => true,
            State::Protobuf(frames) => frames.is_between_events(),
            State::Json(frames) => frames.is_between_events(),
        };
        if between_events { Ok(()) } else { Err(StreamError::Truncated) }
    }
}

fn event(encoding: Encoding, frame: Frame<'_>) -> WatchEvent<'_> {
    match frame {
        Ok(bytes) => WatchEvent::read(encoding, bytes),
        Err(_) => WatchEvent::Undecodable(DecodeError::Shape("an event over the limit of 16 MiB")),
    }
}
