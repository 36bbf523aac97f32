//! A file that cannot be used gets a name that says so, and stays for whoever wants to know what happened.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Files set aside in a folder; of more than these the oldest go. Each may be as large as a snapshot, about 20 MB.
const KEPT_MAX: usize = 3;

/// Why a file is set aside; the word is in its new name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// Not what was written, or not about this zone.
    Damaged,
    /// A newer version wrote it, and needs it when it comes back.
    Newer,
}

impl Why {
    fn mark(self) -> &'static str {
        match self {
            Self::Damaged => ".damaged-",
            Self::Newer => ".newer-",
        }
    }
}

/// Renames `path` to `<path>.<why>-<seconds>`.
pub(super) fn set_aside(path: &Path, why: Why, wall_seconds: u64) -> io::Result<PathBuf> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!("{}{wall_seconds:010}", why.mark()));
    let to = path.with_file_name(name);
    fs::rename(path, &to)?;
    prune(path.parent().unwrap_or(Path::new(".")));
    Ok(to)
}

fn prune(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut kept: Vec<(String, PathBuf)> = paths
        .filter_map(|path| {
            let name = path.file_name()?.to_string_lossy().into_owned();
            let (_, seconds) = name.split_once(Why::Damaged.mark())?;
            Some((seconds.to_owned(), path))
        })
        .collect();
    kept.sort();
    let surplus = kept.len().saturating_sub(KEPT_MAX);
    for (_, path) in kept.drain(..surplus) {
        let _ = fs::remove_file(path);
    }
}
