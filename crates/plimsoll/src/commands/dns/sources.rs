//! What a Corefile refers to outside of itself: this process' environment, files beside it.

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hasher};
use std::io;
use std::path::Path;

use corefile::{Imported, Sources};

/// The real ones; remembers what it has read, so that a change is noticed.
#[derive(Default)]
pub(crate) struct FilesAndVariables {
    seen: RefCell<DefaultHasher>,
}

impl FilesAndVariables {
    /// The text of a file.
    pub(crate) fn read(&self, file: &str) -> io::Result<String> {
        let text = std::fs::read_to_string(file);
        let mut seen = self.seen.borrow_mut();
        for part in [file, text.as_deref().unwrap_or_default()] {
            seen.write(part.as_bytes());
            // No text has this octet in it.
            seen.write_u8(0xff);
        }
        text
    }

    /// Of all that was read so far.
    pub(crate) fn fingerprint(&self) -> u64 {
        self.seen.borrow().finish()
    }

    fn file(&self, path: &Path) -> Result<Imported, String> {
        let name = path.display().to_string();
        let text = self.read(&name).map_err(|error| format!("cannot read {name}: {error}"))?;
        Ok(Imported { name, text })
    }
}

impl Sources for FilesAndVariables {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn import(&self, pattern: &str, from: &str) -> Result<Vec<Imported>, String> {
        let pattern = Path::new(from).parent().unwrap_or(Path::new(".")).join(pattern);
        let (folder, name) =
            (pattern.parent().unwrap_or(Path::new("/")), pattern.file_name().unwrap_or_default());
        let name = name.to_string_lossy();
        let Some((head, tail)) = name.split_once('*') else { return Ok(vec![self.file(&pattern)?]) };
        // A folder that is not there holds no file that matches.
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut paths: Vec<_> =
            entries.map(|entry| entry.path()).filter(|path| matches(path, head, tail)).collect();
        paths.sort();
        paths.iter().map(|path| self.file(path)).collect()
    }
}

fn matches(path: &Path, head: &str, tail: &str) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail) && path.is_file()
}
