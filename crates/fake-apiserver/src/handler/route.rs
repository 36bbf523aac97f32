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
    /// Parts of objects that need what is not here; the sentence says what.
    Refused(&'static str),
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

const NO_KUBELET: &str = "this API server is a test double: there are no kubelets and no containers behind it, so there is nothing to read, run or reach";
const NO_TOKENS: &str = "this API server is a test double without authentication: it has no tokens to give";
const NOT_SERVED: &str = "this API server is a test double: it does not serve this part of the object";

/// Known parts of objects that are not served: "not found" would send people looking for a typing error.
const REFUSED: [(&str, &str, &str); 10] = [
    ("pods", "log", NO_KUBELET),
    ("pods", "exec", NO_KUBELET),
    ("pods", "attach", NO_KUBELET),
    ("pods", "portforward", NO_KUBELET),
    ("pods", "proxy", NO_KUBELET),
    ("pods", "ephemeralcontainers", NOT_SERVED),
    ("pods", "resize", NOT_SERVED),
    ("nodes", "proxy", NO_KUBELET),
    ("services", "proxy", NO_KUBELET),
    ("serviceaccounts", "token", NO_TOKENS),
];

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
    match (object(store, group, version, rest), group) {
        (Some(place), _) => Route::Object(Box::new(place)),
        (None, "") => refusal(rest).map_or(Route::Nowhere, Route::Refused),
        (None, _) => Route::Nowhere,
    }
}

/// Why this part of an object of the core group is not served.
fn refusal(rest: &[&str]) -> Option<&'static str> {
    let (plural, part) = match rest {
        ["namespaces", _, plural, _, part, ..] | [plural, _, part, ..] => (*plural, *part),
        _ => return None,
    };
    REFUSED.iter().find(|row| (row.0, row.1) == (plural, part)).map(|row| row.2)
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
        "scale" => kind.scale.is_some(),
        "binding" | "eviction" => kind.is("", "Pod"),
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
            Self::Discovery | Self::Refused(_) | Self::Nowhere => false,
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
            ("/api/v1/namespaces/a/pods/b/log", "refused"),
            ("/api/v1/namespaces/a/pods/b/proxy/x/y", "refused"),
            ("/api/v1/nodes/n/proxy/metrics", "refused"),
            ("/api/v1/namespaces/a/serviceaccounts/s/token", "refused"),
            ("/api/v1/namespaces/a/pods/b/logs", "nowhere"),
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
                Route::Refused(_) => "refused".to_owned(),
                Route::Nowhere => "nowhere".to_owned(),
            };
            assert_eq!(found, expected, "{path}");
        }
    }
}
