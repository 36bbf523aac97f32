//! A LIST body in JSON: `{"kind":…,"metadata":{…},"items":[…]}`, members in any order.

use super::gather::Gather;
use super::json_value::JsonValue;
use super::{LIST_META_BYTES_MAX, ListEnd, ListItem, OBJECT_BYTES_MAX, StreamError};
use crate::decode::Encoding;
use crate::envelope::ObjectBytes;
use crate::wire;

#[derive(Debug, Default)]
pub(super) struct JsonList {
    step: Step,
    value: JsonValue,
    gather: Gather,
    seen_items: bool,
    kind: String,
    meta: wire::ListMeta,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Step {
    #[default]
    Open,
    KeyOrEnd,
    Key,
    Colon(Member),
    ValueStart(Member),
    Value(Member),
    CommaOrEnd,
    ItemOrEnd,
    Item,
    ItemCommaOrEnd,
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    Kind,
    Metadata,
    Items,
    Other,
}

impl JsonList {
    pub(super) fn feed(
        &mut self,
        mut chunk: &[u8],
        each: &mut dyn FnMut(ListItem<'_>),
    ) -> Result<(), StreamError> {
        while !chunk.is_empty() {
            if let Step::Key | Step::Value(_) | Step::Item = self.step {
                let (length, ended) = self.value.advance(chunk);
                let (piece, rest) = chunk.split_at(length);
                chunk = rest;
                self.piece(piece, ended, each)?;
                continue;
            }
            chunk = chunk.trim_ascii_start();
            let Some(&byte) = chunk.first() else { break };
            if self.structure(byte)? {
                chunk = &chunk[1..];
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<ListEnd, StreamError> {
        if self.step != Step::Done {
            return Err(StreamError::Truncated);
        }
        let end = ListEnd::new(self.kind, self.meta)?;
        if !self.seen_items {
            return Err(StreamError::Damaged("a list without items"));
        }
        Ok(end)
    }

    /// Reads one byte between values; false when it belongs to a value that starts here.
    fn structure(&mut self, byte: u8) -> Result<bool, StreamError> {
        let (step, consumed) = match (self.step, byte) {
            (Step::Open, b'{') => (Step::KeyOrEnd, true),
            (Step::KeyOrEnd, b'"') => (Step::Key, false),
            (Step::KeyOrEnd | Step::CommaOrEnd, b'}') => (Step::Done, true),
            (Step::Colon(member), b':') => (Step::ValueStart(member), true),
            (Step::ValueStart(Member::Items), b'[') => (Step::ItemOrEnd, true),
            (Step::ValueStart(Member::Items), b'n') => (Step::Value(Member::Items), false),
            (Step::ValueStart(Member::Items), _) => return Err(StreamError::Damaged("items is no array")),
            (Step::ValueStart(member), byte) if starts_value(byte) => (Step::Value(member), false),
            (Step::CommaOrEnd, b',') => (Step::KeyOrEnd, true),
            (Step::ItemOrEnd | Step::ItemCommaOrEnd, b']') => (Step::CommaOrEnd, true),
            (Step::ItemOrEnd, byte) if starts_value(byte) => (Step::Item, false),
            (Step::ItemCommaOrEnd, b',') => (Step::ItemOrEnd, true),
            _ => return Err(StreamError::Damaged("not a JSON list")),
        };
        if matches!(self.step, Step::ValueStart(Member::Items)) {
            self.seen_items = true;
        }
        self.step = step;
        self.value = JsonValue::default();
        Ok(consumed)
    }

    fn piece(
        &mut self,
        piece: &[u8],
        ended: bool,
        each: &mut dyn FnMut(ListItem<'_>),
    ) -> Result<(), StreamError> {
        // What nobody reads is not held, however long it is.
        let bytes_max = match self.step {
            Step::Item => OBJECT_BYTES_MAX,
            Step::Value(Member::Other | Member::Items) => 0,
            _ => LIST_META_BYTES_MAX,
        };
        if !ended {
            self.gather.add(piece, bytes_max);
            return Ok(());
        }
        let Self { gather, step, kind, meta, .. } = self;
        gather.finish(piece, bytes_max, |whole| {
            match (*step, whole) {
                (Step::Item, Ok(bytes)) => {
                    each(ListItem::Object(ObjectBytes { encoding: Encoding::Json, bytes }));
                }
                (Step::Item, Err(bytes)) => each(ListItem::Oversized { bytes }),
                (Step::Value(Member::Kind), Ok(bytes)) => {
                    *kind = wire::from_json(bytes).map_err(|_| StreamError::Damaged("kind"))?;
                }
                (Step::Value(Member::Metadata), Ok(bytes)) => {
                    *meta = wire::from_json(bytes).map_err(|_| StreamError::Damaged("ListMeta"))?;
                }
                (Step::Value(Member::Kind | Member::Metadata), Err(bytes)) => {
                    let what = "list metadata";
                    return Err(StreamError::Oversized { what, bytes, bytes_max });
                }
                _ => {}
            }
            *step = match (*step, whole) {
                (Step::Item, _) => Step::ItemCommaOrEnd,
                (Step::Key, Ok(b"\"items\"")) => Step::Colon(Member::Items),
                (Step::Key, Ok(b"\"metadata\"")) => Step::Colon(Member::Metadata),
                (Step::Key, Ok(b"\"kind\"")) => Step::Colon(Member::Kind),
                (Step::Key, _) => Step::Colon(Member::Other),
                _ => Step::CommaOrEnd,
            };
            Ok(())
        })
    }
}

fn starts_value(byte: u8) -> bool {
    matches!(byte, b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')
}
