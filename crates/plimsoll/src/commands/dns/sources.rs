//! What a Corefile refers to outside of itself: this process' environment, files beside it.

use std::path::Path;

use corefile::{Imported, Sources};

/// The real ones.
pub(crate) struct FilesAndVariables;

impl Sources for FilesAndVariables {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn import(&self, pattern: &str, from: &str) -> Result<Vec<Imported>, String> {
        let pattern = Path::new(from).parent().unwrap_or(Path::new(".")).join(pattern);
        let (folder, name) =
            (pattern.parent().unwrap_or(Path::new("/")), pattern.file_name().unwrap_or_default());
        let name = name.to_string_lossy();
        let Some((head, tail)) = name.split_once('*') else { return Ok(vec![file(&pattern)?]) };
        // A folder that is not there holds no file that matches.
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut paths: Vec<_> =
            entries.map(|entry| entry.path()).filter(|path| matches(path, head, tail)).collect();
        paths.sort();
        paths.iter().map(|path| file(path)).collect()
    }
}

fn matches(path: &Path, head: &str, tail: &str) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail) && path.is_file()
}

fn file(path: &Path) -> Result<Imported, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    Ok(Imported { name: path.display().to_string(), text })
}
