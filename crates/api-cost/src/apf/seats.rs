//! How many seats a request takes: the work estimator.
//!
//! Facts: k8s.io/apiserver `util/flowcontrol/request/{config,list_work_estimator,mutating_work_estimator}.go`.

use workload_profile::{RequestClass, ResourceVersion, ResourceVersionMatch, Verb};

use crate::gates::{Gate, Gates};

/// Least that a request takes.
const SEATS_MIN: u64 = 1;
/// Most that a LIST takes; where the estimate goes by number of objects, a tenth of it.
const LIST_SEATS_MAX: u64 = 100;
const LIST_SEATS_BY_COUNT_MAX: u64 = 10;
/// Most that a write takes.
const MUTATING_SEATS_MAX: u64 = 10;
/// Bytes in memory for which one seat stands.
const BYTES_PER_SEAT: u64 = 100_000;
/// What a LIST from the cache is thought to hold in memory at most: it is encoded as a stream.
const CACHED_LIST_BYTES_MAX: u64 = 1_000_000;
/// An object whose size is not known.
const OBJECT_BYTES_MAX: u64 = 1_500_000;
/// Objects for which one seat stands, where the estimate goes by their number.
const OBJECTS_PER_SEAT: u64 = 100;
/// Watchers of a write for which one seat stands, and for how long one of them takes it.
const WATCHES_PER_SEAT: u64 = 10;
const EVENT_MICROSECONDS: u64 = 5000;

/// What the API server knows about a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectStats {
    /// Objects.
    pub objects: u64,
    /// Mean bytes of one in etcd; `None` where it is not estimated.
    pub average_bytes: Option<u64>,
}

/// Seats of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seats {
    /// While it runs.
    pub initial: u64,
    /// After it, while its watchers get the change.
    pub last: u64,
    /// For how long, in microseconds.
    pub last_microseconds: u64,
}

/// Seats of one request; `None` where APF does not count it (exec, attach, logs, port-forward, proxy).
///
/// `stats` is `None` for resources that this API server does not keep (aggregated APIs). `level_max` is the priority level's own
/// limit of one request, 0 where it has none. `watchers` get what is written.
#[must_use]
pub fn seats(
    class: &RequestClass,
    stats: Option<ObjectStats>,
    watchers: u64,
    gates: &Gates,
    level_max: u64,
) -> Option<Seats> {
    let plain = |initial| Seats { initial, last: 0, last_microseconds: 0 };
    match class.verb {
        Verb::Connect => None,
        Verb::Get
            if matches!(
                class.subresource.as_deref(),
                Some("log" | "proxy" | "exec" | "attach" | "portforward")
            ) =>
        {
            None
        }
        Verb::Get => Some(plain(SEATS_MIN)),
        Verb::Watch if !gates.on(Gate::WatchList) => Some(plain(SEATS_MIN)),
        Verb::List | Verb::Watch => Some(plain(list(class, stats, gates, level_max))),
        Verb::Create | Verb::Update | Verb::Patch | Verb::Delete | Verb::DeleteCollection => {
            Some(write(class, watchers, level_max))
        }
    }
}

fn list(class: &RequestClass, stats: Option<ObjectStats>, gates: &Gates, level_max: u64) -> u64 {
    let by_size = gates.on(Gate::SizeBasedListCostEstimate);
    let most = limit(level_max, if by_size { LIST_SEATS_MAX } else { LIST_SEATS_BY_COUNT_MAX });
    let from_the_start = class.send_initial_events || class.resource_version != ResourceVersion::Recent;
    if class.verb == Verb::Watch && !from_the_start {
        return SEATS_MIN;
    }
    let Some(stats) = stats else { return SEATS_MIN };
    let cached = class.verb == Verb::Watch || is_thought_cached(class, gates);
    let seats = if by_size { by_bytes(class, stats, cached) } else { by_count(class, stats, cached) };
    seats.clamp(SEATS_MIN, most)
}

fn by_bytes(class: &RequestClass, stats: ObjectStats, cached: bool) -> u64 {
    let average = stats.average_bytes.filter(|bytes| *bytes > 0).unwrap_or(OBJECT_BYTES_MAX);
    let limited = limited(class, stats);
    let loaded = match () {
        () if is_single(class) => 1,
        () if cached => limited,
        () if has_selector(class) => limited.max(stats.objects / 2),
        () => limited,
    };
    let bytes = loaded.saturating_mul(average);
    let bytes = if cached { bytes.min(CACHED_LIST_BYTES_MAX) } else { bytes };
    bytes.div_ceil(BYTES_PER_SEAT)
}

fn by_count(class: &RequestClass, stats: ObjectStats, cached: bool) -> u64 {
    let limited = limited(class, stats);
    let processed = match () {
        () if is_single(class) => 1,
        () if cached => stats.objects,
        () if has_selector(class) => stats.objects + limited,
        () => 2 * limited,
    };
    processed.div_ceil(OBJECTS_PER_SEAT)
}

fn write(class: &RequestClass, watchers: u64, level_max: u64) -> Seats {
    let token = class.resource == "serviceaccounts" && class.subresource.as_deref() == Some("token");
    if token || watchers < WATCHES_PER_SEAT {
        return Seats { initial: SEATS_MIN, last: 0, last_microseconds: 0 };
    }
    let wanted = watchers.div_ceil(WATCHES_PER_SEAT);
    let last = wanted.min(limit(level_max, MUTATING_SEATS_MAX));
    // The same area, narrower and longer.
    Seats { initial: SEATS_MIN, last, last_microseconds: (wanted * EVENT_MICROSECONDS).div_ceil(last) }
}

/// What the estimator takes for a read of the cache: it knows nothing of snapshots, nor of resources without a cache.
fn is_thought_cached(class: &RequestClass, gates: &Gates) -> bool {
    match class.resource_version_match {
        Some(ResourceVersionMatch::Exact) => return false,
        Some(ResourceVersionMatch::NotOlderThan) => return true,
        None => {}
    }
    if class.continues {
        return false;
    }
    match class.resource_version {
        ResourceVersion::Unset => gates.on(Gate::ConsistentListFromCache),
        ResourceVersion::Zero => true,
        ResourceVersion::Recent => class.limit.is_none_or(|limit| limit == 0),
    }
}

/// Only a field selector of the name makes it one: `RequestInfo` takes the name from there.
fn is_single(class: &RequestClass) -> bool {
    class
        .field_selector
        .as_deref()
        .is_some_and(|selector| selector.split(',').any(|term| term.starts_with("metadata.name=")))
}

fn has_selector(class: &RequestClass) -> bool {
    class.field_selector.is_some() || class.label_selector.is_some()
}

fn limited(class: &RequestClass, stats: ObjectStats) -> u64 {
    class.limit.filter(|limit| *limit > 0).map_or(stats.objects, |limit| limit.min(stats.objects))
}

fn limit(level_max: u64, most: u64) -> u64 {
    if level_max == 0 { most } else { level_max.min(most) }
}

#[cfg(test)]
mod tests;
