//! Files: bounded reads into a reused buffer, atomic writes.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// Reads the whole file into `buffer` (cleared first), but no more than `limit_bytes`.
///
/// # Errors
/// Those of the operating system; [`io::ErrorKind::FileTooLarge`] past the limit.
pub fn read_into(path: &Path, buffer: &mut Vec<u8>, limit_bytes: usize) -> io::Result<()> {
    buffer.clear();
    let file = File::open(path)?;
    file.take(limit_bytes as u64 + 1).read_to_end(buffer)?;
    if buffer.len() > limit_bytes {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(())
}

/// Replaces `path` by what `write` writes, or leaves it as it was: temporary file beside it, fsync, rename, fsync of the
/// folder. A reader sees the old file or the new one, also after a power cut.
///
/// # Errors
/// Those of the operating system (a full disk among them); the temporary file is removed then.
pub fn write_atomic(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut temporary = tempfile::Builder::new().prefix(".writing-").tempfile_in(folder)?;
    {
        let mut buffered = io::BufWriter::with_capacity(1 << 16, temporary.as_file_mut());
        write(&mut buffered)?;
        buffered.flush()?;
    }
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|failed| failed.error)?;
    File::open(folder)?.sync_all()
}
