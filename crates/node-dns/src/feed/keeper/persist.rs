//! The keeper's dealings with the disk: reading it, writing to it, handing it over.

use std::collections::HashSet;
use std::io;
use std::time::Duration;

use fanout::{Change, ItemKey};
use service_names::topic;
use tokio::task::JoinHandle;

use super::Keeper;
use crate::disk::{Appended, Each, Loaded};
use crate::feed::guard::Guard;
use crate::feed::unix_millis;
use crate::pipeline::knowledge::Origin;

/// How long the process before this one is waited for, before it counts as one that stays.
const HANDOVER: Duration = Duration::from_secs(5);
const HANDOVER_POLL: Duration = Duration::from_millis(50);

impl Keeper {
    /// Reads the disk into the zone.
    pub(in crate::feed) fn load(&mut self) {
        if let Some(disk) = &mut self.disk {
            let loaded = disk.load();
            self.take_loaded(loaded);
        }
    }

    /// Serves what was read, in place of what is served.
    pub(in crate::feed) fn take_loaded(&mut self, loaded: Loaded) {
        let Some(position) = loaded.position else { return self.tell() };
        let (now, wall) = (self.parts.clock.monotonic(), self.parts.clock.wall());
        self.position = position;
        let mut changes = loaded.changes;
        self.without(&mut changes);
        self.apply(&changes);
        if let Some(beat) = self.parts.zone.heartbeat() {
            self.heartbeats.restore((*beat).clone());
        }
        let cluster = self.odd.get(&ItemKey::new(topic::CLUSTER, b"")).cloned();
        self.guard = Guard::new(self.guard_config, cluster, now);
        // A clock that went back makes nothing younger than new.
        let age = Duration::from_millis(unix_millis(wall).saturating_sub(position.proven_unix_ms));
        self.parts.proofs.prove(age, now);
        self.parts.proofs.set_origin(Origin::Disk);
        self.tell();
    }

    /// Serves what a neighbour knows, unless something is known meanwhile.
    pub(in crate::feed) fn take_neighbours(&mut self, loaded: Loaded) -> bool {
        if self.parts.proofs.origin() != Origin::Nothing {
            return false;
        }
        self.take_loaded(loaded);
        if let Some(disk) = &mut self.disk {
            disk.set_behind();
        }
        true
    }

    /// Adds the removal of what is served and not in `changes`: another process has written meanwhile.
    pub(super) fn without(&self, changes: &mut Vec<Change>) {
        let named: HashSet<&ItemKey> = changes.iter().map(|change| &change.item).collect();
        let mut gone = Vec::new();
        self.items(&mut |of, key, _| {
            let item = ItemKey::new(of, key);
            if !named.contains(&item) {
                gone.push(Change { item, value: None });
            }
        });
        changes.extend(gone);
    }

    /// Takes the right to write; the process before this one may still have it, and may have written more.
    pub(in crate::feed) async fn begin(&mut self) {
        let deadline = self.parts.clock.monotonic() + HANDOVER;
        while !self.lock() && self.parts.clock.monotonic() < deadline {
            tokio::time::sleep(HANDOVER_POLL).await;
        }
    }

    /// Whether this process writes now, or there is nothing to write to.
    pub(super) fn lock(&mut self) -> bool {
        let Some(disk) = &mut self.disk else { return true };
        if disk.is_locked() {
            return true;
        }
        match disk.lock() {
            Ok(true) => {}
            Ok(false) => return false,
            Err(error) => {
                tracing::error!(%error, "cannot lock the data directory; the zone is not written");
                return false;
            }
        }
        if !disk.is_changed() {
            return true;
        }
        // Before the first word of a hub the disk knows better; afterwards it is behind.
        if matches!(self.parts.proofs.origin(), Origin::Nothing | Origin::Disk) {
            self.load();
        } else {
            disk.set_behind();
        }
        true
    }

    pub(super) fn write(&mut self, changes: &[Change]) {
        self.written_at = self.parts.clock.monotonic();
        let Some(disk) = &mut self.disk else { return };
        if let Appended::Failed(error) = disk.append(&self.position, changes) {
            self.parts.told.lock().disk_failures += 1;
            tracing::error!(%error, "the disk does not take the zone's changes; the zone goes on in memory");
        }
    }

    pub(super) fn compact_if_due(&mut self) {
        let now = self.parts.clock.monotonic();
        let known = self.parts.proofs.origin() != Origin::Nothing;
        if !known || !self.disk.as_ref().is_some_and(|disk| disk.is_due(now)) {
            return;
        }
        let Some(mut disk) = self.disk.take() else { return };
        let items = |each: &mut Each<'_>| {
            self.parts.zone.items(each);
            self.odd.iter().for_each(|(item, value)| each(item.topic, &item.key, value));
        };
        match disk.compact(&self.position, &items, now) {
            Ok(()) => {
                self.settling = disk.take_writing().map(tokio::task::spawn_blocking);
            }
            Err(error) => {
                self.parts.told.lock().disk_failures += 1;
                tracing::error!(%error, "cannot write a snapshot of the zone; tried again in half a minute");
            }
        }
        self.disk = Some(disk);
        self.tell();
    }

    pub(super) fn settled(&mut self, settled: io::Result<u64>) {
        self.settling = None;
        let wall = self.parts.clock.wall();
        let Some(disk) = &mut self.disk else { return };
        if let Err(error) = disk.finish(settled, wall) {
            self.parts.told.lock().disk_failures += 1;
            tracing::error!(%error, "the disk did not take a snapshot of the zone; tried again in half a minute");
        }
        self.tell();
    }

    /// Lets the disk finish what it is at; nothing is written after this.
    pub(in crate::feed) async fn close(&mut self) {
        if self.settling.is_some() {
            let done = settled(&mut self.settling).await;
            self.settled(done);
        }
        if let Some(disk) = &mut self.disk
            && let Err(error) = disk.close()
        {
            tracing::warn!(%error, "the log of the zone may not be on disk yet");
        }
        self.tell();
    }
}

/// The snapshot that is being settled; never, when there is none.
pub(super) async fn settled(settling: &mut Option<JoinHandle<io::Result<u64>>>) -> io::Result<u64> {
    match settling {
        Some(handle) => handle.await.unwrap_or_else(|panicked| Err(io::Error::other(panicked))),
        None => std::future::pending().await,
    }
}
