//! The copy on disk: one file per resource, so that a damaged one costs one LIST and a busy resource does not make the others
//! be written again.

mod aside;
mod file;
mod frame;
mod pace;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use apiserver_client::Resume;
use environment::{Clock, files};
use objects::decode::Keep;
use objects::{Interner, Resource};
use parking_lot::Mutex;

use crate::metrics::Metrics;
use crate::snapshot::aside::Why;
use crate::snapshot::file::{Expected, Header, ReadError};
use crate::snapshot::frame::FrameError;
use crate::snapshot::pace::Written;
use crate::status::SnapshotStatus;
use crate::store::{Cut, Store};

/// After a write that failed (a full disk, mostly).
const RETRY_SECONDS: u64 = 30;

/// Why a data directory cannot be used: one sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Not a folder that we may write to.
    #[error("cannot write to the data directory {}: {source}; give a writable folder with --data-dir", path.display())]
    Unwritable {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another hub is using it.
    #[error("the data directory {} is in use by another hub; give each its own with --data-dir", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
}

/// The files of one hub.
pub(crate) struct Snapshots {
    folder: PathBuf,
    cluster: String,
    keep: Keep,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    slots: Mutex<BTreeMap<Resource, Slot>>,
    /// One writer at a time: the last write of a shutdown must not be overtaken by the one before it.
    writing: Mutex<()>,
    /// Held as long as the hub lives; the kernel lets go of it also after `kill -9`.
    _lock: File,
}

#[derive(Debug, Default)]
struct Slot {
    written: Option<Written>,
    /// When disk and memory were last the same.
    current: Option<Current>,
    error: Option<String>,
    /// No attempt before this time of the monotonic clock.
    not_before: Duration,
    /// A file that must not be overwritten is in the way and could not be moved.
    blocked: bool,
    /// The cluster that a restored file is about; empty when the file does not say.
    cluster: String,
}

/// Disk and memory were the same `age` before `at`, a time of the monotonic clock: a wall clock that jumps makes nothing older.
#[derive(Debug, Clone, Copy)]
struct Current {
    at: Duration,
    age: Duration,
}

impl Snapshots {
    /// Makes the folder if need be, makes sure that it can be written to, and locks it.
    pub(crate) fn open(
        folder: &Path,
        cluster: String,
        keep: Keep,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
    ) -> Result<Self, DataDirError> {
        let unwritable = |source| DataDirError::Unwritable { path: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(unwritable)?;
        let lock = File::create(folder.join("lock")).map_err(unwritable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(DataDirError::InUse { path: folder.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(unwritable(source)),
        }
        remove_leftovers(folder).map_err(unwritable)?;
        match files::write_atomic(&folder.join("writable"), |out| out.write_all(b"ok\n")) {
            // A full disk is no mistake of the operator's: what is there can be read, and writing is tried again and again.
            Err(full) if is_full(&full) => {
                tracing::error!(folder = %folder.display(), error = %full, "the data directory has no room; the hub goes on");
            }
            tried => tried.map_err(unwritable)?,
        }
        let (slots, writing) = Default::default();
        Ok(Self { folder: folder.to_owned(), cluster, keep, clock, metrics, slots, writing, _lock: lock })
    }

    /// Brings back what is on disk. What cannot be used is named, set aside, and costs one LIST.
    pub(crate) fn load(&self, resources: &[Resource], store: &Store, interner: &Interner) -> Resume {
        let mut resume = Resume::new();
        for resource in resources {
            if let Some(version) = self.load_one(*resource, store, interner) {
                resume.insert(*resource, version);
            }
        }
        resume
    }

    fn load_one(&self, resource: Resource, store: &Store, interner: &Interner) -> Option<String> {
        let path = self.path(resource);
        let expected = Expected { cluster: &self.cluster, resource, keep: self.keep };
        let header = match file::read(&path, &expected, interner, |object| store.restore(resource, object)) {
            Ok(header) => header,
            Err(ReadError::Frame(FrameError::Io(missing))) if missing.kind() == io::ErrorKind::NotFound => {
                return None;
            }
            Err(failed) => {
                store.forget(resource);
                self.reject(resource, &path, &failed);
                return None;
            }
        };
        let written_wall = Duration::from_millis(header.written_millis);
        // A wall clock that was set back in between makes the set no younger than it was when it was written.
        let since = self.clock.wall().saturating_sub(written_wall);
        let age = Duration::from_millis(header.age_millis) + since;
        store.restored(resource, header.resource_version.clone(), age);
        let state = store.state(resource);
        let bytes = fs::metadata(&path).map_or(0, |file| file.len());
        let at = self.clock.monotonic();
        let written = Written { changes: state.changes, moves: state.moves, bytes, took: Duration::ZERO, at };
        let slot = Slot {
            written: Some(written),
            current: Some(Current { at, age: since }),
            cluster: header.cluster_uid,
            ..Slot::default()
        };
        self.slots.lock().insert(resource, slot);
        let (resource, objects, age_seconds) = (resource.plural(), state.objects, age.as_secs());
        tracing::info!(resource, objects, age_seconds, "restored from the snapshot");
        Some(header.resource_version)
    }

    /// Whether a restored file says which cluster it is about.
    pub(crate) fn names_cluster(&self) -> bool {
        self.slots.lock().values().any(|slot| !slot.cluster.is_empty())
    }

    /// The API server says that this is the cluster: what was restored from another one is named, set aside and not resumed.
    pub(crate) fn confirm(&self, cluster: &str, store: &Store, mut resume: Resume) -> Resume {
        let foreign: Vec<(Resource, String)> = {
            let slots = self.slots.lock();
            let other = |slot: &Slot| !slot.cluster.is_empty() && slot.cluster != cluster;
            slots
                .iter()
                .filter(|(_, slot)| other(slot))
                .map(|(resource, slot)| (*resource, slot.cluster.clone()))
                .collect()
        };
        for (resource, former) in foreign {
            match resource {
                // Nobody depends on them, and a kube-system that changes would be taken for one more change of cluster.
                Resource::Namespaces => store.forget(resource),
                _ => store.distrust(resource),
            }
            resume.remove(&resource);
            self.slots.lock().remove(&resource);
            self.reject(resource, &self.path(resource), &ReadError::FormerCluster(former));
        }
        resume
    }

    fn reject(&self, resource: Resource, path: &Path, failed: &ReadError) {
        let why = Why::of(failed);
        self.metrics.rejected(why.word());
        let moved = aside::set_aside(path, why, self.clock.wall().as_secs());
        let to = moved
            .as_ref()
            .map_or_else(|error| format!("left in place: {error}"), |to| to.display().to_string());
        let (snapshot, reason) = (path.display(), failed.to_string());
        tracing::warn!(%snapshot, reason, set_aside = to, "snapshot not used; the resource costs one LIST");
        if moved.is_err() {
            let error = format!("{} is {} and cannot be moved away", path.display(), why.word());
            let slot = Slot { blocked: true, error: Some(error), ..Slot::default() };
            self.slots.lock().insert(resource, slot);
        }
    }

    /// Writes what is due; with `all`, whatever differs from the disk. Blocks on the disk.
    pub(crate) fn write(&self, resources: &[Resource], store: &Store, all: bool) {
        let _turn = self.writing.lock();
        for resource in resources {
            if self.is_due(*resource, store, all) {
                self.write_one(*resource, store);
            }
        }
    }

    fn is_due(&self, resource: Resource, store: &Store, all: bool) -> bool {
        let (now, state) = (self.clock.monotonic(), store.state(resource));
        let mut slots = self.slots.lock();
        let slot = slots.entry(resource).or_default();
        if pace::is_current(slot.written.as_ref(), &state) {
            slot.current = Some(Current { at: now, age: Duration::ZERO });
            return false;
        }
        if slot.blocked || !state.known {
            return false;
        }
        all || (now >= slot.not_before && pace::is_due(slot.written.as_ref(), &state, now))
    }

    fn write_one(&self, resource: Resource, store: &Store) {
        // Read before the copy: a change in between makes the file count as old once too often, never too rarely.
        let state = store.state(resource);
        let Some(cut) = store.cut(resource) else { return };
        let (started, wall) = (self.clock.monotonic(), self.clock.wall());
        let header = self.header(resource, &cut, wall, store.cluster());
        let mut bytes = 0;
        let result = files::write_atomic(&self.path(resource), |out| {
            bytes = file::write(out, &header, &cut)?;
            Ok(())
        });
        let at = self.clock.monotonic();
        let took = at.saturating_sub(started);
        self.metrics.snapshot_write(result.is_ok(), took);
        let mut slots = self.slots.lock();
        let slot = slots.entry(resource).or_default();
        match result {
            Ok(()) => {
                slot.written = Some(Written { changes: state.changes, moves: state.moves, bytes, took, at });
                slot.current = Some(Current { at: started, age: Duration::ZERO });
                slot.error = None;
            }
            Err(error) => {
                // A write that worked is paced by what it took; only one that failed waits for the disk.
                slot.not_before = at + Duration::from_secs(RETRY_SECONDS);
                let file = self.path(resource);
                let told = slot.error.replace(format!("cannot write {}: {error}", file.display())).is_some();
                if !told {
                    let file = file.display();
                    tracing::error!(%file, %error, "cannot write the snapshot; the hub goes on, and tries again");
                }
            }
        }
    }

    fn header(&self, resource: Resource, cut: &Cut, wall: Duration, cluster_uid: String) -> Header {
        Header {
            cluster: self.cluster.clone(),
            resource: resource.plural().to_owned(),
            resource_version: cut.resource_version.clone(),
            written_millis: millis(wall),
            age_millis: millis(cut.age),
            annotations: self.keep.annotations,
            cluster_uid,
        }
    }

    /// Size, age, and what is wrong.
    pub(crate) fn status(&self) -> SnapshotStatus {
        let now = self.clock.monotonic();
        let slots = self.slots.lock();
        let age = |current: Current| now.saturating_sub(current.at) + current.age;
        let oldest = slots.values().filter_map(|slot| slot.current.map(age)).max();
        SnapshotStatus {
            bytes: slots.values().filter_map(|slot| slot.written.as_ref()).map(|written| written.bytes).sum(),
            age_seconds: oldest.map(|age| age.as_secs_f64()),
            error: slots.values().find_map(|slot| slot.error.clone()),
        }
    }

    fn path(&self, resource: Resource) -> PathBuf {
        self.folder.join(format!("{}.snapshot", resource.plural()))
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Removes what a write that was killed left behind. The lock is ours, so nobody is writing.
fn remove_leftovers(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".writing-")) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
