//! The log: a frame for each batch of changes, written in one system call.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write as _};
use std::path::Path;

use fanout::Change;
use prost::Message as _;

use super::frame::{self, Frames};
use super::record::{Header, Position, RECORD_BYTES, Record};

/// What became of an append.
#[derive(Debug)]
pub(crate) enum Appended {
    /// It is in the kernel's hands.
    Written,
    /// Nothing was tried: another process has the folder, or the disk has failed before.
    Not,
    /// The disk does not take it.
    Failed(io::Error),
}

#[derive(Debug)]
pub(super) struct Log {
    file: File,
    frames: u32,
    pub(super) bytes: u64,
    buffer: Vec<u8>,
}

impl Log {
    /// Begins a log; one of that name is overwritten.
    pub(super) fn create(path: &Path, zone: &str, generation: u64) -> io::Result<Self> {
        let file = File::create(path)?;
        let mut log = Self { file, frames: 0, bytes: 0, buffer: Vec::new() };
        let header = Header { zone: zone.to_owned(), generation, snapshot: false };
        frame::preamble(&mut log.buffer)?;
        frame::push(0, &header.encode_to_vec(), &mut log.buffer)?;
        log.frames = 1;
        log.write()?;
        Ok(log)
    }

    /// Goes on where the log ended. A frame that was cut off by the death of its writer is removed.
    pub(super) fn open(path: &Path, zone: &str, generation: u64) -> io::Result<Self> {
        let mut file = match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Self::create(path, zone, generation);
            }
            Err(error) => return Err(error),
        };
        let (frames, good) = whole_frames(&mut file)?;
        if frames == 0 {
            return Self::create(path, zone, generation);
        }
        file.set_len(good)?;
        file.seek(SeekFrom::Start(good))?;
        Ok(Self { file, frames, bytes: good, buffer: Vec::new() })
    }

    /// All or nothing: what was written of it is taken back when the disk fills up.
    pub(super) fn append(&mut self, position: &Position, changes: &[Change]) -> io::Result<()> {
        self.buffer.clear();
        let mut number = self.frames;
        let (mut record, mut bytes) = (Record::default(), 0);
        for change in changes {
            record.push(change);
            bytes += change.item.key.len() + change.value.as_ref().map_or(0, |value| value.len());
            if bytes >= RECORD_BYTES {
                frame::push(number, &record.payload(), &mut self.buffer)?;
                (record, bytes, number) = (Record::default(), 0, number + 1);
            }
        }
        // The position goes with the last changes: without them it is not reached.
        record.position = Some(*position);
        frame::push(number, &record.payload(), &mut self.buffer)?;
        self.write()?;
        self.frames = number + 1;
        Ok(())
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn write(&mut self) -> io::Result<()> {
        match self.file.write_all(&self.buffer) {
            Ok(()) => {
                self.bytes += self.buffer.len() as u64;
                // A batch may have been a whole zone.
                self.buffer.clear();
                self.buffer.shrink_to(RECORD_BYTES);
                Ok(())
            }
            Err(error) => {
                let _ = self.file.set_len(self.bytes);
                Err(error)
            }
        }
    }
}

/// How many frames are whole, and where they end.
fn whole_frames(file: &mut File) -> io::Result<(u32, u64)> {
    let Ok(mut frames) = Frames::new(io::BufReader::new(io::Read::by_ref(file))) else { return Ok((0, 0)) };
    let mut payload = Vec::new();
    while matches!(frames.next(&mut payload), Ok(Some(()))) {}
    Ok((frames.count(), frames.good))
}
