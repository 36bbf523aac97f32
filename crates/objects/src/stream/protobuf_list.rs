//! A LIST body in protobuf: `k8s\0`, then `runtime.Unknown` {1: TypeMeta, 2: raw} with raw = {1: ListMeta, 2: items}.

use prost::Message;

use super::gather::Gather;
use super::{LIST_META_BYTES_MAX, ListEnd, ListItem, OBJECT_BYTES_MAX, StreamError};
use crate::decode::Encoding;
use crate::envelope::{ObjectBytes, PROTOBUF_MAGIC};
use crate::wire::{self, Damaged, Fields, Varint, WireType};

#[derive(Debug, Default)]
pub(super) struct ProtobufList {
    step: Step,
    level: Level,
    /// Bytes of the list that are still to come, at `Level::List`.
    list_left: u64,
    varint: Varint,
    gather: Gather,
    seen_list: bool,
    kind: String,
    meta: wire::ListMeta,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Magic { matched: usize },
    Key,
    Length { wanted: Wanted },
    Value { wanted: Wanted, left: u64 },
    SkipVarint,
    Skip { left: u64 },
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Level {
    #[default]
    Envelope,
    List,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    TypeMeta,
    List,
    ListMeta,
    Item,
    Nothing,
}

impl Default for Step {
    fn default() -> Self {
        Self::Magic { matched: 0 }
    }
}

impl ProtobufList {
    pub(super) fn feed(
        &mut self,
        mut chunk: &[u8],
        each: &mut dyn FnMut(ListItem<'_>),
    ) -> Result<(), StreamError> {
        while !chunk.is_empty() {
            self.leave_list_at_its_end();
            match self.step {
                Step::Magic { matched } => {
                    let byte = self.byte(&mut chunk)?;
                    if PROTOBUF_MAGIC[matched] != byte {
                        return Err(StreamError::Damaged("no k8s\\0 magic"));
                    }
                    let whole = matched + 1 == PROTOBUF_MAGIC.len();
                    self.step = if whole { Step::Key } else { Step::Magic { matched: matched + 1 } };
                }
                Step::Key => {
                    if let Some(key) = self.varint(&mut chunk)? {
                        self.start_field(key)?;
                    }
                }
                Step::Length { wanted } => {
                    if let Some(length) = self.varint(&mut chunk)? {
                        self.start_value(wanted, length, each)?;
                    }
                }
                Step::Value { wanted, left } => {
                    let piece = self.take(&mut chunk, left);
                    self.value(wanted, piece, left - piece.len() as u64, each)?;
                }
                Step::SkipVarint => {
                    if self.varint(&mut chunk)?.is_some() {
                        self.step = Step::Key;
                    }
                }
                Step::Skip { left } => {
                    let left = left - self.take(&mut chunk, left).len() as u64;
                    self.step = if left == 0 { Step::Key } else { Step::Skip { left } };
                }
            }
        }
        self.leave_list_at_its_end();
        Ok(())
    }

    pub(super) fn finish(self) -> Result<ListEnd, StreamError> {
        let at_an_end =
            matches!(self.step, Step::Key) && self.varint.is_empty() && self.level == Level::Envelope;
        if !at_an_end || !self.seen_list {
            return Err(StreamError::Truncated);
        }
        ListEnd::new(self.kind, self.meta)
    }

    fn start_field(&mut self, key: u64) -> Result<(), StreamError> {
        let (number, wire_type) = wire::key(key)?;
        self.step = match wire_type {
            WireType::Varint => Step::SkipVarint,
            WireType::Fixed64 => self.skip(8)?,
            WireType::Fixed32 => self.skip(4)?,
            WireType::Length => Step::Length { wanted: self.wanted(number) },
        };
        Ok(())
    }

    fn wanted(&self, number: u64) -> Wanted {
        match (self.level, number) {
            (Level::Envelope, 1) => Wanted::TypeMeta,
            (Level::Envelope, 2) => Wanted::List,
            (Level::List, 1) => Wanted::ListMeta,
            (Level::List, 2) => Wanted::Item,
            _ => Wanted::Nothing,
        }
    }

    fn start_value(
        &mut self,
        wanted: Wanted,
        length: u64,
        each: &mut dyn FnMut(ListItem<'_>),
    ) -> Result<(), StreamError> {
        if self.level == Level::List && length > self.list_left {
            return Err(StreamError::Damaged("a field is longer than its list"));
        }
        match wanted {
            Wanted::Nothing => self.step = self.skip(length)?,
            Wanted::List if self.seen_list => return Err(StreamError::Damaged("two lists in one body")),
            Wanted::List => {
                self.seen_list = true;
                self.level = Level::List;
                self.list_left = length;
                self.step = Step::Key;
            }
            Wanted::Item if length > OBJECT_BYTES_MAX => {
                each(ListItem::Oversized { bytes: length });
                self.step = self.skip(length)?;
            }
            Wanted::TypeMeta | Wanted::ListMeta if length > LIST_META_BYTES_MAX => {
                let what = "list metadata";
                return Err(StreamError::Oversized { what, bytes: length, bytes_max: LIST_META_BYTES_MAX });
            }
            // An empty message has no bytes to wait for.
            _ if length == 0 => self.value(wanted, &[], 0, each)?,
            _ => self.step = Step::Value { wanted, left: length },
        }
        Ok(())
    }

    fn value(
        &mut self,
        wanted: Wanted,
        piece: &[u8],
        left: u64,
        each: &mut dyn FnMut(ListItem<'_>),
    ) -> Result<(), StreamError> {
        if left > 0 {
            if self.gather.size() == 0 {
                self.gather.expect(piece.len() as u64 + left, OBJECT_BYTES_MAX);
            }
            self.gather.add(piece, OBJECT_BYTES_MAX);
            self.step = Step::Value { wanted, left };
            return Ok(());
        }
        self.step = Step::Key;
        let Self { gather, meta, kind, .. } = self;
        gather.finish(piece, OBJECT_BYTES_MAX, |whole| {
            let bytes = whole.expect("lengths over the limit are skipped");
            match wanted {
                Wanted::Item => each(ListItem::Object(ObjectBytes { encoding: Encoding::Protobuf, bytes })),
                Wanted::TypeMeta => *kind = type_meta_kind(bytes)?,
                _ => *meta = wire::ListMeta::decode(bytes).map_err(|_| StreamError::Damaged("ListMeta"))?,
            }
            Ok(())
        })
    }

    fn skip(&self, bytes: u64) -> Result<Step, StreamError> {
        if self.level == Level::List && bytes > self.list_left {
            return Err(StreamError::Damaged("a field is longer than its list"));
        }
        Ok(if bytes == 0 { Step::Key } else { Step::Skip { left: bytes } })
    }

    fn leave_list_at_its_end(&mut self) {
        let between_fields = matches!(self.step, Step::Key) && self.varint.is_empty();
        if self.level == Level::List && self.list_left == 0 && between_fields {
            self.level = Level::Envelope;
        }
    }

    fn varint(&mut self, chunk: &mut &[u8]) -> Result<Option<u64>, StreamError> {
        let byte = self.byte(chunk)?;
        Ok(self.varint.push(byte)?)
    }

    fn byte(&mut self, chunk: &mut &[u8]) -> Result<u8, StreamError> {
        match self.take(chunk, 1) {
            [byte] => Ok(*byte),
            _ => Err(StreamError::Damaged("a field crosses the end of its list")),
        }
    }

    /// At most `bytes` of the chunk, and no more than the list has left.
    fn take<'a>(&mut self, chunk: &mut &'a [u8], bytes: u64) -> &'a [u8] {
        let bytes = if self.level == Level::List { bytes.min(self.list_left) } else { bytes };
        let (taken, rest) = chunk.split_at(bytes.min(chunk.len() as u64) as usize);
        if self.level == Level::List {
            self.list_left -= taken.len() as u64;
        }
        *chunk = rest;
        taken
    }
}

fn type_meta_kind(type_meta: &[u8]) -> Result<String, StreamError> {
    let mut kind = String::new();
    for field in Fields(type_meta) {
        if let (2, text) = field? {
            kind = String::from_utf8_lossy(text).into_owned();
        }
    }
    Ok(kind)
}

impl From<Damaged> for StreamError {
    fn from(_: Damaged) -> Self {
        Self::Damaged("not a protobuf field")
    }
}
