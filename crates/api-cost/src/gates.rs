//! Feature gates of kube-apiserver that decide what a read costs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::version::Version;

/// Gates that matter here, by the names of `features/kube_features.go` of k8s.io/apiserver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Gate {
    /// A LIST without resourceVersion is served by the cache (KEP-2340).
    ConsistentListFromCache,
    /// A watch may begin with the objects that are there (KEP-3157).
    WatchList,
    /// Answers leave as they are encoded, never whole in memory (KEP-5116).
    StreamingCollectionEncoding,
    /// Pages and exact versions are served by snapshots of the cache (KEP-4988).
    ListFromCacheSnapshot,
    /// APF's seats of a LIST follow from bytes, not from the number of objects.
    SizeBasedListCostEstimate,
    /// The cache is a tree, so that a namespace is a range of it.
    BtreeWatchCache,
    /// A cache that is not ready answers 429 instead of asking etcd.
    ResilientWatchCacheInitialization,
    /// Answers above 128 KiB are compressed for those who ask.
    APIResponseCompression,
    /// No gate of its own: a watch-list of one node's pods reads the index instead of all pods (kubernetes/kubernetes#138307).
    WatchListUsesIndex,
}

/// (gate, on by default from this minor version of 1, off again in these).
const HISTORY: [(Gate, u32, &[u32]); 8] = [
    (Gate::ConsistentListFromCache, 31, &[]),
    (Gate::WatchList, 32, &[33]),
    (Gate::StreamingCollectionEncoding, 33, &[]),
    (Gate::ListFromCacheSnapshot, 34, &[]),
    (Gate::SizeBasedListCostEstimate, 34, &[]),
    (Gate::BtreeWatchCache, 32, &[]),
    (Gate::ResilientWatchCacheInitialization, 31, &[]),
    (Gate::APIResponseCompression, 16, &[]),
];

/// Which gates are on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gates(BTreeMap<Gate, bool>);

impl Gates {
    /// The defaults of a version.
    #[must_use]
    pub fn of(version: Version) -> Self {
        let on = |(gate, since, off): &(Gate, u32, &[u32])| {
            (*gate, version.minor >= *since && !off.contains(&version.minor))
        };
        Self(HISTORY.iter().map(on).collect())
    }

    /// The defaults, but for those that were set.
    #[must_use]
    pub fn with(mut self, set: &BTreeMap<Gate, bool>) -> Self {
        self.0.extend(set);
        self
    }

    /// Whether a gate is on.
    #[must_use]
    pub fn on(&self, gate: Gate) -> bool {
        self.0.get(&gate).copied().unwrap_or(false)
    }
}
