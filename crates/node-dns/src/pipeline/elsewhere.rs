//! What the pipeline asks of those who answer for names that are not the cluster's.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use dns_message::{EdeCode, Query, Rcode};
use futures::future::BoxFuture;

/// What became of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Result, as it stands in the response.
    pub rcode: Rcode,
    /// Who answered, under CoreDNS's name for its plugin: `hosts`, `cache`, `forward`, `kubernetes`.
    pub source: &'static str,
    /// Older than it should be (RFC 8767).
    pub stale: bool,
    /// For clients that sent EDNS (RFC 8914): what went wrong, or that it is old.
    pub error: Option<(EdeCode, Cow<'static, str>)>,
}

/// A response, whole: the id, RD and the case of the question as in the query, no OPT record, up to 65,535 octets. Truncation,
/// OPT and cookies are the pipeline's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its octets.
    pub message: Vec<u8>,
    /// What it is.
    pub outcome: Outcome,
}

/// Hosts, rewrite, cache and upstreams.
pub trait Elsewhere: Send + Sync + 'static {
    /// Appends the response when it needs no waiting (hosts, a fresh entry of the cache); `None` and nothing appended
    /// otherwise. Called on the threads that read UDP: no lock is held for long. `now` is monotonic.
    fn at_once(&self, query: &Query<'_>, now: Duration, out: &mut Vec<u8>) -> Option<Outcome>;

    /// Whether this query is for [`Elsewhere::ask`] also when its name is the cluster's: a rewrite rule or a template is
    /// about it. Asked only when there are rules.
    fn wants(&self, query: &Query<'_>) -> bool {
        let _ = query;
        false
    }

    /// Asks for as long as it makes sense. `query` has passed the gate. There always is a reply: SERVFAIL, if nothing
    /// else.
    fn ask(self: Arc<Self>, query: Vec<u8>, client: SocketAddr) -> BoxFuture<'static, Reply>;
}
