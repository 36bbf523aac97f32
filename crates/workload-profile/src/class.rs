//! Requests that are alike.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::span::{Span, SpanRange};

/// Requests that are alike but for names: what is asked, how often, by how many.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestClass {
    /// Unique within the profile.
    pub id: String,
    /// Who sends it: decides what the number of requests grows with.
    #[serde(default)]
    pub actor: Actor,
    /// What makes it be sent.
    pub on: Trigger,
    /// For `period`: the period. For `event`: the mean time between two of one actor, as recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Span>,
    /// How far the period is spread at random. 0: all actors that start together ask together for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<Span>,
    /// Requests for each start, period or event of one actor.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub count: f64,
    /// For `event`: changes of what cause it; then their rate in the target cluster rules instead of `every`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventSource>,

    /// Kubernetes' request verb.
    pub verb: Verb,
    /// API group; empty for the core group.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// Plural name; empty for paths that are no resource (`path`).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub resource: String,
    /// Such as `status`, `log`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subresource: Option<String>,
    /// A path that is no resource, such as `/version`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Within one namespace.
    #[serde(default, skip_serializing_if = "is_false")]
    pub namespaced: bool,
    /// What `resourceVersion` says.
    #[serde(default, alias = "rv", skip_serializing_if = "is_default")]
    pub resource_version: ResourceVersion,
    /// What `resourceVersionMatch` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_version_match: Option<ResourceVersionMatch>,
    /// Objects in a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// A page that is not the first.
    #[serde(default, rename = "continue", skip_serializing_if = "is_false")]
    pub continues: bool,
    /// With the names of nodes, namespaces and pods as `$NODE`, `$NAMESPACE`, `$NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_selector: Option<String>,
    /// As it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<String>,
    /// How the answer is asked for.
    #[serde(default, skip_serializing_if = "is_default")]
    pub accept: Accept,
    /// `Accept-Encoding: gzip`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub gzip: bool,
    /// A watch that begins with the objects that are there (KEP-3157).
    #[serde(default, skip_serializing_if = "is_false")]
    pub send_initial_events: bool,
    /// How many objects come back (of a watch: how many it follows).
    #[serde(default, skip_serializing_if = "is_default")]
    pub returns: Returns,
    /// Bytes of the body of a write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_bytes: Option<u64>,

    /// After what the client gives up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// How long a watch lives before it is opened anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renew: Option<SpanRange>,
    /// What follows a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// What was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<Observed>,
    /// Of fields that are not sure; a field that is missing here is as sure as its source.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub confidence: BTreeMap<String, Confidence>,
}

/// Who sends a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Actor {
    /// One on each node.
    #[default]
    Node,
    /// Each replica.
    Replica,
    /// One of the replicas at a time (a leader), or one in all.
    Cluster,
}

/// What makes a request be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// The start of the process.
    Startup,
    /// A clock.
    Period,
    /// Something that happened: a changed object, a log line.
    Event,
}

/// Changes that cause requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventSource {
    /// `pods`, `deployments.apps`.
    pub resource: String,
    /// Only those of the actor's own node.
    #[serde(default)]
    pub own_node: bool,
}

/// Kubernetes' request verbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// One object, or a path that is no resource.
    Get,
    /// A collection.
    List,
    /// A stream of changes.
    Watch,
    /// POST.
    Create,
    /// PUT.
    Update,
    /// PATCH.
    Patch,
    /// DELETE of one.
    Delete,
    /// DELETE of a collection.
    DeleteCollection,
    /// exec, attach, port-forward, proxy: bytes that pass through.
    Connect,
}

/// What the request says about versions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ResourceVersion {
    /// Nothing, or an empty string: the newest.
    #[default]
    #[serde(alias = "")]
    Unset,
    /// `0`: whatever the cache has.
    #[serde(rename = "0")]
    Zero,
    /// A version that came from an answer.
    Recent,
}

/// `resourceVersionMatch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ResourceVersionMatch {
    /// At least as new.
    NotOlderThan,
    /// Exactly that.
    Exact,
}

/// Form and encoding of the answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Accept {
    /// `application/json`.
    #[default]
    Json,
    /// `application/vnd.kubernetes.protobuf`.
    #[serde(alias = "proto")]
    Protobuf,
    /// `application/cbor`.
    Cbor,
    /// `application/yaml`.
    Yaml,
    /// `as=Table`, as kubectl asks.
    Table,
    /// `as=PartialObjectMetadata` in JSON.
    MetadataJson,
    /// `as=PartialObjectMetadata` in protobuf.
    MetadataProtobuf,
}

/// How many objects an answer has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Returns {
    /// All that there are (at most `limit`).
    #[default]
    All,
    /// Those of one node: all of them divided by the nodes.
    PerNode,
    /// This part of all, 0 to 1.
    Share(f64),
    /// This many, however large the cluster is.
    Count(f64),
}

/// What follows a failure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Retry {
    /// By what rule.
    pub law: RetryLaw,
    /// The first wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Span>,
    /// The longest wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<Span>,
    /// It waits at least as long as `Retry-After` says.
    #[serde(default, skip_serializing_if = "is_false")]
    pub honours_retry_after: bool,
}

/// Rules of repetition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RetryLaw {
    /// Not before the next period.
    None,
    /// At once.
    Immediate,
    /// After the same wait each time.
    Fixed,
    /// After waits that grow.
    Exponential,
    /// It was never seen to fail: a forecast assumes the worst.
    Unseen,
}

/// Means over what was seen of a class.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Observed {
    /// Requests.
    #[serde(default)]
    pub requests: u64,
    /// Those with a status of 400 or more.
    #[serde(default, skip_serializing_if = "is_default")]
    pub failed: u64,
    /// Objects in an answer; of a watch: those before the initial events ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objects: Option<f64>,
    /// Bytes of an answer's body, before compression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_bytes: Option<f64>,
    /// Bytes of it on the wire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wire_bytes: Option<f64>,
    /// Mean time to the end of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took: Option<Span>,
    /// Events a second of one watch, after the initial ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events_per_second: Option<f64>,
}

/// How sure a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Could not be seen: the worst is assumed.
    Unseen,
    /// A guess.
    Low,
    /// Seen often enough.
    High,
}

fn one() -> f64 {
    1.0
}

#[expect(clippy::float_cmp, reason = "exactly what is assumed when nothing is written")]
fn is_one(count: &f64) -> bool {
    *count == 1.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_false(value: &bool) -> bool {
    !*value
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
