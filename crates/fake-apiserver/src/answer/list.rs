//! LIST bodies, made piece by piece while the client reads.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Damage, envelope, item, table};
use crate::kind::Kind;
use crate::media::{Accepted, Encoding, View};
use crate::store::Stored;
use crate::transcode::wire;

/// Size of one piece: large enough that gzip and TLS work well, small enough that a slow reader holds little.
const PIECE_BYTES: usize = 64 * 1024;

/// A LIST that is being written.
#[derive(Debug)]
pub(crate) struct ListBody {
    kind: Arc<Kind>,
    version: String,
    accepted: Accepted,
    objects: std::vec::IntoIter<Arc<Stored>>,
    rows: table::View,
    damage: Option<Damage>,
    begun: bool,
    buffer: Vec<u8>,
    scratch: Vec<u8>,
    stage: Stage,
    head: Head,
}

/// What stands in the metadata of the list.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) version: u64,
    pub(crate) continue_token: Option<String>,
    pub(crate) remaining: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Head,
    Items,
    Done,
}

impl ListBody {
    pub(crate) fn new(
        kind: Arc<Kind>,
        version: &str,
        accepted: Accepted,
        objects: Vec<Arc<Stored>>,
        head: Head,
        rows: table::View,
        damage: Option<Damage>,
    ) -> Self {
        let (version, objects) = (version.to_owned(), objects.into_iter());
        let (begun, buffer, stage) = (false, Vec::new(), Stage::Head);
        let scratch = Vec::new();
        Self { kind, version, accepted, objects, rows, damage, begun, buffer, scratch, stage, head }
    }

    /// Roughly how long the body becomes: decides about gzip.
    pub(crate) fn estimated_bytes(&self) -> usize {
        self.objects.as_slice().iter().map(|object| object.json.len()).sum()
    }

    fn write_head(&mut self) {
        let list_kind = match self.accepted.view {
            View::Metadata => "PartialObjectMetadataList".to_owned(),
            _ => format!("{}List", self.kind.kind),
        };
        let (api_version, _) = item::names(&self.kind, &self.version, self.accepted.view);
        match (self.accepted.encoding, self.accepted.view) {
            (_, View::Table) => {
                let head = &self.head;
                let table = table::head(
                    &self.kind,
                    &self.version,
                    head.version,
                    head.continue_token.as_deref(),
                    head.remaining,
                );
                item::append(&table, &mut self.buffer);
                // The empty list of rows is opened again: rows come one by one.
                self.buffer.truncate(self.buffer.len() - b"}".len());
                self.buffer.extend_from_slice(b",\"rows\":[");
            }
            (Encoding::Json, _) => {
                let metadata = list_metadata(&self.head);
                let head = json!({"kind": list_kind, "apiVersion": api_version, "metadata": metadata});
                item::append(&head, &mut self.buffer);
                self.buffer.truncate(self.buffer.len() - b"}".len());
                self.buffer.extend_from_slice(b",\"items\":[");
            }
            (Encoding::Protobuf, view) => {
                let metadata = protobuf_metadata(&self.head);
                let mut scratch = Vec::new();
                let items = self.objects.as_slice().iter().map(|object| {
                    let mut measure = || protobuf_bytes(&self.kind, object, view, &mut scratch);
                    let bytes = if view == View::Whole { object.protobuf_bytes(measure) } else { measure() };
                    1 + wire::varint_len(bytes as u64) + bytes
                });
                let total = metadata.len() + items.sum::<usize>();
                envelope::open(&api_version, &list_kind, total, &mut self.buffer);
                self.buffer.extend_from_slice(&metadata);
            }
        }
    }

    fn write_item(&mut self, object: &Stored) {
        self.scratch.clear();
        match (self.accepted.encoding, self.accepted.view) {
            (_, View::Table) => {
                let row = table::row(&self.kind, &self.version, object, self.rows);
                item::append(&row, &mut self.scratch);
            }
            (Encoding::Json, view) => {
                item::json(&self.kind, &self.version, object, view, false, &mut self.scratch);
            }
            (Encoding::Protobuf, view) => {
                // Measured before: what cannot be written has length 0 in both passes.
                if item::protobuf(&self.kind, object, view, &mut self.scratch).is_err() {
                    self.scratch.clear();
                }
            }
        }
        if let Some(damage) = self.damage.take() {
            damage.spoil(object.name(), &mut self.scratch);
        }
        match self.accepted.encoding {
            Encoding::Json => {
                self.buffer.extend_from_slice(if self.begun { b"," } else { b"" });
                self.buffer.extend_from_slice(&self.scratch);
            }
            Encoding::Protobuf => wire::put_bytes(2, &self.scratch, &mut self.buffer),
        }
        self.begun = true;
    }

    fn write_tail(&mut self) {
        match self.accepted.encoding {
            Encoding::Json => self.buffer.extend_from_slice(b"]}\n"),
            Encoding::Protobuf => envelope::close(&mut self.buffer),
        }
    }
}

impl Iterator for ListBody {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.stage == Stage::Head {
            self.write_head();
            self.stage = Stage::Items;
        }
        while self.stage == Stage::Items && self.buffer.len() < PIECE_BYTES {
            match self.objects.next() {
                Some(object) => self.write_item(&object),
                None => {
                    self.write_tail();
                    self.stage = Stage::Done;
                }
            }
        }
        let piece = std::mem::take(&mut self.buffer);
        (!piece.is_empty()).then(|| piece.into())
    }
}

/// `metav1.ListMeta`
pub(crate) fn list_metadata(head: &Head) -> Value {
    let mut metadata = json!({"resourceVersion": head.version.to_string()});
    if let Some(token) = &head.continue_token {
        metadata["continue"] = json!(token);
    }
    if let Some(remaining) = head.remaining {
        metadata["remainingItemCount"] = json!(remaining);
    }
    metadata
}

/// The same as field 1 of the list's message.
fn protobuf_metadata(head: &Head) -> Vec<u8> {
    let mut message = Vec::new();
    wire::put_bytes(1, b"", &mut message);
    wire::put_bytes(2, head.version.to_string().as_bytes(), &mut message);
    wire::put_bytes(3, head.continue_token.as_deref().unwrap_or_default().as_bytes(), &mut message);
    if let Some(remaining) = head.remaining {
        wire::put_int(4, remaining as i64, &mut message);
    }
    let mut field = Vec::new();
    wire::put_bytes(1, &message, &mut field);
    field
}

fn protobuf_bytes(kind: &Kind, object: &Stored, view: View, scratch: &mut Vec<u8>) -> usize {
    scratch.clear();
    if item::protobuf(kind, object, view, scratch).is_err() { 0 } else { scratch.len() }
}
