//! Profiles of workloads that run already, from kube-apiserver's audit log.
//!
//! A log may be larger than any memory: it is read once, line by line, and of each workload only sums are kept.

mod lines;
mod listen;
#[cfg(test)]
mod tests;
mod workloads;

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use workload_profile::audit::{Events, Line};

pub use listen::listen;
pub use workloads::{Found, Import, Select, Workloads};

use lines::{Lines, Piece};

/// Bytes of one gzip member's window and of a read: what a decoder needs at a time.
const READ_BYTES: usize = 256 << 10;

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Something else than an audit log.
    #[error("{}: no line of it is an audit event (audit.k8s.io); name the file of --audit-log-path", path.display())]
    NoLog {
        /// Which.
        path: PathBuf,
    },
}

/// What was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Bytes, after decompression.
    pub bytes: u64,
    /// Events.
    pub events: u64,
    /// Lines that are no event: cut off when the file was rotated, or damaged.
    pub broken: u64,
    /// Lines that are too long to be looked at.
    pub too_long: u64,
    /// Of a webhook: events that came faster than they could be taken into account.
    pub dropped: u64,
}

/// Reads a log: a file, a folder of rotated files, or `-` for `stdin`; compressed or not.
///
/// # Errors
/// [`ImportError`].
pub fn read(path: &Path, stdin: impl Read, into: &mut Workloads) -> Result<Counts, ImportError> {
    let mut taking = Taking::new(into);
    let failed = |path: &Path, error| ImportError::Read { path: path.to_owned(), error };
    if path == Path::new("-") {
        stream(stdin, &mut taking).map_err(|error| failed(path, error))?;
    } else {
        for file in environment::files::oldest_first(path).map_err(|error| failed(path, error))? {
            let opened = environment::files::open(&file).map_err(|error| failed(&file, error))?;
            if let Err(error) = stream(opened, &mut taking) {
                // The end of a compressed file that is still written, or was cut off, is missing: what was there counts.
                if taking.counts.events == 0 || error.kind() != io::ErrorKind::UnexpectedEof {
                    return Err(failed(&file, error));
                }
                taking.counts.broken += 1;
            }
        }
    }
    taking.end(path)
}

/// Events on their way into the workloads, wherever they come from.
struct Taking<'a> {
    events: Events,
    counts: Counts,
    into: &'a mut Workloads,
}

impl<'a> Taking<'a> {
    fn new(into: &'a mut Workloads) -> Self {
        Self { events: Events::default(), counts: Counts::default(), into }
    }

    fn event(&mut self, event: &[u8]) {
        match self.events.take(event) {
            Line::NoEvent => self.counts.broken += 1,
            Line::Begun => self.counts.events += 1,
            Line::Request(seen) => {
                self.counts.events += 1;
                self.into.take(&seen);
            }
        }
    }

    /// What is still open belongs to it; nothing at all is an error that names `from`.
    fn end(self, from: &Path) -> Result<Counts, ImportError> {
        let Self { events, counts, into } = self;
        if counts.events == 0 {
            return Err(ImportError::NoLog { path: from.to_owned() });
        }
        let (open, forgotten) = events.open();
        for seen in &open {
            into.take(seen);
        }
        into.forgotten += forgotten;
        into.note(&counts);
        Ok(counts)
    }
}

/// One file.
fn stream(from: impl Read, taking: &mut Taking<'_>) -> io::Result<()> {
    let mut from = io::BufReader::with_capacity(READ_BYTES, from);
    if io::BufRead::fill_buf(&mut from)?.starts_with(&[0x1f, 0x8b]) {
        return lines_of(io::BufReader::with_capacity(READ_BYTES, MultiGzDecoder::new(from)), taking);
    }
    lines_of(from, taking)
}

fn lines_of(from: impl io::BufRead, taking: &mut Taking<'_>) -> io::Result<()> {
    let mut lines = Lines::new(from);
    while let Some(piece) = lines.next()? {
        match piece {
            Piece::TooLong(bytes) => {
                taking.counts.too_long += 1;
                taking.counts.bytes += bytes;
            }
            Piece::Line(line) if line.iter().all(u8::is_ascii_whitespace) => {}
            Piece::Line(line) => {
                taking.counts.bytes += line.len() as u64 + 1;
                taking.event(line);
            }
        }
    }
    Ok(())
}
