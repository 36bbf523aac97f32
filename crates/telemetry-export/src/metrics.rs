//! What an endpoint says about itself.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Counters of one endpoint; cheap to clone, all clones count into the same.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    pub(crate) connections: Gauge,
    pub(crate) refused: Counter,
    pub(crate) requests: Family<Code, Counter>,
    pub(crate) panics: Counter,
    pub(crate) timeouts: Family<Timeout, Counter>,
    pub(crate) body_bytes: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Code {
    pub(crate) code: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Timeout {
    pub(crate) kind: TimeoutKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(crate) enum TimeoutKind {
    #[expect(non_camel_case_types, reason = "the variant's name is the label's value")]
    header,
    #[expect(non_camel_case_types, reason = "the variant's name is the label's value")]
    idle,
    #[expect(non_camel_case_types, reason = "the variant's name is the label's value")]
    write,
}

impl Metrics {
    /// Registers everything under the names `<prefix>_…`, for instance `plimsoll_hub_http_requests_total`.
    pub fn register(registry: &mut Registry, prefix: &str) -> Self {
        let metrics = Self::default();
        let registry = registry.sub_registry_with_prefix(format!("{prefix}_http"));
        registry.register("connections", "Open connections", metrics.connections.clone());
        registry.register(
            "connections_refused",
            "Connections turned away because connections_max were open",
            metrics.refused.clone(),
        );
        registry.register("requests", "Answered requests by status code", metrics.requests.clone());
        registry.register(
            "handler_panics",
            "Panics of handlers, each contained to its connection",
            metrics.panics.clone(),
        );
        registry.register(
            "timeouts",
            "Connections closed because the client was too slow",
            metrics.timeouts.clone(),
        );
        registry.register(
            "body_bytes",
            "Bytes of bodies handed to connections, compressed",
            metrics.body_bytes.clone(),
        );
        metrics
    }
}
