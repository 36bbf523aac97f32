//! The layout of a snapshot file, and how damage is found.
//!
//! ```text
//! preamble  "PLIMSNAP" | version u32 | crc32 u32 of the two
//! frame     kind u8 | length u32 | crc32 u32 | payload      (kind: header, then objects.., then end; nothing after it)
//! ```
//! Numbers are little-endian. A frame's checksum covers its place in the file, kind, length and payload, so that a frame that
//! is damaged, lost, doubled or moved is found before anybody reads what is in it; CRC-32 finds every burst of up to 32 bits.
//! The preamble stays the same in all versions: an older Plimsoll can say that a file is from a newer one.

use std::io::{self, Read, Write};

const MAGIC: [u8; 8] = *b"PLIMSNAP";
/// The version that this code writes and the only one that it reads. Raised when old files would be misread.
pub(crate) const VERSION: u32 = 1;
/// Largest payload of a frame, compressed: what a damaged length can make the reader allocate.
pub(crate) const PAYLOAD_BYTES_MAX: usize = 16 << 20;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What the file is about; first.
    Header = 1,
    /// Objects, compressed.
    Objects = 2,
    /// How many there were; last.
    End = 3,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("it ends in the middle: cut off")]
    Truncated,
    #[error("it does not begin as a snapshot does")]
    Magic,
    #[error("it is from a newer Plimsoll (format {0}, this one reads {VERSION})")]
    Newer(u32),
    #[error("frame {0} is damaged")]
    Damaged(u32),
    #[error("frame {0} is out of place")]
    Order(u32),
    #[error("something follows its end")]
    Trailing,
    #[error(transparent)]
    Io(io::Error),
}

impl From<io::Error> for FrameError {
    fn from(failed: io::Error) -> Self {
        match failed.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated,
            _ => Self::Io(failed),
        }
    }
}

/// Writes frames.
pub(crate) struct FrameWriter<W> {
    out: W,
    frames: u32,
    bytes: u64,
}

impl<W: Write> FrameWriter<W> {
    /// Writes the preamble.
    pub(crate) fn new(mut out: W) -> io::Result<Self> {
        let version = VERSION.to_le_bytes();
        out.write_all(&MAGIC)?;
        out.write_all(&version)?;
        out.write_all(&preamble_checksum(version).to_le_bytes())?;
        Ok(Self { out, frames: 0, bytes: (MAGIC.len() + 8) as u64 })
    }

    pub(crate) fn frame(&mut self, kind: Kind, payload: &[u8]) -> io::Result<()> {
        if payload.len() > PAYLOAD_BYTES_MAX {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "an object is too large for the snapshot",
            ));
        }
        // Below 16 MiB by the check above.
        let length = payload.len() as u32;
        self.out.write_all(&[kind as u8])?;
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(&checksum(self.frames, kind as u8, payload).to_le_bytes())?;
        self.out.write_all(payload)?;
        self.frames += 1;
        self.bytes += 9 + payload.len() as u64;
        Ok(())
    }

    /// Bytes written.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Reads frames, each checked before it is handed on.
pub(crate) struct FrameReader<R> {
    input: R,
    frames: u32,
    ended: bool,
}

impl<R: Read> FrameReader<R> {
    /// Reads the preamble.
    pub(crate) fn new(mut input: R) -> Result<Self, FrameError> {
        let magic: [u8; 8] = array(&mut input)?;
        if magic != MAGIC {
            return Err(FrameError::Magic);
        }
        let version = array(&mut input)?;
        if u32::from_le_bytes(array(&mut input)?) != preamble_checksum(version) {
            return Err(FrameError::Magic);
        }
        match u32::from_le_bytes(version) {
            VERSION => Ok(Self { input, frames: 0, ended: false }),
            // Version 0 was never written.
            0 => Err(FrameError::Magic),
            newer => Err(FrameError::Newer(newer)),
        }
    }

    /// The next frame into `payload`; `None` after the end frame, when the file really ends there.
    pub(crate) fn frame(&mut self, payload: &mut Vec<u8>) -> Result<Option<Kind>, FrameError> {
        if self.ended {
            return self.expect_eof().map(|()| None);
        }
        let [kind] = array(&mut self.input)?;
        let length = u32::from_le_bytes(array(&mut self.input)?) as usize;
        let expected = u32::from_le_bytes(array(&mut self.input)?);
        let number = self.frames;
        if length > PAYLOAD_BYTES_MAX {
            return Err(FrameError::Damaged(number));
        }
        payload.clear();
        // Grows as bytes come, so that a damaged length near the end of the file allocates no more than is there.
        if self.input.by_ref().take(length as u64).read_to_end(payload)? < length {
            return Err(FrameError::Truncated);
        }
        if checksum(number, kind, payload) != expected {
            return Err(FrameError::Damaged(number));
        }
        self.frames += 1;
        let kind = in_order(number, kind)?;
        self.ended = kind == Kind::End;
        Ok(Some(kind))
    }

    fn expect_eof(&mut self) -> Result<(), FrameError> {
        match self.input.read(&mut [0])? {
            0 => Ok(()),
            _ => Err(FrameError::Trailing),
        }
    }
}

fn in_order(number: u32, kind: u8) -> Result<Kind, FrameError> {
    match (number, kind) {
        (0, 1) => Ok(Kind::Header),
        (1.., 2) => Ok(Kind::Objects),
        (1.., 3) => Ok(Kind::End),
        _ => Err(FrameError::Order(number)),
    }
}

fn array<const N: usize>(input: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn preamble_checksum(version: [u8; 4]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&MAGIC);
    hasher.update(&version);
    hasher.finalize()
}

fn checksum(number: u32, kind: u8, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&number.to_le_bytes());
    hasher.update(&[kind]);
    hasher.update(&(payload.len() as u64).to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}
