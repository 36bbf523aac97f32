//! What a path is about.

use std::sync::Arc;

use http::Method;

use crate::kind::Kind;
use crate::query::decode;
use crate::store::Store;

/// Where a request goes.
pub(crate) enum Route {
    Object(Box<Place>),
    /// `SelfSubjectAccessReview` and its kin.
    Review(String),
    /// Everything that is not about objects: health, version, discovery, OpenAPI.
    Discovery,
    Nowhere,
}

/// An object, a part of it, or a collection.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) kind: Arc<Kind>,
    pub(crate) version: String,
    /// Empty: all, or a cluster-scoped kind.
    pub(crate) namespace: String,
    /// Empty: the collection.
    pub(crate) name: String,
    pub(crate) subresource: String,
}

const REVIEWS: [&str; 3] = ["selfsubjectaccessreviews", "selfsubjectrulesreviews", "subjectaccessreviews"];

pub(crate) fn find(store: &Store, path: &str) -> Route {
    let segments: Vec<String> =
        path.split('/').filter(|segment| !segment.is_empty()).map(|segment| decode(segment, false)).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (group, version, rest) = match segments.as_slice() {
        ["api", version, rest @ ..] if !rest.is_empty() => ("", *version, rest),
        ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
        ["api" | "apis" | "openapi" | "version" | "healthz" | "livez" | "readyz", ..] | [] => {
            return Route::Discovery;
        }
        _ => return Route::Nowhere,
    };
    if group == "authorization.k8s.io"
        && let [review] = rest
        && REVIEWS.contains(review)
    {
        return Route::Review((*review).to_owned());
    }
    match object(store, group, version, rest) {
        Some(place) => Route::Object(Box::new(place)),
        None => Route::Nowhere,
    }
}

fn object(store: &Store, group: &str, version: &str, rest: &[&str]) -> Option<Place> {
    // `namespaces` is a resource and a prefix.
    let (namespace, plural, rest) = match rest {
        ["namespaces", namespace, plural, rest @ ..]
            if !(group.is_empty() && matches!(*plural, "status" | "finalize")) =>
        {
            (*namespace, *plural, rest)
        }
        [plural, rest @ ..] => ("", *plural, rest),
        [] => return None,
    };
    let kind = store.resource(group, plural)?;
    kind.version(version)?;
    let (name, subresource) = match rest {
        [] => ("", ""),
        [name] => (*name, ""),
        [name, subresource] => (*name, *subresource),
        _ => return None,
    };
    let scoped =
        if kind.namespaced { name.is_empty() || !namespace.is_empty() } else { namespace.is_empty() };
    let known = match subresource {
        "" => true,
        "status" => kind.status,
        "scale" => kind.scale,
        "binding" | "eviction" => kind.kind == "Pod",
        _ => false,
    };
    let owned = |text: &str| text.to_owned();
    (scoped && known).then(|| Place {
        kind: kind.clone(),
        version: owned(version),
        namespace: owned(namespace),
        name: owned(name),
        subresource: owned(subresource),
    })
}

impl Route {
    /// As the audit log of the real server has it.
    pub(crate) fn verb(&self, method: &Method, watch: bool) -> &'static str {
        let collection = match self {
            Self::Object(place) => place.name.is_empty(),
            Self::Review(_) => true,
            Self::Discovery | Self::Nowhere => false,
        };
        match (method.as_str(), collection) {
            ("GET" | "HEAD", _) if watch => "watch",
            ("GET" | "HEAD", true) => "list",
            ("GET" | "HEAD", false) => "get",
            ("POST", _) => "create",
            ("PUT", _) => "update",
            ("PATCH", _) => "patch",
            ("DELETE", true) => "deletecollection",
            ("DELETE", false) => "delete",
            _ => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use environment::{ManualClock, SeededEntropy};

    use super::*;

    #[test]
    fn paths() {
        let store = Store::new(Arc::new(ManualClock::default()), Arc::new(SeededEntropy::new(1)), 10);
        let rows = [
            ("/api/v1/pods", "pods|||"),
            ("/api/v1/namespaces/a/pods", "pods|a||"),
            ("/api/v1/namespaces/a/pods/b", "pods|a|b|"),
            ("/api/v1/namespaces/a/pods/b/status", "pods|a|b|status"),
            ("/api/v1/namespaces/a/pods/b/log", "nowhere"),
            ("/api/v1/pods/b", "nowhere"),
            ("/api/v1/namespaces", "namespaces|||"),
            ("/api/v1/namespaces/a", "namespaces||a|"),
            ("/api/v1/namespaces/a/status", "namespaces||a|status"),
            ("/api/v1/nodes/n%2Fx", "nodes||n/x|"),
            ("/api/v1/namespaces/a/nodes", "nowhere"),
            ("/apis/apps/v1/deployments", "deployments|||"),
            ("/apis/apps/v1/namespaces/a/deployments/d/scale", "deployments|a|d|scale"),
            ("/apis/apps/v2/deployments", "nowhere"),
            ("/apis/none/v1/things", "nowhere"),
            ("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "review"),
            ("/apis/apps/v1", "discovery"),
            ("/", "discovery"),
            ("/readyz", "discovery"),
            ("/metrics", "nowhere"),
        ];
        for (path, expected) in rows {
            let found = match find(&store, path) {
                Route::Object(place) => {
                    [place.kind.plural.as_str(), &place.namespace, &place.name, &place.subresource].join("|")
                }
                Route::Review(_) => "review".to_owned(),
                Route::Discovery => "discovery".to_owned(),
                Route::Nowhere => "nowhere".to_owned(),
            };
            assert_eq!(found, expected, "{path}");
        }
    }
}
