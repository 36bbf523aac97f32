//! The table of requests: every request that Plimsoll can send to an API server is a row of [`TABLE`].
//!
//! [`Request`] can be made from a row only, and the door's transport accepts nothing but a [`Request`]. `docs/api-calls.md` is
//! written from the same rows by [`markdown`].

use kube::client::Body;
use objects::Resource;

mod markdown;
mod paths;
pub mod rollouts;
#[cfg(test)]
mod tests;

pub use markdown::markdown;
pub use paths::path;

use self::paths::{custom_path, event_path, heartbeat_path, leases_path, object_path, push_escaped};
use crate::times::{WATCH_SECONDS_MAX, WATCH_SECONDS_MIN};

/// Objects per page. client-go's pager has the same: about 2.7 MB of pods in protobuf.
pub const PAGE_OBJECTS_MAX: u32 = 500;

/// The kinds of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// Changes from a known version on.
    Watch,
    /// The full state as initial events, then changes, in one stream.
    WatchList,
    /// The first page of the full state.
    FirstPage,
    /// A further page.
    NextPage,
    /// Which cluster it is.
    Identity,
    /// The one write: the heartbeat.
    Beat,
    /// What the API server says about itself.
    Metrics,
    /// Whether it is ready, on a connection of its own.
    Ready,
    /// One small object through etcd, on the connection that is open.
    Read,
    /// All objects of one of our own kinds.
    CustomList,
    /// One of them.
    CustomGet,
    /// A person's change of one.
    CustomSpec,
    /// The hub's word on one.
    CustomStatus,
    /// An event about one.
    Event,
    /// Who leads.
    LeaderGet,
    /// Nobody has led yet.
    LeaderCreate,
    /// To lead, or to go on leading.
    LeaderPatch,
}

/// The Lease that [`Call::Beat`] writes.
pub const HEARTBEAT_LEASE: &str = "plimsoll-heartbeat";

/// The Lease of the hub that steers rollouts.
pub const LEADER_LEASE: &str = "plimsoll-rollouts";

/// Group and version of our own kinds.
pub const CUSTOM_GROUP: &str = "plimsoll.dev/v1alpha1";

/// One query parameter of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: Value,
}

/// Where the value of a parameter comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// Always the same.
    Fixed(&'static str),
    /// The version up to which everything is known.
    ResourceVersion,
    /// Random, [`WATCH_SECONDS_MIN`] to [`WATCH_SECONDS_MAX`].
    TimeoutSeconds,
    /// [`PAGE_OBJECTS_MAX`].
    PageObjects,
    /// [`rollouts::CUSTOM_OBJECTS_MAX`].
    CustomObjects,
    /// The continue token of the page before.
    ContinueToken,
}

/// What the path of a row names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// All objects of the resource.
    Collection,
    /// The namespace kube-system: its uid is the cluster's.
    KubeSystem,
    /// The Lease [`HEARTBEAT_LEASE`] in the hub's namespace.
    Heartbeat,
    /// The API server's own metrics: no resource.
    Metrics,
    /// Whether it takes requests: no resource.
    Ready,
    /// All objects of one of our own kinds.
    Custom,
    /// One object of one of our own kinds.
    CustomObject,
    /// Its status.
    CustomStatus,
    /// An Event in its namespace.
    Event,
    /// The Leases of the hub's namespace.
    Leases,
    /// The Lease [`LEADER_LEASE`] among them.
    Leader,
}

/// Our own kinds (`plimsoll.dev/v1alpha1`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Custom {
    /// How a workload comes to all nodes.
    #[default]
    DaemonRollout,
    /// What a workload may use of the API servers.
    LoadLine,
}

/// One row: a request that the door can make, for each resource that it keeps, or for its one Lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Which one.
    pub call: Call,
    /// The verb, as the audit log and RBAC name it.
    pub verb: &'static str,
    /// The method of HTTP.
    pub method: &'static str,
    /// What the path names.
    pub target: Target,
    /// The query.
    pub query: &'static [Parameter],
    /// When it is sent.
    pub when: &'static str,
    /// How often at most.
    pub often: &'static str,
    /// What it costs the API server.
    pub cost: &'static str,
}

const fn fixed(name: &'static str, value: &'static str) -> Parameter {
    Parameter { name, value: Value::Fixed(value) }
}

const fn filled(name: &'static str, value: Value) -> Parameter {
    Parameter { name, value }
}

/// Every request that the door can make.
pub fn table() -> impl Iterator<Item = &'static Row> {
    TABLE.iter().chain(&rollouts::TABLE)
}

/// Those of telemetry.
const TABLE: [Row; 9] = [
    Row {
        call: Call::Watch,
        verb: "watch",
        method: "GET",
        target: Target::Collection,
        query: &[
            fixed("watch", "true"),
            fixed("allowWatchBookmarks", "true"),
            filled("resourceVersion", Value::ResourceVersion),
            filled("timeoutSeconds", Value::TimeoutSeconds),
        ],
        when: "A version is known: after a full state, after the stream before it ended, at a start with a snapshot.",
        often: "One open per resource. Renewed when the server ends it; after failures with backoff.",
        cost: "The changes since that version, from the watch cache. No LIST, no initial events.",
    },
    Row {
        call: Call::WatchList,
        verb: "watch",
        method: "GET",
        target: Target::Collection,
        query: &[
            fixed("watch", "true"),
            fixed("sendInitialEvents", "true"),
            fixed("resourceVersionMatch", "NotOlderThan"),
            fixed("allowWatchBookmarks", "true"),
            filled("timeoutSeconds", Value::TimeoutSeconds),
        ],
        when: "No version is known: at a start without a snapshot, after the server said 410, or once when it cannot read the \
               version (400, 422).",
        often: "Once per resource and start; one at a time; after failures with backoff. Goes on as the watch of that resource.",
        cost: "Every object once, streamed from the watch cache as of now (resourceVersion is unset: consistent), encoded one \
               by one: the server never holds the whole answer.",
    },
    Row {
        call: Call::FirstPage,
        verb: "list",
        method: "GET",
        target: Target::Collection,
        query: &[filled("limit", Value::PageObjects)],
        when: "Instead of a watch-list, for a server that refuses or ignores watch-lists, or broke three of them off in a row.",
        often: "As the watch-list.",
        cost: "One page. resourceVersion is unset on purpose: that is paginated by every server (a consistent read; from the \
               watch cache where the server can, else from etcd). resourceVersion=0 is never sent with it: the watch cache \
               ignores limit then, and answers with everything at once.",
    },
    Row {
        call: Call::NextPage,
        verb: "list",
        method: "GET",
        target: Target::Collection,
        query: &[filled("limit", Value::PageObjects), filled("continue", Value::ContinueToken)],
        when: "The page before had a continue token. After a failure the same page is asked for again, with backoff; when the \
               token has expired (410) the list starts over, with backoff.",
        often: "Once for each further 500 objects.",
        cost: "One page, as of the same version as the first.",
    },
    Row {
        call: Call::Identity,
        verb: "get",
        method: "GET",
        target: Target::KubeSystem,
        query: &[fixed("resourceVersion", "0")],
        when: "At a start with a snapshot, before its watches are resumed: another uid means another cluster behind the same \
               address, and the snapshot is set aside.",
        often: "Once per start with a snapshot; after failures with backoff. A refusal is an answer: the snapshot is trusted.",
        cost: "The metadata of one namespace, from the watch cache: nothing of etcd.",
    },
    Row {
        call: Call::Beat,
        verb: "patch",
        method: "PATCH",
        target: Target::Heartbeat,
        query: &[fixed("fieldManager", "plimsoll-hub"), fixed("force", "true")],
        when: "A DNS server follows the hub: without one nothing is written. When the watch of leases brings it back, its \
               time says how old the hub's knowledge is, end to end: what nodes answer for as fresh is that old and not older.",
        often: "Once in 5 s over all hubs: one that sees another's does not write. After failures with backoff; where it is \
                refused (401, 403) or there is no such namespace (404), once in one to two minutes.",
        cost: "One write of an object of 300 bytes to etcd, one event to each watch of leases. 5,000 nodes renew 500 leases in \
               a second.",
    },
    Row {
        call: Call::Metrics,
        verb: "get",
        method: "GET",
        target: Target::Metrics,
        query: &[],
        when: "The live forecast is on (`--load-watch`): without it never. It is how the hub learns what the API server bears.",
        often: "Once in 7.5 s, never twice at a time; while it fails or is refused, ever more seldom, down to once in two minutes.",
        cost: "A page that grows with what the server serves, not with the number of nodes: 0.5 to 5 MB, not compressed, because \
               that would cost the server more than sending it. `preflight record` of a hub shows what it is on yours.",
    },
    Row {
        call: Call::Ready,
        verb: "get",
        method: "GET",
        target: Target::Ready,
        query: &[],
        when: "Agents follow the hub (`--agents-listen`): what is to leave the API server alone while it is not well must hear so.",
        often: "Once in 5 s, never twice at a time, given up after 5 s.",
        cost: "A TCP connection and a TLS handshake, which is what it is to measure; two bytes of answer.",
    },
    Row {
        call: Call::Read,
        verb: "get",
        method: "GET",
        target: Target::KubeSystem,
        query: &[],
        when: "With the one before.",
        often: "As the one before.",
        cost: "The metadata of one namespace, as of now: one read of etcd. APF, authorisation and storage stand in its way.",
    },
];

/// What a row is filled with.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fill<'a> {
    /// For [`Value::ResourceVersion`].
    pub resource_version: &'a str,
    /// For [`Value::TimeoutSeconds`].
    pub timeout_seconds: u32,
    /// For [`Value::ContinueToken`].
    pub continue_token: &'a str,
    /// Ask for gzip.
    pub gzip: bool,
    /// For [`Target::Heartbeat`].
    pub namespace: &'a str,
    /// For [`Call::Beat`] and whatever else is written: an object, or a part of it, as JSON.
    pub body: &'a [u8],
    /// For [`Target::Custom`] and the two after it.
    pub kind: Custom,
    /// For [`Target::CustomObject`], [`Target::CustomStatus`] and [`Target::Event`].
    pub name: &'a str,
}

/// A request that stands in the table.
#[derive(Debug)]
pub struct Request {
    pub(crate) call: Call,
    pub(crate) resource: Resource,
    path_and_query: String,
    gzip: bool,
    body: Vec<u8>,
}

impl Call {
    /// The row of this call.
    pub fn row(self) -> &'static Row {
        table().find(|row| row.call == self).expect("the test `every_call_has_one_row` holds")
    }
}

impl Request {
    /// Fills a row of the table.
    pub fn new(call: Call, resource: Resource, fill: &Fill<'_>) -> Self {
        let mut path_and_query = match call.row().target {
            Target::Collection => path(resource),
            Target::KubeSystem => IDENTITY_PATH.to_owned(),
            Target::Heartbeat => heartbeat_path(fill.namespace),
            Target::Metrics => METRICS_PATH.to_owned(),
            Target::Ready => READY_PATH.to_owned(),
            Target::Custom => custom_path(fill.kind),
            Target::CustomObject => object_path(fill),
            Target::CustomStatus => object_path(fill) + "/status",
            Target::Event => event_path(fill.namespace, fill.name),
            Target::Leases => leases_path(fill.namespace),
            Target::Leader => leases_path(fill.namespace) + "/" + LEADER_LEASE,
        };
        for (position, parameter) in call.row().query.iter().enumerate() {
            path_and_query.push(if position == 0 { '?' } else { '&' });
            path_and_query.push_str(parameter.name);
            path_and_query.push('=');
            match parameter.value {
                Value::Fixed(text) => path_and_query.push_str(text),
                Value::ResourceVersion => push_escaped(&mut path_and_query, fill.resource_version),
                Value::ContinueToken => push_escaped(&mut path_and_query, fill.continue_token),
                Value::TimeoutSeconds => path_and_query.push_str(&timeout(fill.timeout_seconds).to_string()),
                Value::PageObjects => path_and_query.push_str(&PAGE_OBJECTS_MAX.to_string()),
                Value::CustomObjects => path_and_query.push_str(&rollouts::CUSTOM_OBJECTS_MAX.to_string()),
            }
        }
        Self { call, resource, path_and_query, gzip: fill.gzip, body: fill.body.to_vec() }
    }

    /// Fills a row that is about no resource.
    pub(crate) fn nowhere(call: Call, fill: &Fill<'_>) -> Self {
        // Rows without a resource do not look at it.
        Self::new(call, Resource::Namespaces, fill)
    }

    /// Path and query, as sent.
    pub fn path_and_query(&self) -> &str {
        &self.path_and_query
    }

    pub(crate) fn into_http(self) -> http::Request<Body> {
        let row = self.call.row();
        let body = if self.body.is_empty() { Body::empty() } else { Body::from(self.body) };
        let mut request = http::Request::new(body);
        // The methods of the table are methods.
        *request.method_mut() = row.method.parse().unwrap_or(http::Method::GET);
        // Only unreserved characters and %XX get into it, see `push_escaped`.
        *request.uri_mut() = self.path_and_query.parse().expect("an escaped path and query is a URI");
        let headers = request.headers_mut();
        headers
            .insert(http::header::ACCEPT, http::HeaderValue::from_static(accept(self.call, self.resource)));
        let encoding = if self.gzip { "gzip" } else { "identity" };
        headers.insert(http::header::ACCEPT_ENCODING, http::HeaderValue::from_static(encoding));
        headers.insert(http::header::USER_AGENT, http::HeaderValue::from_static(USER_AGENT));
        let written = match (row.verb, self.call) {
            ("patch", Call::Beat | Call::Event) => Some(APPLY),
            ("patch", _) => Some(MERGE),
            ("create", _) => Some(JSON),
            _ => None,
        };
        if let Some(kind) = written {
            headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(kind));
        }
        request
    }
}

/// The namespace that every cluster has from its first day to its last.
pub const IDENTITY_PATH: &str = "/api/v1/namespaces/kube-system";

/// Where every API server says how it is.
pub const METRICS_PATH: &str = "/metrics";

/// Where it says whether it takes requests.
pub const READY_PATH: &str = "/readyz";

/// How Plimsoll names itself: audit logs, FlowSchemas and people look for it.
pub const USER_AGENT: &str = concat!("plimsoll-hub/", env!("CARGO_PKG_VERSION"));

/// Server-side apply. JSON is YAML; every server has this one, and it creates the object where we may.
const APPLY: &str = "application/apply-patch+yaml";
/// RFC 7396: custom resources have no strategic merge.
const MERGE: &str = "application/merge-patch+json";
const JSON: &str = "application/json";

/// Protobuf first, JSON for servers that have no protobuf. Where only metadata is wanted, a server that cannot leave the rest
/// away answers 406: plain JSON is never accepted for those.
pub fn accept(call: Call, resource: Resource) -> &'static str {
    if call == Call::Metrics {
        return "text/plain;version=0.0.4";
    }
    if call == Call::Ready {
        return "text/plain";
    }
    if rollouts::TABLE.iter().any(|row| row.call == call) {
        return JSON;
    }
    if matches!(call, Call::Identity | Call::Read) {
        return "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
    }
    let watch = call.row().verb == "watch";
    match (watch, resource.info().metadata_only) {
        (true, false) => "application/vnd.kubernetes.protobuf;stream=watch,application/json",
        (false, false) => "application/vnd.kubernetes.protobuf,application/json",
        (true, true) => {
            "application/vnd.kubernetes.protobuf;stream=watch;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,\
             application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
        }
        (false, true) => {
            "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,\
             application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
        }
    }
}

/// `timeoutSeconds` within its bounds, whatever the caller drew.
fn timeout(seconds: u32) -> u32 {
    seconds.clamp(WATCH_SECONDS_MIN, WATCH_SECONDS_MAX)
}
