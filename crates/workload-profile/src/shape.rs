//! From one HTTP request to what it asks, without names: requests of one shape make one class.
//!
//! Paths and parameters: Kubernetes' API concepts ("Resource URIs", "The resourceVersion parameter") and `RequestInfo` of
//! k8s.io/apiserver. Everything here was sent by somebody else: nothing is trusted to be short or well-formed.

mod query;

use crate::class::{
    Accept, Actor, RequestClass, ResourceVersion, ResourceVersionMatch, Returns, Trigger, Verb,
};
use query::Query;

/// A path or query longer than this has no shape: API servers refuse request lines of 1 MiB, and real ones have 1 KB.
const URI_BYTES_MAX: usize = 16 << 10;
/// A selector longer than this is cut: it serves to tell shapes apart and to be read.
const SELECTOR_LETTERS_MAX: usize = 256;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shape {
    /// Kubernetes' verb.
    pub verb: Verb,
    /// API group.
    pub group: String,
    /// Plural name, empty where it is none.
    pub resource: String,
    /// Such as `status`.
    pub subresource: Option<String>,
    /// Where it is no resource.
    pub path: Option<String>,
    /// Within one namespace.
    pub namespaced: bool,
    /// `resourceVersion`.
    pub resource_version: ResourceVersion,
    /// `resourceVersionMatch`.
    pub resource_version_match: Option<ResourceVersionMatch>,
    /// `limit`.
    pub limit: Option<u64>,
    /// `continue`.
    pub continues: bool,
    /// With placeholders for names.
    pub field_selector: Option<String>,
    /// As it was sent.
    pub label_selector: Option<String>,
    /// `Accept`.
    pub accept: Accept,
    /// `Accept-Encoding`.
    pub gzip: bool,
    /// `sendInitialEvents`.
    pub send_initial_events: bool,
}

/// A shape, and what of the request does not belong to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The shape.
    pub shape: Shape,
    /// `timeoutSeconds` or `timeout`.
    pub timeout_seconds: Option<f64>,
}

impl Asked {
    /// What a request asks; `None` where it is none of Kubernetes' API, or too long.
    ///
    /// `method` is HTTP's, or an audit log's verb in lower case.
    #[must_use]
    pub fn of(method: &str, uri: &str, accept: Option<&str>, gzip: bool) -> Option<Self> {
        if uri.len() > URI_BYTES_MAX || !uri.starts_with('/') {
            return None;
        }
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let query = Query::of(query);
        let target = Target::of(path);
        let verb = verb(method, &target, &query)?;
        let collection = matches!(verb, Verb::List | Verb::Watch | Verb::DeleteCollection);
        let limit = query.get("limit").and_then(|limit| limit.parse().ok()).filter(|limit| *limit > 0);
        let selector = |name| query.get(name).filter(|text| collection && !text.is_empty());
        let initial =
            query.get("sendInitialEvents").is_some_and(|value| matches!(value.as_str(), "true" | "1"));
        let shape = Shape {
            verb,
            group: target.group,
            path: target.resource.is_empty().then(|| cut(path)),
            resource: target.resource,
            subresource: target.subresource,
            namespaced: target.namespaced,
            resource_version: version(query.get("resourceVersion").as_deref()),
            resource_version_match: match query.get("resourceVersionMatch").as_deref() {
                Some("Exact") => Some(ResourceVersionMatch::Exact),
                Some("NotOlderThan") => Some(ResourceVersionMatch::NotOlderThan),
                _ => None,
            },
            limit: if matches!(verb, Verb::List | Verb::DeleteCollection) { limit } else { None },
            continues: verb == Verb::List && query.get("continue").is_some_and(|token| !token.is_empty()),
            field_selector: selector("fieldSelector").map(|text| placeholders(&text)),
            label_selector: selector("labelSelector").map(|text| cut(&text)),
            accept: accepted(accept),
            gzip,
            send_initial_events: verb == Verb::Watch && initial,
        };
        let seconds = query.get("timeoutSeconds").and_then(|text| text.parse::<f64>().ok());
        let timeout = seconds
            .or_else(|| query.get("timeout")?.parse::<crate::Span>().ok().map(crate::Span::as_seconds));
        Some(Self {
            shape,
            timeout_seconds: timeout.filter(|seconds| seconds.is_finite() && *seconds >= 0.0),
        })
    }
}

impl Shape {
    /// A class of this shape, of which nothing else is known yet.
    #[must_use]
    pub fn class(&self, id: String) -> RequestClass {
        RequestClass {
            id,
            actor: Actor::Node,
            on: Trigger::Startup,
            every: None,
            jitter: None,
            count: 1.0,
            event: None,
            verb: self.verb,
            group: self.group.clone(),
            resource: self.resource.clone(),
            subresource: self.subresource.clone(),
            path: self.path.clone(),
            namespaced: self.namespaced,
            resource_version: if self.continues { ResourceVersion::Unset } else { self.resource_version },
            resource_version_match: self.resource_version_match,
            limit: self.limit,
            continues: self.continues,
            field_selector: self.field_selector.clone(),
            label_selector: self.label_selector.clone(),
            accept: self.accept,
            gzip: self.gzip,
            send_initial_events: self.send_initial_events,
            returns: Returns::All,
            body_bytes: None,
            timeout: None,
            renew: None,
            retry: None,
            observed: None,
            confidence: std::collections::BTreeMap::new(),
        }
    }

    /// A name for the class: `list-pods`, `patch-nodes-status`, `get-version`.
    #[must_use]
    pub fn id(&self) -> String {
        let verb = format!("{:?}", self.verb).to_lowercase();
        let mut id = match &self.path {
            Some(path) => format!("{verb}-{}", path.trim_matches('/').replace('/', "-")),
            None => format!("{verb}-{}", self.resource),
        };
        if let Some(subresource) = &self.subresource {
            id = format!("{id}-{subresource}");
        }
        if self.continues {
            id.push_str("-continue");
        }
        id
    }
}

/// Where a path leads.
#[derive(Debug, Default, PartialEq, Eq)]
struct Target {
    group: String,
    resource: String,
    subresource: Option<String>,
    name: bool,
    namespaced: bool,
    /// The old form `/api/v1/watch/pods`.
    watch: bool,
}

impl Target {
    fn of(path: &str) -> Self {
        let mut parts = path.trim_matches('/').split('/').filter(|part| !part.is_empty()).peekable();
        let group = match (parts.next(), parts.next(), parts.peek().copied()) {
            (Some("api"), Some(_), Some(_)) => String::new(),
            (Some("apis"), Some(group), Some(_)) => {
                // The version.
                parts.next();
                group.to_owned()
            }
            _ => return Self::default(),
        };
        let watch = parts.next_if_eq(&"watch").is_some();
        let rest: Vec<&str> = parts.collect();
        let mut target = Self { group, watch, ..Self::default() };
        let rest = match rest.as_slice() {
            // A namespace itself, and its own subresources, are not within a namespace.
            ["namespaces", _, "status" | "finalize"] | ["namespaces"] | ["namespaces", _] => rest.as_slice(),
            ["namespaces", _, inner @ ..] => {
                target.namespaced = true;
                inner
            }
            all => all,
        };
        if let [resource, more @ ..] = rest {
            target.resource = cut(resource);
            target.name = !more.is_empty();
            target.subresource = more.get(1).map(|subresource| cut(subresource));
            return target;
        }
        Self::default()
    }
}

fn verb(method: &str, target: &Target, query: &Query<'_>) -> Option<Verb> {
    if matches!(target.subresource.as_deref(), Some("exec" | "attach" | "portforward" | "proxy")) {
        return Some(Verb::Connect);
    }
    let watch =
        target.watch || query.get("watch").is_some_and(|value| matches!(value.as_str(), "true" | "1"));
    let named = target.name || target.resource.is_empty();
    Some(match method {
        "GET" | "HEAD" if watch && !target.resource.is_empty() => Verb::Watch,
        "GET" | "HEAD" if named => Verb::Get,
        "GET" | "HEAD" | "list" => Verb::List,
        "get" => Verb::Get,
        "watch" => Verb::Watch,
        "POST" | "create" => Verb::Create,
        "PUT" | "update" => Verb::Update,
        "PATCH" | "patch" => Verb::Patch,
        "DELETE" if named => Verb::Delete,
        "DELETE" | "deletecollection" => Verb::DeleteCollection,
        "delete" => Verb::Delete,
        "connect" | "proxy" => Verb::Connect,
        _ => return None,
    })
}

fn version(text: Option<&str>) -> ResourceVersion {
    match text {
        None | Some("") => ResourceVersion::Unset,
        Some("0") => ResourceVersion::Zero,
        Some(_) => ResourceVersion::Recent,
    }
}

/// The first that an API server can give; media types stand in the order of preference, clients send no weights.
fn accepted(accept: Option<&str>) -> Accept {
    let Some(accept) = accept else { return Accept::Json };
    for media in accept.split(',').map(str::trim) {
        let table = media.contains("as=Table");
        let metadata = media.contains("as=PartialObjectMetadata");
        let kind = media.split(';').next().unwrap_or_default().trim();
        return match kind {
            "application/vnd.kubernetes.protobuf" if metadata => Accept::MetadataProtobuf,
            "application/vnd.kubernetes.protobuf" => Accept::Protobuf,
            "application/json" if table => Accept::Table,
            "application/json" if metadata => Accept::MetadataJson,
            "application/json" | "*/*" => Accept::Json,
            "application/yaml" => Accept::Yaml,
            "application/cbor" | "application/cbor-seq" => Accept::Cbor,
            _ => continue,
        };
    }
    Accept::Json
}

/// Names of objects differ from copy to copy; what is selected by does not.
fn placeholders(selector: &str) -> String {
    let term = |term: &str| {
        let Some((field, value)) = term.split_once('=').filter(|(field, _)| !field.ends_with('!')) else {
            return term.to_owned();
        };
        let value = value.trim_start_matches('=');
        match field {
            "spec.nodeName" if !value.is_empty() => "spec.nodeName=$NODE".to_owned(),
            "metadata.name" => "metadata.name=$NAME".to_owned(),
            "metadata.namespace" => "metadata.namespace=$NAMESPACE".to_owned(),
            "involvedObject.name" | "involvedObject.uid" | "spec.clusterIP" => format!("{field}=$NAME"),
            _ => format!("{field}={value}"),
        }
    };
    cut(&selector.split(',').map(term).collect::<Vec<_>>().join(","))
}

fn cut(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(SELECTOR_LETTERS_MAX).collect()
}

#[cfg(test)]
mod tests;
