//! The snapshot: every item, written in one go without waiting for the disk, and made to count on another thread.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use fanout::message::WireChange;
use prost::Message as _;

use super::frame;
use super::record::{Header, Position, RECORD_BYTES, Record};

/// Takes (topic, key, value) of an item.
pub(crate) type Each<'a> = dyn FnMut(fanout::Topic, &[u8], &[u8]) + 'a;
/// Calls its argument with every item.
pub(crate) type Items<'a> = &'a dyn Fn(&mut Each<'_>);

/// A snapshot that is written but may not be on disk yet.
#[derive(Debug)]
pub(super) struct Writing {
    pub(super) file: File,
    pub(super) from: PathBuf,
    pub(super) to: PathBuf,
}

/// Where `path` is written until it is whole.
pub(super) fn writing_path(path: &Path) -> PathBuf {
    path.with_extension("writing")
}

/// Writes; the largest piece in memory is one record.
pub(super) fn write(
    path: &Path,
    zone: &str,
    generation: u64,
    position: &Position,
    items: Items<'_>,
) -> io::Result<Writing> {
    let from = writing_path(path);
    let file = File::create(&from)?;
    let mut out = Out { file: BufWriter::with_capacity(RECORD_BYTES, file), number: 0, buffer: Vec::new() };
    frame::preamble(&mut out.file)?;
    out.frame(&Header { zone: zone.to_owned(), generation, snapshot: true }.encode_to_vec())?;
    let (mut record, mut bytes, mut count) = (Record::default(), 0, 0u64);
    let mut failed = None;
    items(&mut |topic, key, value| {
        if failed.is_some() {
            return;
        }
        let (key, value) = (Bytes::copy_from_slice(key), Bytes::copy_from_slice(value));
        bytes += key.len() + value.len();
        count += 1;
        record.changes.push(WireChange { topic: topic.0, key, value, removed: false });
        if bytes >= RECORD_BYTES {
            failed = out.frame(&record.payload()).err();
            (record, bytes) = (Record::default(), 0);
        }
    });
    if let Some(error) = failed {
        return Err(error);
    }
    (record.position, record.items) = (Some(*position), count + 1);
    out.frame(&record.payload())?;
    let file = out.file.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok(Writing { file, from, to: path.to_owned() })
}

/// Waits for the disk, and gives the snapshot its name. Returns its size.
pub(super) fn settle(file: &File, from: &Path, to: &Path) -> io::Result<u64> {
    file.sync_all()?;
    fs::rename(from, to)?;
    let folder = to.parent().unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()?;
    Ok(file.metadata()?.len())
}

struct Out {
    file: BufWriter<File>,
    number: u32,
    buffer: Vec<u8>,
}

impl Out {
    fn frame(&mut self, payload: &[u8]) -> io::Result<()> {
        self.buffer.clear();
        frame::push(self.number, payload, &mut self.buffer)?;
        self.number += 1;
        self.file.write_all(&self.buffer)
    }
}
