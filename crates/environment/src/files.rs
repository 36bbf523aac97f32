//! Files: bounded reads into a reused buffer, atomic writes.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

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

/// Opens a file that is read piece by piece, because it may be larger than memory.
///
/// # Errors
/// Those of the operating system.
pub fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// The files of a folder, oldest first by when they were last written, then by name; of a file, itself.
///
/// # Errors
/// Those of the operating system.
pub fn oldest_first(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !std::fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let about = entry.metadata()?;
        if about.is_file() {
            files.push((about.modified()?, entry.path()));
        }
    }
    files.sort();
    Ok(files.into_iter().map(|(_, path)| path).collect())
}

/// The files of a folder that have this extension, by name. Links are followed: that is how a ConfigMap is mounted.
///
/// # Errors
/// Those of the operating system.
pub fn with_extension(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Replaces `path` by what `write` writes, or leaves it as it was: temporary file beside it, fsync, rename, fsync of the
/// folder. A reader sees the old file or the new one, also after a power cut.
///
/// # Errors
/// Those of the operating system (a full disk among them); the temporary file is removed then.
pub fn write_atomic(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    // Of a bare name the parent is an empty path, which no system call takes.
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_files_and_folders_are_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("..data")).expect("made");
        std::fs::write(at("..data/b.yaml"), "").expect("written");
        std::os::unix::fs::symlink("..data/b.yaml", at("b.yaml")).expect("linked");
        std::os::unix::fs::symlink("nowhere", at("c.yaml")).expect("linked");
        std::fs::write(at("a.yaml"), "").expect("written");
        std::fs::write(at("a.json"), "").expect("written");
        std::fs::create_dir(at("d.yaml")).expect("made");
        assert_eq!(with_extension(folder.path(), "yaml").expect("readable"), [at("a.yaml"), at("b.yaml")]);
        assert!(with_extension(&at("none"), "yaml").is_err());
    }
}
