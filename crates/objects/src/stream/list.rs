//! LIST bodies in either encoding.

use super::json_list::JsonList;
use super::protobuf_list::ProtobufList;
use super::{StreamError, names_a_state};
use crate::decode::Encoding;
use crate::envelope::{ObjectBytes, PROTOBUF_MAGIC};
use crate::wire;

/// Cuts the body of a LIST into its items.
#[derive(Debug, Default)]
pub struct ListDecoder(State);

#[derive(Debug, Default)]
enum State {
    #[default]
    Empty,
    Protobuf(ProtobufList),
    Json(JsonList),
}

/// One item of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListItem<'a> {
    /// An object, still encoded.
    Object(ObjectBytes<'a>),
    /// An object over [`super::OBJECT_BYTES_MAX`]: skipped. It counts as undecodable; the rest of the list goes on.
    Oversized {
        /// Its size.
        bytes: u64,
    },
}

/// What a list says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListEnd {
    /// The state that the list shows; a watch starts from here. Never empty.
    pub resource_version: String,
    /// The next page is asked for with this. `None` on the last page.
    pub continue_token: Option<String>,
    /// Items on the pages to come, where the server says.
    pub remaining: Option<i64>,
}

impl ListDecoder {
    /// At the start of a body.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the next bytes of the body and hands over each item that they complete.
    pub fn feed(&mut self, chunk: &[u8], each: &mut dyn FnMut(ListItem<'_>)) -> Result<(), StreamError> {
        if let State::Empty = self.0 {
            self.0 = match chunk.trim_ascii_start().first() {
                None => return Ok(()),
                Some(b'{') => State::Json(JsonList::default()),
                Some(byte) if *byte == PROTOBUF_MAGIC[0] => State::Protobuf(ProtobufList::default()),
                Some(_) => return Err(StreamError::Damaged("neither Kubernetes protobuf nor JSON")),
            };
        }
        match &mut self.0 {
            State::Empty => Ok(()),
            State::Protobuf(list) => list.feed(chunk, each),
            State::Json(list) => list.feed(chunk, each),
        }
    }

    /// The encoding of the body, once its first byte was there.
    pub fn encoding(&self) -> Option<Encoding> {
        match self.0 {
            State::Empty => None,
            State::Protobuf(_) => Some(Encoding::Protobuf),
            State::Json(_) => Some(Encoding::Json),
        }
    }

    /// Call at the end of the body. An error means that items may be missing: never treat such a list as complete.
    pub fn finish(self) -> Result<ListEnd, StreamError> {
        match self.0 {
            State::Empty => Err(StreamError::Truncated),
            State::Protobuf(list) => list.finish(),
            State::Json(list) => list.finish(),
        }
    }
}

impl ListEnd {
    pub(super) fn new(kind: String, meta: wire::ListMeta) -> Result<Self, StreamError> {
        if !kind.is_empty() && !kind.ends_with("List") {
            return Err(StreamError::NotAList(kind));
        }
        if !names_a_state(&meta.resource_version) {
            return Err(StreamError::NoResourceVersion);
        }
        Ok(Self {
            resource_version: meta.resource_version,
            continue_token: Some(meta.token).filter(|token| !token.is_empty()),
            remaining: meta.remaining_item_count,
        })
    }
}
