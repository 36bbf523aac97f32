//! Request classes as programs' client libraries make them.

use std::collections::BTreeMap;

use workload_profile::{
    Asked, Confidence, EventSource, RequestClass, Returns, Span, SpanRange, Trigger, Verb,
};

/// client-go ends its watches after 5 to 10 minutes (`tools/cache/reflector.go`, `minWatchTimeout`).
const RENEW: (f64, f64) = (300.0, 600.0);

const JSON: &str = "application/json";

/// Paths of the groups that collectors follow; others are `v1` more often than not.
fn path(group: &str, resource: &str) -> String {
    match group {
        "" => format!("/api/v1/{resource}"),
        "autoscaling" => format!("/apis/autoscaling/v2/{resource}"),
        group => format!("/apis/{group}/v1/{resource}"),
    }
}

/// One request of that shape at each start.
pub(super) fn at_start(method: &str, uri: &str, accept: &str) -> Option<RequestClass> {
    let shape = Asked::of(method, uri, Some(accept), false)?.shape;
    let mut class = shape.class(shape.id());
    let by_node =
        class.field_selector.as_deref().is_some_and(|selector| selector.contains("spec.nodeName=$NODE"));
    class.returns = match class.verb {
        Verb::List | Verb::Watch if by_node => Returns::PerNode,
        Verb::List | Verb::Watch => Returns::All,
        _ => Returns::Count(1.0),
    };
    Some(class)
}

/// An informer of client-go: the cache's state at once, then what changes. `selector` is a field selector, encoded.
pub(super) fn informer(group: &str, resource: &str, selector: Option<&str>) -> Vec<RequestClass> {
    informer_in(group, resource, selector, JSON)
}

/// The same in another encoding.
pub(super) fn informer_in(
    group: &str,
    resource: &str,
    selector: Option<&str>,
    accept: &str,
) -> Vec<RequestClass> {
    let path = path(group, resource);
    let and = selector.map(|selector| format!("&fieldSelector={selector}")).unwrap_or_default();
    let list = at_start("GET", &format!("{path}?resourceVersion=0&limit=500{and}"), accept);
    let watch = at_start(
        "GET",
        &format!("{path}?watch=true&resourceVersion=1&allowWatchBookmarks=true{and}"),
        accept,
    );
    let renew = Span::seconds(RENEW.0).zip(Span::seconds(RENEW.1)).map(|(from, to)| SpanRange { from, to });
    list.into_iter().chain(watch.map(|watch| RequestClass { renew, ..watch })).collect()
}

/// A watch-list of protobuf, as Plimsoll's own hub opens it.
pub(super) fn watch_list(group: &str, resource: &str) -> Option<RequestClass> {
    let path = path(group, resource);
    let uri = format!(
        "{path}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    );
    let renew = Span::seconds(290.0).zip(Span::seconds(590.0)).map(|(from, to)| SpanRange { from, to });
    at_start("GET", &uri, "application/vnd.kubernetes.protobuf;stream=watch")
        .map(|watch| RequestClass { renew, ..watch })
}

/// Again and again.
pub(super) fn each(class: RequestClass, seconds: f64) -> RequestClass {
    RequestClass { on: Trigger::Period, every: Span::seconds(seconds), ..class }
}

/// For each change of a resource on the copy's own node.
pub(super) fn on_own(class: RequestClass, resource: &str) -> RequestClass {
    let event = Some(EventSource { resource: resource.to_owned(), own_node: true });
    // Where the cluster does not say how often pods change: a new one on each node in ten minutes.
    RequestClass { on: Trigger::Event, event, every: Span::seconds(600.0), ..class }
}

/// Nothing of it is certain.
pub(super) fn unsure(mut class: RequestClass, fields: &[&str]) -> RequestClass {
    let low: BTreeMap<String, Confidence> =
        fields.iter().map(|field| ((*field).to_owned(), Confidence::Low)).collect();
    class.confidence.extend(low);
    class
}
