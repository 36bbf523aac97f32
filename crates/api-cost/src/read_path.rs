//! Which way a read goes, by version and gates.
//!
//! Facts: k8s.io/apiserver `storage/cacher/delegator.go`, `cacher.go`, `watch_cache_interval.go`; KEP-2340, KEP-3157, KEP-4988.

use workload_profile::{RequestClass, ResourceVersion, ResourceVersionMatch, Verb};

use crate::gates::{Gate, Gates};

/// What an API server looks into to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadPath {
    /// One object of the cache.
    CacheGet,
    /// One key of etcd.
    EtcdGet,
    /// Objects that an index of the cache names (`spec.nodeName` of pods).
    CacheIndex,
    /// A namespace, or all of the cache, whole.
    CacheScan,
    /// A page: the keys of the namespace or of all are collected, the page is answered.
    CachePage,
    /// Every object is read from etcd and decoded, then selected.
    EtcdScan,
    /// A page of that.
    EtcdPage,
    /// Every object of the resource is copied and sorted, then selected.
    WatchList,
    /// Only what changes from now on.
    WatchEvents,
    /// No read of objects.
    NoObjects,
}

/// How the cache is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheState {
    /// As it should be.
    Fresh,
    /// More than 3 seconds behind etcd: consistent reads go to etcd.
    Stalled,
    /// Just started, not filled yet.
    Cold,
}

/// A way, and what belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The way.
    pub path: ReadPath,
    /// The cache is asked how new it is, by one cheap read of etcd.
    pub consistent: bool,
    /// `limit` counts; with resourceVersion=0 it does not.
    pub limited: bool,
}

/// Resources without a watch cache (`kubeapiserver/default_storage_factory_builder.go` of kubernetes).
const UNCACHED: [&str; 1] = ["events"];

/// The way of a request.
#[must_use]
pub fn route(class: &RequestClass, gates: &Gates, cache: CacheState) -> Route {
    match class.verb {
        Verb::List => list(class, gates, cache),
        Verb::Watch => watch(class),
        Verb::Get if class.resource.is_empty() || class.subresource.is_some() => whole(ReadPath::NoObjects),
        Verb::Get if class.resource_version == ResourceVersion::Unset || !is_cached(class) => {
            whole(ReadPath::EtcdGet)
        }
        Verb::Get => whole(ReadPath::CacheGet),
        Verb::DeleteCollection => list(class, gates, cache),
        Verb::Create | Verb::Update | Verb::Patch | Verb::Delete | Verb::Connect => {
            whole(ReadPath::NoObjects)
        }
    }
}

/// Whether the selector is answered by an index: equality of `spec.nodeName`, of pods and resourceslices only.
#[must_use]
pub(crate) fn is_indexed(class: &RequestClass) -> bool {
    matches!(class.resource.as_str(), "pods" | "resourceslices")
        && class.field_selector.as_deref().is_some_and(|selector| {
            selector
                .split(',')
                .any(|term| term.starts_with("spec.nodeName=") && term.len() > "spec.nodeName=".len())
        })
}

/// Whether the resource has a watch cache.
#[must_use]
pub(crate) fn is_cached(class: &RequestClass) -> bool {
    !UNCACHED.contains(&class.resource.as_str())
}

fn whole(path: ReadPath) -> Route {
    Route { path, consistent: false, limited: false }
}

fn list(class: &RequestClass, gates: &Gates, cache: CacheState) -> Route {
    let paged = class.limit.is_some_and(|limit| limit > 0);
    if !is_cached(class) {
        return etcd(paged);
    }
    let snapshots = gates.on(Gate::ListFromCacheSnapshot) && cache != CacheState::Cold;
    let exact = class.continues
        || class.resource_version_match == Some(ResourceVersionMatch::Exact)
        || (class.resource_version == ResourceVersion::Recent
            && class.resource_version_match.is_none()
            && paged);
    if exact {
        return if snapshots { cached(class, paged) } else { etcd(paged) };
    }
    if class.resource_version != ResourceVersion::Unset {
        let limited = paged && class.resource_version != ResourceVersion::Zero;
        // A server whose cache is not filled asks etcd for those that come in pages, and holds the others back.
        return if cache == CacheState::Cold && paged { etcd(limited) } else { cached(class, limited) };
    }
    if gates.on(Gate::ConsistentListFromCache) && cache == CacheState::Fresh {
        return Route { consistent: true, ..cached(class, paged) };
    }
    etcd(paged)
}

fn etcd(limited: bool) -> Route {
    Route { path: if limited { ReadPath::EtcdPage } else { ReadPath::EtcdScan }, consistent: false, limited }
}

fn cached(class: &RequestClass, limited: bool) -> Route {
    let path = match (is_indexed(class), limited) {
        (true, _) => ReadPath::CacheIndex,
        (false, true) => ReadPath::CachePage,
        (false, false) => ReadPath::CacheScan,
    };
    Route { path, consistent: false, limited }
}

fn watch(class: &RequestClass) -> Route {
    if !is_cached(class) {
        // etcd's own watch; with initial events the objects are read first.
        return whole(if class.send_initial_events { ReadPath::EtcdScan } else { ReadPath::WatchEvents });
    }
    let from_the_start = class.send_initial_events || class.resource_version != ResourceVersion::Recent;
    whole(if from_the_start { ReadPath::WatchList } else { ReadPath::WatchEvents })
}

#[cfg(test)]
mod tests;
