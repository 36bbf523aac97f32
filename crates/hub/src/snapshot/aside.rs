//! What happens to a file that cannot be used: it is set aside under a name that says why, never overwritten and never read
//! again.

use std::io;
use std::path::{Path, PathBuf};

use super::file::ReadError;
use super::frame::FrameError;

/// Files set aside in a folder, those from newer versions not counted: enough for somebody who wants to know what happened.
const KEPT_MAX: usize = 3;

/// Why a file is set aside; the word is in its new name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// Not what was written.
    Damaged,
    /// A newer Plimsoll wrote it: kept for that one.
    Newer,
    /// Fine, but about another cluster or with other settings.
    Foreign,
}

impl Why {
    pub(crate) fn of(failed: &ReadError) -> Self {
        match failed {
            ReadError::Frame(FrameError::Newer(_)) => Self::Newer,
            ReadError::OtherCluster(_) | ReadError::FormerCluster(_) | ReadError::NoAnnotations => {
                Self::Foreign
            }
            _ => Self::Damaged,
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::Newer => "newer",
            Self::Foreign => "foreign",
        }
    }
}

/// Renames `path` to `<path>.<why>-<seconds>`; returns the new name.
pub(crate) fn set_aside(path: &Path, why: Why, wall_seconds: u64) -> io::Result<PathBuf> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    // Two in one second: the second one gets the next second's name.
    let free = (wall_seconds..)
        .map(|seconds| folder.join(format!("{name}.{}-{seconds:010}", why.word())))
        .find(|candidate| !candidate.exists())
        .unwrap_or_else(|| folder.join(&name));
    std::fs::rename(path, &free)?;
    prune(folder)?;
    Ok(free)
}

/// Removes the oldest beyond [`KEPT_MAX`].
fn prune(folder: &Path) -> io::Result<()> {
    let mut kept: Vec<(String, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some((_, mark)) = name.rsplit_once(".snapshot.") else { continue };
        if let Some((why, seconds)) = mark.split_once('-')
            && why != Why::Newer.word()
        {
            kept.push((seconds.to_owned(), path));
        }
    }
    kept.sort();
    let surplus = kept.len().saturating_sub(KEPT_MAX);
    kept.drain(..surplus).try_for_each(|(_, path)| std::fs::remove_file(path))
}
