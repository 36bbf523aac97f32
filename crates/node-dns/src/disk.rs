//! The zone on disk: a snapshot and a log of changes after it, so that a restart with nobody else left knows every name.
//!
//! Generations: `zone-G.snapshot` is the zone as it was when `zone-G.log` began, and each log goes on where the one before
//! ended. What was written with the generation before stays until the next one: a snapshot that turns out to be damaged costs
//! nothing but time. A change is in the log before it is answered from; `kill -9` loses nothing, a power cut at most what the
//! kernel had not written yet, and the checksum of each frame finds that out.
//!
//! ```text
//!   load: newest readable snapshot -> its log -> later logs -> changes, for the zone
//!   append: one frame at the end of the newest log
//!   compact: zone -> zone-(G+1).writing, new log at once -> (another thread) fsync, rename, remove generation G-1
//! ```

mod append;
mod aside;
mod frame;
mod load;
mod offer;
mod record;
mod snapshot;
#[cfg(test)]
mod tests;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fanout::Change;

pub(crate) use append::Appended;
use append::Log;
use aside::Why;
pub(crate) use load::{Loaded, load as load_folder};
pub(crate) use offer::{is_a_file_of_ours, offer};
pub(crate) use record::Position;
pub(crate) use snapshot::Each;
use snapshot::Writing;

/// A log is compacted when it has this many bytes, and at least as many as the snapshot: at 1,000 changes a second of 300
/// bytes each that is once in a minute; at one a second, once in 15 hours.
const LOG_BYTES_MIN: u64 = 16 << 20;
/// After a failure (a full disk) it is tried again this much later: a snapshot of 20 MB on a disk that is full costs little.
const RETRY: Duration = Duration::from_secs(30);

/// Why there is nothing to write to.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// The folder.
    #[error("cannot use the data directory {}: {error}; choose another one with --data-dir", folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// `--snapshot`.
    #[error("cannot use the snapshot {}: {error}; give one that a Plimsoll DNS server of this zone wrote", file.display())]
    Snapshot {
        /// Which.
        file: PathBuf,
        /// Why not.
        error: String,
    },
}

/// How the disk is, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DiskState {
    /// Another process has the folder.
    Locked,
    /// Everything is on it.
    Written,
    /// It takes nothing; what is on it is older than what is served.
    Failing,
}

/// The folder, read or also written.
#[derive(Debug)]
pub(crate) struct Disk {
    folder: PathBuf,
    /// Held while this process writes.
    lock: Option<File>,
    log: Option<Log>,
    generation: u64,
    snapshot_bytes: u64,
    writing: Option<Writing>,
    /// Something is not on disk: the next snapshot has to be written before anything is appended.
    behind: bool,
    not_before: Duration,
    zone: String,
    /// Files that are of no use, set aside as soon as there is something better.
    damaged: Vec<(PathBuf, Why)>,
    /// Names and sizes when they were read.
    read: Vec<(PathBuf, u64)>,
}

impl Disk {
    /// The folder of a zone; made if it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn open(folder: &Path, zone: &str) -> Result<Self, DiskError> {
        let failed = |error| DiskError::Folder { folder: folder.to_owned(), error };
        fs::create_dir_all(folder).map_err(failed)?;
        Ok(Self {
            folder: folder.to_owned(),
            lock: None,
            log: None,
            generation: 0,
            snapshot_bytes: 0,
            writing: None,
            behind: false,
            not_before: Duration::ZERO,
            zone: zone.to_owned(),
            damaged: Vec::new(),
            read: Vec::new(),
        })
    }

    /// Reads what is there. Damaged files are named, and set aside once there is a better snapshot.
    pub(crate) fn load(&mut self) -> Loaded {
        self.read = self.sizes();
        let loaded = load::load(&self.folder, &self.zone);
        self.generation = loaded.generation;
        self.snapshot_bytes = loaded.snapshot_bytes;
        // Logs that lead on from nothing must not be appended to: nobody would read them.
        let orphans = loaded.position.is_none() && !self.read.is_empty();
        self.behind |= orphans || !loaded.damaged.is_empty();
        self.damaged.clone_from(&loaded.damaged);
        loaded
    }

    /// Reads one snapshot, wherever it is.
    ///
    /// # Errors
    /// It cannot be read: what is wrong with it.
    pub(crate) fn load_file(path: &Path, zone: &str) -> Result<Loaded, DiskError> {
        let failed = |error| DiskError::Snapshot { file: path.to_owned(), error };
        load::load_file(path, zone).map_err(failed)
    }

    /// Whether another process wrote since [`Disk::load`].
    pub(crate) fn is_changed(&self) -> bool {
        self.read != self.sizes()
    }

    fn sizes(&self) -> Vec<(PathBuf, u64)> {
        let size = |(path, _): (PathBuf, u64)| Some((path.clone(), fs::metadata(path).ok()?.len()));
        let mut sizes: Vec<_> = load::files(&self.folder).into_iter().filter_map(size).collect();
        sizes.sort();
        sizes
    }

    /// Takes the right to write, if nobody else has it: the process before this one may still be handing over.
    pub(crate) fn lock(&mut self) -> io::Result<bool> {
        if self.lock.is_some() {
            return Ok(true);
        }
        let file = File::create(self.folder.join("zone.lock"))?;
        match file.try_lock() {
            Ok(()) => {
                self.lock = Some(file);
                self.remove_unfinished()?;
            }
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        Ok(true)
    }

    /// Whether this process may write.
    pub(crate) fn is_locked(&self) -> bool {
        self.lock.is_some()
    }

    /// How it is.
    pub(crate) fn state(&self) -> DiskState {
        match (self.lock.is_some(), self.behind) {
            (false, _) => DiskState::Locked,
            (true, false) => DiskState::Written,
            (true, true) => DiskState::Failing,
        }
    }

    /// What is on it differs from what is served: a failure, or another process wrote it.
    pub(crate) fn set_behind(&mut self) {
        self.behind = true;
    }

    /// Size of what would be read at a start.
    pub(crate) fn bytes(&self) -> u64 {
        match &self.log {
            Some(log) => self.snapshot_bytes + log.bytes,
            None => self.read.iter().map(|(_, bytes)| bytes).sum(),
        }
    }

    /// Writes changes behind the others. After a failure nothing is appended until a snapshot was written.
    pub(crate) fn append(&mut self, position: &Position, changes: &[Change]) -> Appended {
        if self.lock.is_none() || self.behind {
            return Appended::Not;
        }
        match self.try_append(position, changes) {
            Ok(()) => Appended::Written,
            Err(error) => {
                self.behind = true;
                self.log = None;
                Appended::Failed(error)
            }
        }
    }

    fn try_append(&mut self, position: &Position, changes: &[Change]) -> io::Result<()> {
        let log = match &mut self.log {
            Some(log) => log,
            None => self.log.insert(Log::open(&self.log_path(self.generation), &self.zone, self.generation)?),
        };
        log.append(position, changes)
    }

    /// Whether a snapshot is due.
    pub(crate) fn is_due(&self, now: Duration) -> bool {
        if self.lock.is_none() || self.writing.is_some() || now < self.not_before {
            return false;
        }
        let log = self.log.as_ref().map_or(0, |log| log.bytes);
        self.behind || log > LOG_BYTES_MIN.max(self.snapshot_bytes)
    }

    /// Writes all items as the snapshot of the next generation, and begins its log; [`Disk::finish`] makes it count.
    /// `items` hands over every item that is served.
    pub(crate) fn compact(
        &mut self,
        position: &Position,
        items: snapshot::Items<'_>,
        now: Duration,
    ) -> io::Result<()> {
        let generation = self.generation + 1;
        self.not_before = now + RETRY;
        let path = self.snapshot_path(generation);
        let written = snapshot::write(&path, &self.zone, generation, position, items).and_then(|writing| {
            let log = Log::create(&self.log_path(generation), &self.zone, generation)?;
            Ok((writing, log))
        });
        match written {
            Ok((writing, log)) => {
                (self.generation, self.log, self.writing) = (generation, Some(log), Some(writing));
                self.behind = false;
                Ok(())
            }
            Err(error) => {
                let _ = fs::remove_file(snapshot::writing_path(&path));
                self.behind = true;
                Err(error)
            }
        }
    }

    /// The part of a compaction that waits for the disk: to be called on a thread that may block, then handed to
    /// [`Disk::finish`].
    pub(crate) fn take_writing(
        &mut self,
    ) -> Option<impl FnOnce() -> io::Result<u64> + Send + 'static + use<>> {
        let writing = self.writing.as_ref()?;
        let (file, from, to) = (writing.file.try_clone().ok()?, writing.from.clone(), writing.to.clone());
        Some(move || snapshot::settle(&file, &from, &to))
    }

    /// The snapshot counts, or does not.
    pub(crate) fn finish(&mut self, settled: io::Result<u64>, wall: Duration) -> io::Result<()> {
        self.writing = None;
        match settled {
            Ok(bytes) => {
                self.snapshot_bytes = bytes;
                for (path, why) in self.damaged.drain(..) {
                    match aside::set_aside(&path, why, wall.as_secs()) {
                        Ok(to) => tracing::warn!(file = %path.display(), to = %to.display(), "set aside"),
                        Err(error) => tracing::warn!(file = %path.display(), %error, "cannot be set aside"),
                    }
                }
                self.remove_older();
                Ok(())
            }
            Err(error) => {
                // The logs of both generations are there and go together; only the base is older.
                self.behind = true;
                Err(error)
            }
        }
    }

    /// Two snapshots stay with their logs: this one, and the one before in case that this one cannot be read.
    fn remove_older(&self) {
        let all = load::files(&self.folder);
        let snapshots = all.iter().filter(|(path, _)| path.extension().is_some_and(|of| of == "snapshot"));
        let before = snapshots.map(|(_, generation)| *generation).filter(|of| *of < self.generation).max();
        let Some(before) = before else { return };
        for (path, _) in all.iter().filter(|(_, generation)| *generation < before) {
            let _ = fs::remove_file(path);
        }
    }

    /// What a writer that was killed left behind.
    fn remove_unfinished(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|of| of == "writing") {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// Writes out what the kernel holds, and lets another process write.
    pub(crate) fn close(&mut self) -> io::Result<()> {
        let synced = self.log.take().map_or(Ok(()), |log| log.sync());
        self.writing = None;
        self.read = self.sizes();
        self.lock = None;
        synced
    }

    fn snapshot_path(&self, generation: u64) -> PathBuf {
        self.folder.join(format!("zone-{generation:010}.snapshot"))
    }

    fn log_path(&self, generation: u64) -> PathBuf {
        self.folder.join(format!("zone-{generation:010}.log"))
    }
}
