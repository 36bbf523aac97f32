//! The one that keeps the zone: takes what the hub says, in order, and lets time pass.

mod persist;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agent_link::{NamesLink, Update};
use bytes::Bytes;
use environment::Clock;
use fanout::{Change, Held, ItemKey, Transfer};
use parking_lot::Mutex;
use service_names::payload::{HeartbeatItem, Item as _};
use service_names::{Zone, topic};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::dead::Locals;
use super::freshness::{Heartbeats, Proofs};
use super::guard::{Counts, Guard, GuardConfig, Served};
use super::pods::Event;
use super::{Told, unix_millis};
use crate::disk::{Disk, Each, Loaded, Position};
use crate::pipeline::knowledge::Origin;

/// How often time is let pass.
const TICK: Duration = Duration::from_secs(1);
/// In a quiet cluster nothing is written for long; what is on disk would look older than it is.
const PROOF_WRITTEN_EVERY: Duration = Duration::from_secs(60);
/// An operator's word: a file of this name in the data directory (`plimsoll dns confirm`).
pub const CONFIRM_FILE: &str = "confirm";

/// What the keeper shares with those who ask.
pub(super) struct Parts {
    pub(super) zone: Arc<Zone>,
    pub(super) proofs: Arc<Proofs>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) told: Arc<Mutex<Told>>,
    pub(super) data_dir: Option<PathBuf>,
}

pub(super) struct Keeper {
    parts: Parts,
    disk: Option<Disk>,
    guard: Guard,
    guard_config: GuardConfig,
    heartbeats: Heartbeats,
    position: Position,
    /// Items that are no part of the zone: of topics that this version does not know, or of which no name can be made. They
    /// count in the hub's set.
    odd: BTreeMap<ItemKey, Bytes>,
    locals: Locals,
    /// Streams so far, to notice a new one.
    welcomes: u64,
    written_at: Duration,
    settling: Option<JoinHandle<io::Result<u64>>>,
}

impl Keeper {
    pub(super) fn new(parts: Parts, disk: Option<Disk>, guard_config: GuardConfig) -> Self {
        let now = parts.clock.monotonic();
        Self {
            parts,
            disk,
            guard: Guard::new(guard_config, None, now),
            guard_config,
            heartbeats: Heartbeats::default(),
            position: Position::default(),
            odd: BTreeMap::new(),
            locals: Locals::default(),
            welcomes: 0,
            written_at: now,
            settling: None,
        }
    }

    /// Works until `stop`.
    pub(super) async fn run(
        &mut self,
        link: Option<&NamesLink>,
        mut pods: Option<mpsc::Receiver<Event>>,
        mut neighbours: Option<mpsc::Receiver<Loaded>>,
        stop: CancellationToken,
    ) {
        let mut following = stop.child_token();
        let mut updates = self.follow(link, &following);
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                update = next(&mut updates) => self.update(update, link),
                event = next(&mut pods) => self.pods_event(event),
                loaded = next(&mut neighbours) => if self.take_neighbours(loaded) {
                    // The hub is to send what has changed since, and what is gone.
                    following.cancel();
                    while let Some(updates) = &mut updates && updates.recv().await.is_some() {}
                    following = stop.child_token();
                    updates = self.follow(link, &following);
                },
                settled = persist::settled(&mut self.settling) => self.settled(settled),
                _ = ticks.tick() => self.tick(link),
            }
            self.compact_if_due();
        }
    }

    fn follow(&self, link: Option<&NamesLink>, stop: &CancellationToken) -> Option<mpsc::Receiver<Update>> {
        let followed = link?.follow(self.held(), stop.clone());
        followed.inspect_err(|error| tracing::error!(%error, "no way to the hub")).ok()
    }

    /// What the zone consists of, for the hub.
    pub(super) fn held(&self) -> Held {
        let mut held = Held::new(self.position.epoch, self.position.sequence);
        self.items(&mut |of, key, value| held.insert(ItemKey::new(of, key), value));
        held
    }

    /// Every item that is served, but for the heartbeat, which no set contains.
    pub(super) fn items(&self, each: &mut Each<'_>) {
        self.parts.zone.items(&mut |of, key, value| {
            if of != topic::HEARTBEAT {
                each(of, key, value);
            }
        });
        self.odd.iter().for_each(|(item, value)| each(item.topic, &item.key, value));
    }

    pub(super) fn update(&mut self, update: Update, link: Option<&NamesLink>) {
        self.note_stream(link);
        match update {
            Update::Changes(transfer) => self.transfer(transfer),
            Update::Pulse(value) => self.pulse(value),
        }
        self.tell();
    }

    fn note_stream(&mut self, link: Option<&NamesLink>) {
        let welcomes = link.map_or(0, |link| link.status().stats.welcomes);
        if welcomes != self.welcomes {
            self.welcomes = welcomes;
            self.heartbeats.stream_began();
        }
    }

    fn transfer(&mut self, transfer: Transfer) {
        let (now, wall) = (self.parts.clock.monotonic(), self.parts.clock.wall());
        let (epoch, sequence) = (transfer.epoch, transfer.sequence);
        let before = self.guard.quarantine().map(|quarantine| quarantine.suspicion);
        let pass = self.guard.take(transfer, &*self.parts.zone, now);
        let held = self.guard.quarantine();
        if let Some(held) = &held
            && before.as_ref() != Some(&held.suspicion)
        {
            let (suspicion, items) = (&held.suspicion, held.items);
            tracing::error!(
                ?suspicion,
                items,
                "what the hub says is suspicious: the former names go on being served"
            );
        }
        // A set with something held back is no hub's.
        self.position.epoch = if held.is_none() { epoch } else { 0 };
        self.position.sequence = sequence;
        if !self.heartbeats.expected() {
            self.prove(Duration::ZERO, now, wall);
        }
        if self.parts.proofs.origin() != Origin::Live {
            self.parts.proofs.set_origin(Origin::Hub);
        }
        self.write_and_apply(&pass);
    }

    fn pulse(&mut self, value: Bytes) {
        let (now, wall) = (self.parts.clock.monotonic(), self.parts.clock.wall());
        if value.is_empty() {
            return self.heartbeats.none();
        }
        let Ok(item) = HeartbeatItem::from_value(value.clone()) else { return };
        let Some(age) = self.heartbeats.take(item, now, wall) else { return };
        if !self.prove(age, now, wall) {
            return;
        }
        let item = ItemKey::new(topic::HEARTBEAT, b"");
        self.write_and_apply(&[Change { item, value: Some(value) }]);
    }

    /// What is served was `age` old just now. Not so while something is held back: the path may be alive, but what is served
    /// is not what came over it, and neither gets younger nor has a heartbeat.
    fn prove(&mut self, age: Duration, now: Duration, wall: Duration) -> bool {
        let proven = self.guard.quarantine().is_none();
        if proven {
            self.parts.proofs.prove(age, now);
            self.position.proven_unix_ms = unix_millis(wall.saturating_sub(age));
        }
        proven
    }

    /// First the disk, then the zone: what was answered once is known after a restart.
    fn write_and_apply(&mut self, changes: &[Change]) {
        self.write(changes);
        self.apply(changes);
    }

    fn apply(&mut self, changes: &[Change]) {
        if changes.is_empty() {
            return;
        }
        let serial = u32::try_from(self.parts.clock.wall().as_secs()).unwrap_or(u32::MAX);
        let applied = self.parts.zone.apply(changes, serial);
        let refused: HashMap<ItemKey, String> =
            applied.refused.into_iter().map(|refused| (refused.item, refused.reason.to_string())).collect();
        for Change { item, value } in changes {
            let odd = refused.contains_key(item) || !topic::ALL.contains(&item.topic);
            match value {
                Some(value) if odd => drop(self.odd.insert(item.clone(), value.clone())),
                _ => drop(self.odd.remove(item)),
            }
        }
        for (item, reason) in &refused {
            let key = String::from_utf8_lossy(&item.key);
            tracing::debug!(topic = item.topic.0, %key, reason, "an item makes no name");
        }
        let mut told = self.parts.told.lock();
        told.changes += changes.len() as u64;
        told.refused = self.odd.keys().filter(|item| topic::ALL.contains(&item.topic)).count();
    }

    fn pods_event(&mut self, event: Event) {
        match event {
            Event::All(pods) => self.locals.replace(pods),
            Event::One(uid, pod) => self.locals.apply(uid, pod),
            Event::Gone(uid) => self.locals.remove(&uid),
        }
        let dead = self.locals.dead();
        self.parts.told.lock().dead = dead.len();
        self.parts.zone.set_dead(dead);
    }

    pub(super) fn tick(&mut self, link: Option<&NamesLink>) {
        let now = self.parts.clock.monotonic();
        self.note_stream(link);
        let status = link.map(NamesLink::status);
        let synced = status.as_ref().is_some_and(|status| status.connected && status.synced);
        let alive = synced && self.heartbeats.alive(now);
        if synced && !self.heartbeats.expected() {
            // The hub's word is all there is.
            let silence = status.and_then(|status| status.last_heard).unwrap_or_default();
            self.prove(silence, now, self.parts.clock.wall());
        }
        match self.parts.proofs.origin() {
            _ if alive && self.guard.quarantine().is_none() => self.parts.proofs.set_origin(Origin::Live),
            _ if synced => self.parts.proofs.set_origin(Origin::Hub),
            Origin::Live => self.parts.proofs.set_origin(Origin::Hub),
            _ => {}
        }
        let released = self.guard.tick(synced && (alive || !self.heartbeats.expected()), now);
        self.release(released, "time");
        if self.is_confirmed() {
            let released = self.guard.confirm();
            self.release(released, "an operator");
        }
        if synced && now >= self.written_at + PROOF_WRITTEN_EVERY {
            self.write(&[]);
        }
        self.lock();
        self.tell();
    }

    fn release(&mut self, released: Vec<Change>, who: &str) {
        if !released.is_empty() {
            tracing::warn!(items = released.len(), who, "the quarantine is over: confirmed");
            self.write_and_apply(&released);
        }
    }

    /// Takes an operator's word, once.
    fn is_confirmed(&self) -> bool {
        let Some(folder) = &self.parts.data_dir else { return false };
        self.guard.quarantine().is_some() && std::fs::remove_file(folder.join(CONFIRM_FILE)).is_ok()
    }

    fn tell(&self) {
        let mut told = self.parts.told.lock();
        told.quarantine = self.guard.quarantine();
        told.disk = self.disk.as_ref().map(Disk::state);
        told.disk_bytes = self.disk.as_ref().map_or(0, Disk::bytes);
    }
}

impl Served for Zone {
    fn counts(&self) -> Counts {
        let stats = self.stats();
        Counts { services: stats.services, slices: stats.slices, namespaces: stats.namespaces }
    }

    fn keys(&self) -> HashSet<ItemKey> {
        let mut keys = HashSet::new();
        self.items(&mut |of, key, _| {
            keys.insert(ItemKey::new(of, key));
        });
        keys
    }
}

/// The next one; never, when there is no source or no more.
async fn next<T>(source: &mut Option<mpsc::Receiver<T>>) -> T {
    if let Some(receiver) = source
        && let Some(value) = receiver.recv().await
    {
        return value;
    }
    *source = None;
    std::future::pending().await
}
