//! All objects, their versions and their history, behind one lock.
//!
//! Like the real server's etcd: one counter for all resources, objects in key order, a bounded past. Unlike it: no disk,
//! no admission. [`Store`] is also the library's access for tests: it writes what it is given, without the rules that
//! requests obey.

mod access;
mod history;
mod page;
mod stored;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use environment::{Clock, Entropy};
use jiff::Timestamp;
use parking_lot::RwLock;
use serde_json::Value;
use tokio::sync::watch;

pub(crate) use access::typed;
use history::History;
pub(crate) use history::{Action, Change};
pub(crate) use page::ListFrom;
pub(crate) use stored::{Stored, field_text};

use crate::error::ApiError;
use crate::kind::{self, Kind};

/// The objects of the cluster. Clones share them.
#[derive(Clone)]
pub struct Store {
    state: Arc<RwLock<State>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    history_events_max: usize,
}

struct State {
    /// The version of the latest change of any resource.
    version: u64,
    collections: Vec<Collection>,
}

struct Collection {
    kind: Arc<Kind>,
    objects: BTreeMap<Box<str>, Arc<Stored>>,
    history: History,
    /// The latest version of this resource: wakes its watches.
    changed: watch::Sender<u64>,
}

/// What a writer decides when it has seen the object as it is.
pub(crate) enum Decision {
    Put(Value),
    /// A dry run: the object as it would be; nothing is written.
    Preview(Value),
    Delete,
    /// Nothing changes: no new version, no event.
    Keep,
}

/// The object after the write: as it is, or as it was last.
pub(crate) type Written = (Option<Action>, Arc<Stored>);

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Store").field("version", &self.version()).finish_non_exhaustive()
    }
}

impl Store {
    /// Empty but for the built-in kinds.
    pub(crate) fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>, history_events_max: usize) -> Self {
        // A real cluster's counter does not begin at 1 either; 0 has a meaning of its own.
        let version = 1000;
        let collections = kind::builtin()
            .into_iter()
            .map(|kind| Collection::new(kind, version, history_events_max))
            .collect();
        let state = Arc::new(RwLock::new(State { version, collections }));
        Self { state, clock, entropy, history_events_max }
    }

    /// The version of the latest change.
    pub fn version(&self) -> u64 {
        self.state.read().version
    }

    /// Now, as `metadata.creationTimestamp` has it.
    pub(crate) fn timestamp(&self) -> String {
        self.now().to_string()
    }

    /// Now, in whole seconds.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_second(self.clock.wall().as_secs() as i64).unwrap_or(Timestamp::MIN)
    }

    pub(crate) fn kinds(&self) -> Vec<Arc<Kind>> {
        self.state.read().collections.iter().map(|collection| collection.kind.clone()).collect()
    }

    /// The kind whose resource has this name in this group.
    pub(crate) fn resource(&self, group: &str, plural: &str) -> Option<Arc<Kind>> {
        let state = self.state.read();
        let kinds = state.collections.iter().map(|collection| &collection.kind);
        kinds.into_iter().find(|kind| kind.group == group && kind.plural == plural).cloned()
    }

    /// The kind that an object names.
    pub(crate) fn kind_of(&self, api_version: &str, kind: &str) -> Option<Arc<Kind>> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let state = self.state.read();
        let mut kinds = state.collections.iter().map(|collection| &collection.kind);
        kinds.find(|one| one.group == group && one.kind == kind && one.version(version).is_some()).cloned()
    }

    /// Begins or goes on to serve a custom resource; its objects stay.
    pub(crate) fn serve(&self, kind: Kind) {
        let mut state = self.state.write();
        let version = state.version;
        let found = state
            .collections
            .iter_mut()
            .find(|one| one.kind.group == kind.group && one.kind.plural == kind.plural);
        match found {
            Some(collection) => collection.kind = Arc::new(kind),
            None => state.collections.push(Collection::new(kind, version, self.history_events_max)),
        }
    }

    /// Stops to serve a custom resource and drops its objects. Built-in kinds stay.
    pub(crate) fn stop_serving(&self, group: &str, plural: &str) {
        let mut state = self.state.write();
        state
            .collections
            .retain(|one| one.kind.schema.is_some() || one.kind.group != group || one.kind.plural != plural);
    }

    pub(crate) fn get(&self, kind: &Kind, key: &str) -> Option<Arc<Stored>> {
        self.state.read().collection(kind)?.objects.get(key).cloned()
    }

    /// Shows `decide` the object and does what it decides, in one step. `object_at` of the decision gets its version.
    pub(crate) fn write(
        &self,
        kind: &Kind,
        key: &str,
        decide: impl FnOnce(Option<&Arc<Stored>>) -> Result<Decision, ApiError>,
    ) -> Result<Written, ApiError> {
        let mut state = self.state.write();
        let version = state.version + 1;
        let collection = state.collection_mut(kind).ok_or_else(ApiError::no_such_path)?;
        let previous = collection.objects.get(key).cloned();
        let missing = || ApiError::not_found(&kind.qualified(), key.rsplit('/').next().unwrap_or(key));
        let (action, object) = match decide(previous.as_ref())? {
            Decision::Keep => return Ok((None, previous.ok_or_else(missing)?)),
            Decision::Preview(value) => {
                let shown = previous.map_or(version, |object| object.version);
                return Ok((None, stored_at(kind, key, shown, value)));
            }
            Decision::Put(value) => {
                let action = if previous.is_some() { Action::Modified } else { Action::Added };
                let object = stored_at(kind, key, version, value);
                collection.objects.insert(key.into(), object.clone());
                (action, object)
            }
            Decision::Delete => {
                let last = collection.objects.remove(key).ok_or_else(missing)?;
                (Action::Deleted, stored_at(kind, key, version, last.value()))
            }
        };
        collection.history.push(Change { version, action, object: object.clone(), previous });
        collection.changed.send_replace(version);
        state.version = version;
        Ok((Some(action), object))
    }

    /// Fills an empty store: no history, no waking.
    pub(crate) fn load(&self, kind: &Kind, objects: impl Iterator<Item = (Box<str>, Value)>) {
        let mut state = self.state.write();
        let mut version = state.version;
        let Some(collection) = state.collection_mut(kind) else { return };
        for (key, object) in objects {
            version += 1;
            let stored = stored_at(kind, &key, version, object);
            collection.objects.insert(key, stored);
        }
        collection.history.compact(version);
        collection.changed.send_replace(version);
        state.version = version;
    }

    /// Wakes when the resource changes.
    pub(crate) fn changes(&self, kind: &Kind) -> Option<watch::Receiver<u64>> {
        Some(self.state.read().collection(kind)?.changed.subscribe())
    }

    /// Up to `limit` changes after `version`, and the counter at this moment.
    ///
    /// # Errors
    /// 410 where some of them are forgotten; 404 where the resource is no longer served.
    pub(crate) fn changes_after(
        &self,
        kind: &Kind,
        version: u64,
        limit: usize,
    ) -> Result<(Vec<Change>, u64), ApiError> {
        let state = self.state.read();
        let collection = state.collection(kind).ok_or_else(ApiError::no_such_path)?;
        let changes = collection.history.after(version, limit).ok_or_else(|| {
            ApiError::expired(format!(
                "too old resource version: {version} ({})",
                collection.history.oldest()
            ))
        })?;
        Ok((changes, state.version))
    }

    /// Forgets the past of every resource, as etcd's compaction does: whoever resumes must LIST.
    pub fn expire_versions(&self) {
        let mut state = self.state.write();
        // The counter moves, so that "now" is not a version that somebody holds from before.
        state.version += 1;
        let version = state.version;
        for collection in &mut state.collections {
            collection.history.compact(version);
            collection.changed.send_replace(version);
        }
    }
}

impl State {
    fn collection(&self, kind: &Kind) -> Option<&Collection> {
        self.collections.iter().find(|one| one.kind.plural == kind.plural && one.kind.group == kind.group)
    }

    fn collection_mut(&mut self, kind: &Kind) -> Option<&mut Collection> {
        self.collections.iter_mut().find(|one| one.kind.plural == kind.plural && one.kind.group == kind.group)
    }
}

impl Collection {
    fn new(kind: Kind, version: u64, history_events_max: usize) -> Self {
        Self {
            kind: Arc::new(kind),
            objects: BTreeMap::new(),
            history: History::new(history_events_max, version),
            changed: watch::Sender::new(version),
        }
    }
}

fn stored_at(kind: &Kind, key: &str, version: u64, mut object: Value) -> Arc<Stored> {
    if let Some(fields) = object.as_object_mut() {
        fields.remove("apiVersion");
        fields.remove("kind");
    }
    object["metadata"]["resourceVersion"] = Value::String(version.to_string());
    Arc::new(Stored::new(kind, key.into(), version, &object))
}
