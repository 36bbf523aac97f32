//! Objects on their way out: single, in lists, in watches; JSON, protobuf, metadata only, tables.

pub(crate) mod envelope;
pub(crate) mod item;
pub(crate) mod list;
pub(crate) mod table;
pub(crate) mod watch;

use bytes::Bytes;

use crate::error::ApiError;
use crate::kind::Kind;
use crate::media::{Accepted, Encoding, View};
use crate::store::Stored;

/// One object as the whole body.
pub(crate) fn single(
    kind: &Kind,
    version: &str,
    object: &Stored,
    accepted: Accepted,
    rows: table::View,
) -> Result<Bytes, ApiError> {
    let mut out = Vec::new();
    match (accepted.encoding, accepted.view) {
        (_, View::Table) => {
            let mut table = table::head(kind, version, object.version, None, None);
            table["rows"] = vec![table::row(kind, version, object, rows)].into();
            out = serde_json::to_vec(&table).unwrap_or_default();
        }
        (Encoding::Json, view) => item::json(kind, version, object, view, true, &mut out),
        (Encoding::Protobuf, view) => {
            let mut message = Vec::new();
            item::protobuf(kind, object, view, &mut message)?;
            let (api_version, name) = item::names(kind, version, view);
            envelope::open(&api_version, name, message.len(), &mut out);
            out.extend_from_slice(&message);
            envelope::close(&mut out);
        }
    }
    Ok(out.into())
}

/// Damage that a fault orders for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    /// Bytes that are no protobuf (or no JSON) in place of the first object.
    Garbage,
    /// The first object's name is not UTF-8.
    InvalidUtf8,
}

impl Damage {
    /// Spoils the encoded object, without changing its length.
    pub(crate) fn spoil(self, name: &str, encoded: &mut [u8]) {
        match self {
            Self::Garbage => encoded.fill(0xff),
            Self::InvalidUtf8 => {
                let place = encoded.windows(name.len().max(1)).position(|window| window == name.as_bytes());
                if let Some(byte) = place.and_then(|place| encoded.get_mut(place)) {
                    *byte = 0xff;
                }
            }
        }
    }
}
