//! The work of one request.

use serde::Serialize;
use workload_profile::{Accept, RequestClass, Verb};

use crate::coefficients::Coefficients;
use crate::gates::{Gate, Gates};
use crate::read_path::{CacheState, ReadPath, route};
use crate::sizes::{Known, Selection, answer_bytes, selection};

/// Answers above this are compressed for those who ask (`endpoints/handlers/responsewriters`).
const GZIP_FROM_BYTES: f64 = 131_072.0;
/// What gzip -1 leaves of JSON and protobuf of Kubernetes objects, where nothing was seen.
const GZIP_RATIO: f64 = 0.1;
/// `{"type":"ADDED","object":` and `}\n` around an object of a watch in JSON; its protobuf frame takes about the same.
const FRAME_BYTES: f64 = 28.0;
/// The envelope of a LIST: kind, apiVersion, its own metadata.
const LIST_BYTES: f64 = 90.0;
/// With a selector and a limit, etcd is asked for pages that double until one is full or this long (`etcd3/store.go`).
const ETCD_PAGE_OBJECTS_MAX: f64 = 10_000.0;
/// Of what a request allocates, the part that is live at a time while it runs (research, section 6.2).
pub(crate) const LIVE_SHARE: f64 = 1.0 / 3.0;

/// What one request takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Work {
    /// Which way it goes.
    pub path: ReadPath,
    /// Objects that are looked at.
    pub objects_scanned: f64,
    /// Objects that come back.
    pub objects_returned: f64,
    /// CPU seconds of the API server.
    pub apiserver_cpu_seconds: f64,
    /// CPU seconds of etcd.
    pub etcd_cpu_seconds: f64,
    /// Bytes of the answer's body, before compression.
    pub body_bytes: f64,
    /// Bytes of it on the wire.
    pub response_bytes: f64,
    /// Bytes that the API server allocates for it.
    pub allocated_bytes: f64,
    /// Seconds for which the watch cache is locked.
    pub lock_seconds: f64,
}

/// What one request meets.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// Coefficients.
    pub coefficients: &'a Coefficients,
    /// Gates of the server.
    pub gates: &'a Gates,
    /// Nodes.
    pub nodes: f64,
    /// How the cache is.
    pub cache: CacheState,
    /// Watchers of the resource that get a change, for writes.
    pub watchers: f64,
}

/// The work of one request of a class.
#[must_use]
pub fn work(class: &RequestClass, known: &Known, at: &Situation<'_>) -> Work {
    let route = route(class, at.gates, at.cache);
    let selected = selection(class, known, at.nodes);
    let object_bytes = answer_bytes(class, known);
    let returned = returned(class, route.limited, selected);
    let scanned = scanned(class, route.path, selected, returned);
    let body_bytes = body_bytes(class, returned, object_bytes);
    let compressed = class.gzip && body_bytes >= GZIP_FROM_BYTES && at.gates.on(Gate::APIResponseCompression);
    let of = at.coefficients;

    let mut cpu = of.request;
    let mut etcd = 0.0;
    let mut allocated = body_bytes * of.allocated_per_byte;
    let mut lock = 0.0;
    if route.consistent {
        cpu += of.consistent_read;
        etcd += of.etcd_cpu_get;
    }
    match route.path {
        ReadPath::CacheGet | ReadPath::CacheIndex | ReadPath::NoObjects | ReadPath::WatchEvents => {}
        ReadPath::EtcdGet => {
            cpu += of.get_from_etcd;
            etcd += of.etcd_cpu_get;
        }
        ReadPath::CacheScan => cpu += if has_selector(class) { scanned * of.scan_object } else { 0.0 },
        ReadPath::CachePage => {
            cpu += selected.within * of.page_object;
            cpu += if has_selector(class) { scanned * of.scan_object } else { 0.0 };
        }
        ReadPath::EtcdScan | ReadPath::EtcdPage => {
            cpu += scanned * known.stored_bytes.mul_add(of.etcd_byte, of.etcd_object);
            etcd += scanned.mul_add(of.etcd_cpu_object, of.etcd_cpu_get);
            allocated += scanned * of.allocated_per_etcd_object;
        }
        ReadPath::WatchList => {
            cpu += scanned * of.watch_list_object;
            lock += scanned * of.lock_object;
        }
    }
    let per_byte = if route.path == ReadPath::WatchList { &of.watch_list } else { &of.list };
    cpu += body_bytes * per_byte.of(class.accept);
    if compressed {
        cpu += body_bytes * of.gzip_byte;
    }
    if is_write(class.verb) {
        let (write, written) = write(class, known, at);
        cpu += write;
        etcd += written;
    }
    Work {
        path: route.path,
        objects_scanned: scanned,
        objects_returned: returned,
        apiserver_cpu_seconds: cpu,
        etcd_cpu_seconds: etcd,
        body_bytes,
        response_bytes: if compressed { body_bytes * gzip_ratio(class) } else { body_bytes },
        allocated_bytes: allocated,
        lock_seconds: lock,
    }
}

/// CPU seconds for one change that one watcher of this class gets, and for one that its selector drops.
#[must_use]
pub fn event_cpu(class: &RequestClass, known: &Known, of: &Coefficients) -> (f64, f64) {
    let bytes = known.bytes(class.accept) + FRAME_BYTES;
    (bytes.mul_add(of.event_byte, of.event), of.event_dropped)
}

/// Bytes of one change that one watcher of this class gets.
#[must_use]
pub fn event_bytes(class: &RequestClass, known: &Known) -> f64 {
    known.bytes(class.accept) + FRAME_BYTES
}

/// Whether it changes something.
#[must_use]
pub(crate) fn is_write(verb: Verb) -> bool {
    matches!(verb, Verb::Create | Verb::Update | Verb::Patch | Verb::Delete | Verb::DeleteCollection)
}

fn has_selector(class: &RequestClass) -> bool {
    class.field_selector.is_some() || class.label_selector.is_some()
}

fn returned(class: &RequestClass, limited: bool, selected: Selection) -> f64 {
    match class.verb {
        Verb::Get | Verb::Create | Verb::Update | Verb::Patch | Verb::Delete => 1.0,
        Verb::Connect => 0.0,
        Verb::Watch
            if !class.send_initial_events
                && class.resource_version == workload_profile::ResourceVersion::Recent =>
        {
            0.0
        }
        Verb::List | Verb::Watch | Verb::DeleteCollection => match (limited, class.limit) {
            (true, Some(limit)) => selected.matching.min(to_f64(limit)),
            _ => selected.matching,
        },
    }
}

fn scanned(class: &RequestClass, path: ReadPath, selected: Selection, returned: f64) -> f64 {
    // A page is full after limit / share objects.
    let until_full = || match selected.matching > 0.0 {
        true => (returned * selected.within / selected.matching).min(selected.within),
        false => selected.within,
    };
    match path {
        ReadPath::NoObjects | ReadPath::WatchEvents => 0.0,
        ReadPath::CacheGet | ReadPath::EtcdGet => 1.0,
        ReadPath::CacheIndex => returned,
        ReadPath::CacheScan => selected.within,
        ReadPath::CachePage => until_full(),
        // etcd knows no labels: everything below the prefix is read; with a limit, in pages that grow.
        ReadPath::EtcdScan => selected.within.max(returned),
        ReadPath::EtcdPage if has_selector(class) => {
            until_full().max(returned).min(selected.within.max(ETCD_PAGE_OBJECTS_MAX))
        }
        ReadPath::EtcdPage => returned,
        // Neither index nor namespace counts here.
        ReadPath::WatchList => selected.all.max(returned),
    }
}

fn body_bytes(class: &RequestClass, returned: f64, object_bytes: f64) -> f64 {
    let observed = class.observed.as_ref().and_then(|observed| observed.response_bytes);
    match class.verb {
        // The path decides, and the same path answers the same everywhere.
        Verb::Get if class.resource.is_empty() || class.subresource.is_some() => observed.unwrap_or(0.0),
        Verb::Connect => 0.0,
        Verb::List => returned.mul_add(object_bytes, LIST_BYTES),
        Verb::Watch => returned * (object_bytes + FRAME_BYTES),
        Verb::Get | Verb::Create | Verb::Update | Verb::Patch | Verb::Delete | Verb::DeleteCollection => {
            observed.unwrap_or(returned * object_bytes)
        }
    }
}

fn write(class: &RequestClass, known: &Known, at: &Situation<'_>) -> (f64, f64) {
    let of = at.coefficients;
    // A patch is small, but the whole object is decoded, changed, encoded and stored. The answer shows how large it is.
    let answered = class.observed.as_ref().and_then(|observed| observed.response_bytes);
    let sent = class.body_bytes.map_or(0.0, to_f64).max(answered.unwrap_or(known.stored_bytes));
    let json = RequestClass { accept: Accept::Json, ..class.clone() };
    let (delivered, _) = event_cpu(&json, known, of);
    (sent.mul_add(of.write_byte, of.write) + at.watchers * delivered, of.etcd_cpu_write)
}

fn gzip_ratio(class: &RequestClass) -> f64 {
    let seen = class.observed.as_ref().and_then(|seen| Some((seen.wire_bytes?, seen.response_bytes?)));
    match seen {
        Some((wire, body)) if body > 0.0 && wire < body => wire / body,
        _ => GZIP_RATIO,
    }
}

#[expect(clippy::cast_precision_loss, reason = "sizes and limits: far below 2^52")]
fn to_f64(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests;
