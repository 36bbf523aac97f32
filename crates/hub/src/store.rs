//! What the hub knows: every object once, and how fresh that is.
//!
//! A relist updates in place. Each replay has a number; an object that the replay mentions gets that number, and what still has
//! an older one at its end is gone. So a reader sees the old object or the new one, never a part of the set, and memory never
//! holds two sets.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::Duration;

use apiserver_client::Change;
use environment::Clock;
use hashbrown::HashTable;
use objects::{Object, Resource, Seeded};
use parking_lot::Mutex;

/// A table that fell below a quarter of its capacity gives the rest back, but never below this many entries of 24 bytes.
const SHRINK_ENTRIES_MIN: usize = 4_096;

/// Every cluster has this namespace from its first day to its last: its uid is the cluster's.
pub(crate) const KUBE_SYSTEM: &str = "kube-system";

/// All resources.
pub struct Store {
    shelves: [Mutex<Shelf>; Resource::ALL.len()],
    clock: Arc<dyn Clock>,
    hash: Seeded,
}

/// What one change did.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// No object differs.
    Nothing,
    /// An object is new or changed.
    Set {
        /// Its state before.
        old: Option<Object>,
        /// Its state now.
        new: Object,
    },
    /// These objects are gone.
    Gone(Vec<Object>),
}

/// What is known about one resource.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct State {
    /// A whole set is here: read since the start, or restored.
    pub known: bool,
    /// The set came from the snapshot and the API server has not confirmed it yet.
    pub restored: bool,
    /// Live objects.
    pub objects: usize,
    /// Since the API server last said something that shows the set to be current; `None` before the first time.
    pub age: Option<Duration>,
    /// Changes of objects so far, for whoever wants to know whether there was one.
    pub changes: u64,
    /// Moves of the place to resume from so far.
    pub moves: u64,
    /// Changes whose object could not be decoded.
    pub undecodable: u64,
}

/// A consistent copy of one resource: the set, and where a watch goes on from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Cut {
    /// Every object.
    pub objects: Vec<Object>,
    /// A watch that resumes here misses nothing.
    pub resource_version: String,
    /// [`State::age`] at the time of the copy.
    pub age: Duration,
}

struct Shelf {
    hash: Seeded,
    objects: HashTable<Kept>,
    replay: u32,
    replaying: bool,
    known: bool,
    restored: bool,
    resource_version: String,
    proof: Option<Proof>,
    changes: u64,
    moves: u64,
    undecodable: u64,
}

/// The key is inside the object.
struct Kept {
    object: Object,
    replay: u32,
}

/// The set was `age` old `at` this time of the monotonic clock.
#[derive(Clone, Copy)]
struct Proof {
    at: Duration,
    age: Duration,
}

impl Store {
    /// Nothing known. Names are written by tenants: `hash` has a key that they don't know.
    pub fn new(clock: Arc<dyn Clock>, hash: Seeded) -> Self {
        Self { shelves: std::array::from_fn(|_| Mutex::new(Shelf::new(hash))), clock, hash }
    }

    /// For other tables with names in them.
    pub(crate) fn hash(&self) -> Seeded {
        self.hash
    }

    /// The uid of the namespace kube-system; empty until it is known.
    pub fn cluster(&self) -> String {
        let namespace = self.get(Resource::Namespaces, "", KUBE_SYSTEM);
        namespace.map(|namespace| namespace.meta().uid.to_string()).unwrap_or_default()
    }

    /// Takes in a change.
    pub fn apply(&self, resource: Resource, change: Change) -> Effect {
        let now = self.clock.monotonic();
        let mut shelf = self.shelf(resource).lock();
        match change {
            Change::ReplayStarted => {
                shelf.replay = shelf.replay.wrapping_add(1);
                shelf.replaying = true;
                Effect::Nothing
            }
            Change::Applied(object) => {
                shelf.saw(&object, now);
                Effect::Set { old: shelf.set(object.clone()), new: object }
            }
            Change::Deleted(object) => {
                shelf.saw(&object, now);
                shelf.remove(&object).map_or(Effect::Nothing, |last| Effect::Gone(vec![last]))
            }
            Change::ReplayFinished { resource_version } => {
                shelf.replaying = false;
                shelf.known = true;
                shelf.proven(resource_version, now);
                Effect::Gone(shelf.sweep())
            }
            Change::Bookmark { resource_version } => {
                // In mid-replay a bookmark says nothing about what the replay has yet to mention.
                if !shelf.replaying {
                    shelf.proven(resource_version, now);
                }
                Effect::Nothing
            }
            Change::Undecodable => {
                shelf.undecodable += 1;
                Effect::Nothing
            }
        }
    }

    /// A copy of the set; `None` until a whole one is known. Sixteen bytes an object: the objects themselves are shared.
    pub fn objects(&self, resource: Resource) -> Option<Vec<Object>> {
        let shelf = self.shelf(resource).lock();
        shelf.known.then(|| shelf.copy())
    }

    /// A copy of what is here, whole set or not: for who follows each change anyway.
    pub fn held(&self, resource: Resource) -> Vec<Object> {
        self.shelf(resource).lock().copy()
    }

    /// One object, known or not yet part of a whole set.
    pub fn get(&self, resource: Resource, namespace: &str, name: &str) -> Option<Object> {
        let shelf = self.shelf(resource).lock();
        shelf
            .objects
            .find(hash(self.hash, namespace, name), |kept| is(&kept.object, namespace, name))
            .map(|kept| kept.object.clone())
    }

    /// What is known about `resource`.
    pub fn state(&self, resource: Resource) -> State {
        let now = self.clock.monotonic();
        let shelf = self.shelf(resource).lock();
        State {
            known: shelf.known,
            restored: shelf.restored,
            objects: shelf.objects.len(),
            age: shelf.proof.map(|proof| proof.age(now)),
            changes: shelf.changes,
            moves: shelf.moves,
            undecodable: shelf.undecodable,
        }
    }

    /// For the snapshot; `None` when nothing can be resumed from the resource.
    pub fn cut(&self, resource: Resource) -> Option<Cut> {
        let now = self.clock.monotonic();
        let shelf = self.shelf(resource).lock();
        if !shelf.known || shelf.resource_version.is_empty() {
            return None;
        }
        let age = shelf.proof?.age(now);
        Some(Cut { objects: shelf.copy(), resource_version: shelf.resource_version.clone(), age })
    }

    /// Puts back an object from a snapshot. It shows only after [`Store::restored`].
    pub fn restore(&self, resource: Resource, object: Object) {
        self.shelf(resource).lock().set(object);
    }

    /// All objects of `resource` are back; they were `age` old.
    pub fn restored(&self, resource: Resource, resource_version: String, age: Duration) {
        let now = self.clock.monotonic();
        let mut shelf = self.shelf(resource).lock();
        shelf.known = true;
        shelf.restored = true;
        shelf.resource_version = resource_version;
        shelf.proof = Some(Proof { at: now, age });
    }

    /// Forgets what was restored: it is not to be trusted after all.
    pub fn forget(&self, resource: Resource) {
        *self.shelf(resource).lock() = Shelf::new(self.hash);
    }

    /// What is here is about another cluster: it is shown no more and not to be resumed from. The objects stay for the next
    /// replay to take them out, so that who depends on them is told.
    pub fn distrust(&self, resource: Resource) {
        let mut shelf = self.shelf(resource).lock();
        (shelf.known, shelf.restored, shelf.proof) = (false, false, None);
        shelf.resource_version.clear();
    }

    fn shelf(&self, resource: Resource) -> &Mutex<Shelf> {
        &self.shelves[resource as usize]
    }
}

impl Shelf {
    fn new(hash: Seeded) -> Self {
        Self {
            hash,
            objects: HashTable::new(),
            replay: 0,
            replaying: false,
            known: false,
            restored: false,
            resource_version: String::new(),
            proof: None,
            changes: 0,
            moves: 0,
            undecodable: 0,
        }
    }

    fn copy(&self) -> Vec<Object> {
        self.objects.iter().map(|kept| kept.object.clone()).collect()
    }

    /// Returns the state before.
    fn set(&mut self, object: Object) -> Option<Object> {
        self.changes += 1;
        let (namespace, name) = key(&object);
        let (seed, replay) = (self.hash, self.replay);
        let hash = hash(seed, namespace, name);
        if let Some(kept) = self.objects.find_mut(hash, |kept| is(&kept.object, namespace, name)) {
            kept.replay = replay;
            return Some(std::mem::replace(&mut kept.object, object));
        }
        self.objects.insert_unique(hash, Kept { object, replay }, |kept| hash_of(seed, &kept.object));
        None
    }

    fn remove(&mut self, object: &Object) -> Option<Object> {
        let (namespace, name) = key(object);
        let hash = hash(self.hash, namespace, name);
        let found = self.objects.find_entry(hash, |kept| is(&kept.object, namespace, name)).ok()?;
        self.changes += 1;
        let (kept, _) = found.remove();
        Some(kept.object)
    }

    /// Takes out what the replay did not mention.
    fn sweep(&mut self) -> Vec<Object> {
        let replay = self.replay;
        let gone: Vec<Object> =
            self.objects.extract_if(|kept| kept.replay != replay).map(|kept| kept.object).collect();
        self.changes += gone.len() as u64;
        if self.objects.capacity() > 4 * self.objects.len().max(SHRINK_ENTRIES_MIN) {
            let seed = self.hash;
            self.objects.shrink_to_fit(|kept| hash_of(seed, &kept.object));
        }
        gone
    }

    /// An object of a watch moves the place to resume from; one of a replay does not: the rest is still to come.
    fn saw(&mut self, object: &Object, now: Duration) {
        if !self.replaying {
            self.proven(object.meta().resource_version.to_string(), now);
        }
    }

    fn proven(&mut self, resource_version: String, now: Duration) {
        if !resource_version.is_empty() && resource_version != self.resource_version {
            self.resource_version = resource_version;
            self.moves += 1;
        }
        self.restored = false;
        self.proof = Some(Proof { at: now, age: Duration::ZERO });
    }
}

impl Proof {
    fn age(self, now: Duration) -> Duration {
        now.saturating_sub(self.at) + self.age
    }
}

fn key(object: &Object) -> (&str, &str) {
    let meta = object.meta();
    (&meta.namespace, &meta.name)
}

fn is(object: &Object, namespace: &str, name: &str) -> bool {
    key(object) == (namespace, name)
}

fn hash_of(seed: Seeded, object: &Object) -> u64 {
    let (namespace, name) = key(object);
    hash(seed, namespace, name)
}

fn hash(seed: Seeded, namespace: &str, name: &str) -> u64 {
    seed.hash_one((namespace, name))
}

#[cfg(test)]
mod tests;
