//! What the door counts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// A UID has 36 characters; a server that sends more is not believed, since a label lives as long as the process.
const FLOW_UID_BYTES_MAX: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    verb: &'static str,
    resource: &'static str,
    code: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    verb: &'static str,
    resource: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    resource: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Waited {
    budget: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Flow {
    flow_schema_uid: String,
    priority_level_uid: String,
}

/// The counters of one door.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: Family<Answered, Counter>,
    bytes: Family<Asked, Counter>,
    retries: Family<Of, Counter>,
    congestion: Family<Of, Counter>,
    undecodable: Family<Of, Counter>,
    waits: Family<Waited, Counter<f64, AtomicU64>>,
    flows: Family<Flow, Gauge>,
    last_contact: Family<Of, Gauge<f64, AtomicU64>>,
    requests_total: AtomicU64,
    bytes_total: AtomicU64,
    answers: Mutex<BTreeMap<(&'static str, &'static str), Answers>>,
}

/// How requests of one verb for one resource have ended since the start. What the caller gave up itself (a shutdown) is in
/// neither.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answers {
    /// Answered with a 2xx.
    pub successes: u64,
    /// Another status, a timeout, or no connection.
    pub failures: u64,
}

impl Metrics {
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register(
            "plimsoll_api_requests",
            "Requests sent to the API server; code is the HTTP status, or timeout, connection or cancelled",
            metrics.requests.clone(),
        );
        registry.register(
            "plimsoll_api_response_bytes",
            "Bytes of response bodies from the API server, as sent (compressed where it compresses)",
            metrics.bytes.clone(),
        );
        registry.register(
            "plimsoll_api_retries",
            "Requests that were sent again after a failure",
            metrics.retries.clone(),
        );
        registry.register(
            "plimsoll_api_congestion",
            "Times the API server had no room (429)",
            metrics.congestion.clone(),
        );
        registry.register(
            "plimsoll_api_undecodable",
            "Objects from the API server that could not be decoded or are too large",
            metrics.undecodable.clone(),
        );
        registry.register(
            "plimsoll_api_budget_wait_seconds",
            "Seconds that requests and readers have waited for their share of the budget",
            metrics.waits.clone(),
        );
        registry.register(
            "plimsoll_api_flow_info",
            "FlowSchema and PriorityLevelConfiguration that the API server counts us under",
            metrics.flows.clone(),
        );
        registry.register(
            "plimsoll_api_last_contact_timestamp_seconds",
            "When the API server last sent a byte about the resource, since the Unix epoch",
            metrics.last_contact.clone(),
        );
        metrics
    }

    /// A request is over, or its answer has begun.
    pub(crate) fn request(&self, verb: &'static str, resource: &'static str, code: &str) {
        self.requests_total.fetch_add(1, Ordering::Relaxed);
        let labels = Answered { verb, resource, code: code.to_owned() };
        self.requests.get_or_create(&labels).inc();
        let mut all = self.answers.lock();
        let answers = all.entry((verb, resource)).or_default();
        match code {
            "cancelled" => {}
            code if code.starts_with('2') => answers.successes += 1,
            _ => answers.failures += 1,
        }
    }

    pub(crate) fn answers(&self, verb: &'static str, resource: &'static str) -> Answers {
        self.answers.lock().get(&(verb, resource)).copied().unwrap_or_default()
    }

    pub(crate) fn bytes(&self, verb: &'static str, resource: &'static str, bytes: u64) {
        self.bytes_total.fetch_add(bytes, Ordering::Relaxed);
        self.bytes.get_or_create(&Asked { verb, resource }).inc_by(bytes);
    }

    pub(crate) fn retry(&self, resource: &'static str) {
        self.retries.get_or_create(&Of { resource }).inc();
    }

    pub(crate) fn congestion(&self, resource: &'static str) {
        self.congestion.get_or_create(&Of { resource }).inc();
    }

    pub(crate) fn undecodable(&self, resource: &'static str) {
        self.undecodable.get_or_create(&Of { resource }).inc();
    }

    pub(crate) fn waited(&self, budget: &'static str, seconds: f64) {
        self.waits.get_or_create(&Waited { budget }).inc_by(seconds);
    }

    pub(crate) fn contact(&self, resource: &'static str, wall_seconds: f64) {
        self.last_contact.get_or_create(&Of { resource }).set(wall_seconds);
    }

    /// What `X-Kubernetes-PF-*` said. Only the latest pair is kept.
    pub(crate) fn flow(&self, headers: &http::HeaderMap) {
        let uid = |name| {
            let value = headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok())?;
            (value.len() <= FLOW_UID_BYTES_MAX).then(|| value.to_owned())
        };
        let flow = (uid("x-kubernetes-pf-flowschema-uid"), uid("x-kubernetes-pf-prioritylevel-uid"));
        let (Some(flow_schema_uid), Some(priority_level_uid)) = flow else { return };
        let labels = Flow { flow_schema_uid, priority_level_uid };
        let known = self.flows.get(&labels).is_some();
        if !known {
            self.flows.clear();
            self.flows.get_or_create(&labels).set(1);
        }
    }

    pub(crate) fn requests_total(&self) -> u64 {
        self.requests_total.load(Ordering::Relaxed)
    }

    pub(crate) fn bytes_total(&self) -> u64 {
        self.bytes_total.load(Ordering::Relaxed)
    }
}
