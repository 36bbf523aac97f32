//! Frames: length, checksum, payload. Eight bytes that say what the file is and in which version, then frames.

use std::io::{self, Read, Write};

/// "PLIMZONE".
const MAGIC: [u8; 8] = *b"PLIMZONE";
/// Of the layout of the file. A newer one is set aside, not guessed at.
const VERSION: u32 = 1;
/// Largest payload: a record of changes is cut at 256 KiB plus one item of 256 KiB; the rest is for what is to come.
pub(super) const PAYLOAD_BYTES_MAX: usize = 4 << 20;
/// Bytes of a file before its first frame.
pub(super) const PREAMBLE_BYTES: u64 = 12;

/// Why a file cannot be read on.
#[derive(Debug, thiserror::Error)]
pub(super) enum FrameError {
    #[error("it is no file of ours")]
    Magic,
    #[error("a newer version wrote it (format {0})")]
    Newer(u32),
    #[error("frame {0} is damaged")]
    Damaged(u32),
    #[error("it ends within frame {0}")]
    Torn(u32),
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Begins a file.
pub(super) fn preamble(out: &mut dyn Write) -> io::Result<()> {
    out.write_all(&MAGIC)?;
    out.write_all(&VERSION.to_le_bytes())
}

/// Appends a frame to `out`. `number` counts from 0 and is in the checksum: frames cannot change places.
pub(super) fn push(number: u32, payload: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "an item is too large for the disk"));
    }
    out.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    out.extend_from_slice(&checksum(number, payload).to_le_bytes());
    out.extend_from_slice(payload);
    Ok(())
}

/// Reads frames.
pub(super) struct Frames<R> {
    input: R,
    number: u32,
    /// Where the last whole frame ended.
    pub(super) good: u64,
}

impl<R: Read> Frames<R> {
    pub(super) fn new(mut input: R) -> Result<Self, FrameError> {
        let (mut magic, mut version) = ([0; 8], [0; 4]);
        if read_some(&mut input, &mut magic)? < magic.len() || magic != MAGIC {
            return Err(FrameError::Magic);
        }
        if read_some(&mut input, &mut version)? < version.len() {
            return Err(FrameError::Magic);
        }
        match u32::from_le_bytes(version) {
            VERSION => Ok(Self { input, number: 0, good: PREAMBLE_BYTES }),
            0 => Err(FrameError::Magic),
            newer => Err(FrameError::Newer(newer)),
        }
    }

    /// The next payload; `None` where the file ends with a whole frame.
    pub(super) fn next(&mut self, payload: &mut Vec<u8>) -> Result<Option<()>, FrameError> {
        let mut head = [0; 8];
        match read_some(&mut self.input, &mut head)? {
            0 => return Ok(None),
            8 => {}
            _ => return Err(FrameError::Torn(self.number)),
        }
        let [a, b, c, d, e, f, g, h] = head;
        let (length, expected) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
        if length as usize > PAYLOAD_BYTES_MAX {
            return Err(FrameError::Damaged(self.number));
        }
        payload.clear();
        // Grows as bytes come: a damaged length near the end allocates no more than is there.
        let read = self.input.by_ref().take(length.into()).read_to_end(payload)?;
        if read < length as usize {
            return Err(FrameError::Torn(self.number));
        }
        if checksum(self.number, payload) != expected {
            return Err(FrameError::Damaged(self.number));
        }
        self.number += 1;
        self.good += 8 + u64::from(length);
        Ok(Some(()))
    }

    /// How many frames were read.
    pub(super) fn count(&self) -> u32 {
        self.number
    }
}

/// As much as there is, up to the length of `buffer`.
fn read_some(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn checksum(number: u32, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&number.to_le_bytes());
    hasher.update(&(payload.len() as u32).to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}
