//! One event of a watch.

use std::borrow::Cow;

use prost::Message;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::decode::{DecodeError, Encoding};
use crate::envelope::{Envelope, ObjectBytes, PROTOBUF_MAGIC};
use crate::status::Status;
use crate::stream::names_a_state;
use crate::wire::{self, Fields};

/// Marks the bookmark behind the initial events of a watch-list (`sendInitialEvents`).
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// One event of a watch.
#[derive(Debug)]
pub enum WatchEvent<'a> {
    /// The object is new to this watch.
    Added(ObjectBytes<'a>),
    /// The object has changed.
    Modified(ObjectBytes<'a>),
    /// The object is gone; these are its last bytes.
    Deleted(ObjectBytes<'a>),
    /// Nothing happened up to this version.
    Bookmark {
        /// The watch resumes from here.
        resource_version: String,
        /// The initial events of a watch-list are complete.
        initial_events_end: bool,
    },
    /// The server ends the watch, and says why: 410 is "Expired".
    Error(Status),
    /// One event that cannot be read, of a watch that goes on. Its object may be out of date from here on.
    Undecodable(DecodeError),
}

impl<'a> WatchEvent<'a> {
    pub(super) fn read(encoding: Encoding, frame: &'a [u8]) -> Self {
        let parts = match encoding {
            Encoding::Protobuf => protobuf_parts(frame),
            Encoding::Json => json_parts(frame),
        };
        match parts.and_then(|(kind, object)| Self::of(&kind, object)) {
            Ok(event) => event,
            Err(error) => Self::Undecodable(error),
        }
    }

    fn of(kind: &str, object: ObjectBytes<'a>) -> Result<Self, DecodeError> {
        Ok(match kind {
            "ADDED" => Self::Added(object),
            "MODIFIED" => Self::Modified(object),
            "DELETED" => Self::Deleted(object),
            "BOOKMARK" => bookmark(object)?,
            "ERROR" => {
                Self::Error(Status::of(object).ok_or(DecodeError::Shape("an ERROR event without a status"))?)
            }
            _ => return Err(DecodeError::Shape("an event of unknown type")),
        })
    }
}

/// `WatchEvent` {1: type, 2: RawExtension {1: raw}}.
fn protobuf_parts(frame: &[u8]) -> Result<(Cow<'_, str>, ObjectBytes<'_>), DecodeError> {
    let event = if frame.starts_with(&PROTOBUF_MAGIC) { Envelope::read(frame)?.raw } else { frame };
    let (mut kind, mut object) = (Cow::Borrowed(""), &[][..]);
    for field in Fields(event) {
        match field? {
            (1, text) => kind = String::from_utf8_lossy(text),
            (2, extension) => object = raw(extension)?,
            _ => {}
        }
    }
    Ok((kind, ObjectBytes::of_body(object)?))
}

fn raw(extension: &[u8]) -> Result<&[u8], DecodeError> {
    for field in Fields(extension) {
        if let (1, raw) = field? {
            return Ok(raw);
        }
    }
    Err(DecodeError::Shape("an event without an object"))
}

fn json_parts(frame: &[u8]) -> Result<(Cow<'_, str>, ObjectBytes<'_>), DecodeError> {
    #[derive(Deserialize)]
    struct Event<'a> {
        #[serde(rename = "type", borrow)]
        kind: Cow<'a, str>,
        #[serde(borrow)]
        object: &'a RawValue,
    }
    let event: Event<'_> = serde_json::from_slice(frame)?;
    Ok((event.kind, ObjectBytes::of_body(event.object.get().as_bytes())?))
}

fn bookmark(object: ObjectBytes<'_>) -> Result<WatchEvent<'_>, DecodeError> {
    let partial: wire::PartialObjectMetadata = match object.encoding {
        Encoding::Protobuf => wire::PartialObjectMetadata::decode(object.bytes)?,
        Encoding::Json => wire::from_json(object.bytes)?,
    };
    let metadata = partial.metadata.unwrap_or_default();
    if !names_a_state(&metadata.resource_version) {
        return Err(DecodeError::Shape("a bookmark without a resourceVersion"));
    }
    let initial_events_end =
        metadata.annotations.get(INITIAL_EVENTS_END).is_some_and(|value| value == "true");
    Ok(WatchEvent::Bookmark { resource_version: metadata.resource_version, initial_events_end })
}
