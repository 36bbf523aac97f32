//! `metav1.Status`: what the API server says when it refuses.

use prost::Message;
use serde::Deserialize;

use crate::decode::Encoding;
use crate::envelope::{Envelope, ObjectBytes, PROTOBUF_MAGIC};
use crate::wire;

/// A message longer than this is cut: it goes to logs and to status pages. 1 KiB is some ten lines.
pub const MESSAGE_BYTES_MAX: usize = 1_024;

/// The part of `metav1.Status` that decides what to do next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// The HTTP status code, which a watch reports inside of a 200.
    pub code: i32,
    /// Machine-readable: "Expired", "TooManyRequests", …
    pub reason: String,
    /// For humans; at most [`MESSAGE_BYTES_MAX`].
    pub message: String,
    /// `details.retryAfterSeconds`, where the server asks for a pause.
    pub retry_after_seconds: Option<u32>,
}

impl Status {
    /// Reads the body of an error answer, protobuf or JSON. `None` when the body is something else, such as plain text.
    pub fn decode(body: &[u8]) -> Option<Self> {
        if body.starts_with(&PROTOBUF_MAGIC) {
            let envelope = Envelope::read(body).ok().filter(|envelope| envelope.kind == "Status")?;
            return Self::of(ObjectBytes { encoding: Encoding::Protobuf, bytes: envelope.raw });
        }
        #[derive(Deserialize)]
        struct Kind {
            kind: String,
        }
        let kind: Kind = wire::from_json(body).ok()?;
        if kind.kind != "Status" {
            return None;
        }
        Self::of(ObjectBytes { encoding: Encoding::Json, bytes: body })
    }

    /// Reads an object that is known to be a status, such as that of an `ERROR` event.
    pub fn of(object: ObjectBytes<'_>) -> Option<Self> {
        let status: wire::Status = match object.encoding {
            Encoding::Protobuf => wire::Status::decode(object.bytes).ok()?,
            Encoding::Json => wire::from_json(object.bytes).ok()?,
        };
        let seconds = status.details.unwrap_or_default().retry_after_seconds;
        Some(Self {
            code: status.code,
            reason: cut(status.reason),
            message: cut(status.message),
            retry_after_seconds: u32::try_from(seconds).ok().filter(|seconds| *seconds > 0),
        })
    }
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MESSAGE_BYTES_MAX));
    text
}
