//! Sizes of file systems, where one that does not answer (a hung NFS server) delays nobody.
//!
//! `statfs` cannot be cancelled, so it runs on threads of its own: one in the normal case. While it is stuck in one mount,
//! that mount is marked and left out, and a further thread goes on with the rest, up to [`THREADS_MAX`] stuck ones.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::Roots;
use crate::proc::mounts::Mount;

/// A mount that takes longer than this is said to be stuck; node_exporter's default.
pub const STUCK_SECONDS: u64 = 5;
/// Threads at once, each with a stack of 64 KiB: 4 stuck mounts, then nothing new is asked until one answers.
pub const THREADS_MAX: usize = 4;
const STACK_BYTES: usize = 64 << 10;
/// Mounts looked at; node_exporter has no limit, a node has some ten (and one for each volume of a pod).
pub const MOUNTS_MAX: usize = 1_024;

/// What `statfs` says of one mount; sizes in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Space {
    /// All of it.
    pub size: u64,
    /// Not in use.
    pub free: u64,
    /// Not in use, and not reserved for root.
    pub available: u64,
    /// Inodes.
    pub files: u64,
    /// Free inodes.
    pub files_free: u64,
}

/// One mount and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filesystem {
    /// The mount.
    pub mount: Mount,
    /// Its size, or why there is none.
    pub space: Result<Space, String>,
}

/// Asks for sizes in the background.
#[derive(Debug)]
pub struct Filesystems {
    roots: Roots,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    /// What the last finished round found.
    found: Vec<Filesystem>,
    /// Mount points whose `statfs` has not come back, with the time when it was called.
    asking: Vec<(String, Duration)>,
    /// Rounds under way.
    threads: usize,
}

impl Filesystems {
    /// Nothing is asked before the first [`Filesystems::refresh`].
    pub fn new(roots: Roots) -> Self {
        Self { roots, shared: Arc::default() }
    }

    /// Asks for `mounts`, unless a round is under way that is not stuck. `now` is a clock that only moves forward.
    pub fn refresh(&self, mounts: Vec<Mount>, now: impl Fn() -> Duration + Send + 'static) {
        let mut shared = self.shared.lock();
        let limit = Duration::from_secs(STUCK_SECONDS);
        let at = now();
        let moving = shared.asking.iter().filter(|(_, since)| at.saturating_sub(*since) < limit).count();
        let stuck = shared.asking.len() - moving;
        if shared.threads > stuck || shared.threads >= THREADS_MAX {
            return;
        }
        shared.threads += 1;
        let (roots, handle) = (self.roots.clone(), self.shared.clone());
        let thread = std::thread::Builder::new().name("statfs".into()).stack_size(STACK_BYTES);
        if thread.spawn(move || round(&roots, &handle, mounts, &now)).is_err() {
            shared.threads -= 1;
        }
    }

    /// Calls `each` for what is known, the latest first answers included; mounts that do not answer have an error.
    pub fn each(&self, mut each: impl FnMut(&Filesystem)) {
        self.shared.lock().found.iter().for_each(&mut each);
    }

    /// Mounts whose `statfs` has been under way for longer than [`STUCK_SECONDS`].
    pub fn stuck(&self, now: Duration) -> usize {
        let limit = Duration::from_secs(STUCK_SECONDS);
        self.shared.lock().asking.iter().filter(|(_, since)| now.saturating_sub(*since) >= limit).count()
    }
}

fn round(roots: &Roots, shared: &Mutex<Shared>, mounts: Vec<Mount>, now: &dyn Fn() -> Duration) {
    let mut found = Vec::with_capacity(mounts.len().min(MOUNTS_MAX));
    for mount in mounts.into_iter().take(MOUNTS_MAX) {
        let point = mount.mountpoint.clone();
        {
            let mut shared = shared.lock();
            if shared.asking.iter().any(|(asked, _)| *asked == point) {
                found.push(Filesystem { mount, space: Err("mountpoint timeout".into()) });
                continue;
            }
            shared.asking.push((point.clone(), now()));
        }
        let space = space(roots, &point);
        let late = {
            let mut shared = shared.lock();
            let called = shared.asking.iter().position(|(asked, _)| *asked == point);
            let since = called.map(|place| shared.asking.swap_remove(place).1).unwrap_or_default();
            now().saturating_sub(since) >= Duration::from_secs(STUCK_SECONDS)
        };
        if late {
            // Another round has overtaken this one: what it found is newer.
            shared.lock().threads -= 1;
            return;
        }
        found.push(Filesystem { mount, space });
    }
    let mut shared = shared.lock();
    shared.found = found;
    shared.threads -= 1;
}

fn space(roots: &Roots, mountpoint: &str) -> Result<Space, String> {
    let stat = rustix::fs::statfs(roots.on_host(mountpoint)).map_err(|failed| failed.to_string())?;
    let block = u64::try_from(stat.f_bsize).unwrap_or_default();
    let bytes = |blocks: u64| blocks.saturating_mul(block);
    Ok(Space {
        size: bytes(stat.f_blocks),
        free: bytes(stat.f_bfree),
        available: bytes(stat.f_bavail),
        files: stat.f_files,
        files_free: stat.f_ffree,
    })
}

#[cfg(test)]
mod tests;
