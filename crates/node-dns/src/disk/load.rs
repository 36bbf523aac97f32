//! Reading it all back.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use fanout::{Change, FeedLimits};
use prost::Message as _;

use super::aside::Why;
use super::frame::{FrameError, Frames};
use super::record::{Header, Position, Record};

/// What the disk knows.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    /// Every item, then what changed after it was set; in order.
    pub(crate) changes: Vec<Change>,
    /// `None` when there is nothing.
    pub(crate) position: Option<Position>,
    /// Files that could not be used, in whole or in part.
    pub(crate) damaged: Vec<(PathBuf, Why)>,
    /// The newest generation that there is a file of.
    pub(super) generation: u64,
    pub(super) snapshot_bytes: u64,
}

/// Why a file is of no use.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("a record in it cannot be read")]
    Record(#[from] prost::DecodeError),
    #[error("it is about another zone, {0}")]
    OtherZone(String),
    #[error("it is another file's content")]
    Header,
    #[error("it has fewer items than it says")]
    Items,
    #[error("it has more than a node may hold")]
    TooLarge,
}

/// Snapshots and logs with their generations, in no order.
pub(super) fn files(folder: &Path) -> Vec<(PathBuf, u64)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let generation = |path: &Path| {
        let name = path.file_name()?.to_str()?;
        let stem = name.strip_suffix(".snapshot").or_else(|| name.strip_suffix(".log"))?;
        stem.strip_prefix("zone-")?.parse().ok()
    };
    paths.filter_map(|path| generation(&path).map(|number| (path, number))).collect()
}

/// Everything that the folder knows about the zone.
pub(crate) fn load(folder: &Path, zone: &str) -> Loaded {
    let mut all = files(folder);
    all.sort_by_key(|(_, generation)| *generation);
    let is = |path: &Path, extension: &str| path.extension().is_some_and(|of| of == extension);
    let mut loaded = Loaded { generation: all.last().map_or(0, |(_, last)| *last), ..Loaded::default() };
    let mut base = 0;
    for (path, generation) in all.iter().rev().filter(|(path, _)| is(path, "snapshot")) {
        match read(path, zone, Some(*generation), true, &mut loaded) {
            Ok(()) => {
                base = *generation;
                loaded.snapshot_bytes = fs::metadata(path).map_or(0, |metadata| metadata.len());
                break;
            }
            Err(error) => {
                (loaded.changes, loaded.position) = (Vec::new(), None);
                loaded.report(path, &error);
            }
        }
    }
    let has_base = loaded.position.is_some();
    // Without a snapshot only a log from the very beginning tells the whole story.
    let logs = all.iter().filter(|(path, generation)| {
        is(path, "log") && *generation >= base && (has_base || all.iter().any(|(_, first)| *first == 0))
    });
    let mut expected = base;
    for (path, generation) in logs {
        let gap = *generation != expected;
        expected = generation + 1;
        let whole = read(path, zone, Some(*generation), false, &mut loaded);
        if let Err(error) = &whole {
            loaded.report(path, error);
        }
        // What follows a gap is newer than what is missing; but it is no hub's set any more.
        if (gap || whole.is_err())
            && let Some(position) = &mut loaded.position
        {
            position.epoch = 0;
        }
    }
    loaded
}

fn read(
    path: &Path,
    zone: &str,
    generation: Option<u64>,
    snapshot: bool,
    loaded: &mut Loaded,
) -> Result<(), ReadError> {
    let file = File::open(path).map_err(FrameError::from)?;
    let mut frames = Frames::new(BufReader::with_capacity(1 << 18, file))?;
    let mut payload = Vec::new();
    frames.next(&mut payload)?.ok_or(ReadError::Header)?;
    let header = Header::decode(payload.as_slice())?;
    if header.zone != zone {
        return Err(ReadError::OtherZone(header.zone));
    }
    if header.snapshot != snapshot || generation.is_some_and(|generation| generation != header.generation) {
        return Err(ReadError::Header);
    }
    let (mut pending, mut items) = (Vec::new(), None);
    loop {
        match frames.next(&mut payload) {
            Ok(Some(())) => {}
            Ok(None) => break,
            // A log whose writer was killed, or whose disk was full, ends like this; what is whole counts.
            Err(FrameError::Torn(_)) if !snapshot => break,
            Err(error) => return Err(error.into()),
        }
        let record = Record::decode(payload.as_slice())?;
        let (position, said) = (record.position, record.items);
        pending.extend(record.into_changes());
        if let Some(position) = position {
            items = Some(pending.len() as u64);
            loaded.changes.append(&mut pending);
            loaded.position = Some(position);
            if snapshot && items != said.checked_sub(1) {
                return Err(ReadError::Items);
            }
        }
        if loaded.changes.len() + pending.len() > 8 * FeedLimits::BROADCAST.items_max {
            return Err(ReadError::TooLarge);
        }
    }
    if snapshot && items.is_none() { Err(ReadError::Items) } else { Ok(()) }
}

/// A single snapshot, whatever its name.
pub(super) fn load_file(path: &Path, zone: &str) -> Result<Loaded, String> {
    let mut loaded = Loaded::default();
    read(path, zone, None, true, &mut loaded).map_err(|error| error.to_string())?;
    Ok(loaded)
}

impl Loaded {
    fn report(&mut self, path: &Path, error: &ReadError) {
        let newer = matches!(error, ReadError::Frame(FrameError::Newer(_)));
        self.damaged.push((path.to_owned(), if newer { Why::Newer } else { Why::Damaged }));
        tracing::warn!(file = %path.display(), %error, "a file of the zone is not used, in whole or in part");
    }
}
