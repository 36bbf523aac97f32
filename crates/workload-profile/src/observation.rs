//! One request, as it was seen.

/// One request, as a proxy or an audit log saw it.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// When it came, in seconds since any fixed moment.
    pub at_seconds: f64,
    /// Until its answer was complete.
    pub took_seconds: f64,
    /// Which copy of the workload sent it, as well as that can be told (a source address, a connection's owner).
    pub instance: String,
    /// Who, as the API server knows it, where that is known: `system:serviceaccount:NAMESPACE:NAME`.
    pub user: Option<String>,
    /// `User-Agent`.
    pub user_agent: Option<String>,
    /// HTTP method; of an audit log, the Kubernetes verb in lower case.
    pub method: String,
    /// Path and query.
    pub uri: String,
    /// `Accept`, where it is known (an audit log does not say it).
    pub accept: Option<String>,
    /// Whether `Accept-Encoding` has gzip, where that is known.
    pub gzip: Option<bool>,
    /// HTTP status; `None` when there was none.
    pub status: Option<u16>,
    /// Of a 429 or 503.
    pub retry_after_seconds: Option<f64>,
    /// Bytes of the request's body.
    pub request_bytes: Option<u64>,
    /// Bytes of the answer's body, uncompressed, where they were counted.
    pub response_bytes: Option<u64>,
    /// Bytes of the answer's body on the wire.
    pub wire_bytes: Option<u64>,
    /// Objects of a LIST, or initial events of a watch.
    pub objects: Option<u64>,
    /// Events of a watch after those.
    pub events: Option<u64>,
    /// How it ended.
    pub ending: Ending,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With its answer.
    Complete,
    /// The client went away first.
    ClientGone,
    /// The server went away first.
    ServerGone,
    /// Still open when the recording ended.
    Open,
}
