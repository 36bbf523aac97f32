//! The last changes of one resource: what watches read and what LISTs of the past undo.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::Stored;

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Added,
    Modified,
    Deleted,
}

/// One change.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) version: u64,
    pub(crate) action: Action,
    /// The object after the change; as it was last, with the version of its deletion, when it is gone.
    pub(crate) object: Arc<Stored>,
    pub(crate) previous: Option<Arc<Stored>>,
}

/// Bounded by count; the oldest goes first.
#[derive(Debug)]
pub(crate) struct History {
    changes: VecDeque<Change>,
    changes_max: usize,
    /// Everything up to this version is forgotten.
    compacted: u64,
}

impl History {
    pub(crate) fn new(changes_max: usize, compacted: u64) -> Self {
        Self { changes: VecDeque::new(), changes_max, compacted }
    }

    pub(crate) fn push(&mut self, change: Change) {
        if self.changes.len() == self.changes_max
            && let Some(oldest) = self.changes.pop_front()
        {
            self.compacted = oldest.version;
        }
        self.changes.push_back(change);
    }

    /// Forgets everything up to `version`.
    pub(crate) fn compact(&mut self, version: u64) {
        self.changes.clear();
        self.compacted = version;
    }

    /// Whether the state at `version` can still be told.
    pub(crate) fn knows(&self, version: u64) -> bool {
        version >= self.compacted
    }

    /// Up to `limit` changes after `version`; `None` where some of them are forgotten.
    pub(crate) fn after(&self, version: u64, limit: usize) -> Option<Vec<Change>> {
        if !self.knows(version) {
            return None;
        }
        let first = self.changes.partition_point(|change| change.version <= version);
        Some(self.changes.range(first..).take(limit).cloned().collect())
    }

    /// What must be put in place of today's objects to see the state at `version`; `None` for objects that were not there.
    pub(crate) fn undo_to(&self, version: u64) -> Option<BTreeMap<Box<str>, Option<Arc<Stored>>>> {
        if !self.knows(version) {
            return None;
        }
        let first = self.changes.partition_point(|change| change.version <= version);
        let undone = self.changes.range(first..).rev();
        Some(undone.map(|change| (change.object.key.clone(), change.previous.clone())).collect())
    }

    /// The oldest version from which a watch can start.
    pub(crate) fn oldest(&self) -> u64 {
        self.compacted
    }
}
