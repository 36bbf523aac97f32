//! Groups, versions and resources, in the old form and in the aggregated one.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::kind::Kind;

const VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const PART_VERBS: [&str; 3] = ["get", "patch", "update"];

/// A group that is served without storage: (group, [(resource, kind)]).
const REVIEWS: (&str, [(&str, &str); 3]) = (
    "authorization.k8s.io",
    [
        ("selfsubjectaccessreviews", "SelfSubjectAccessReview"),
        ("selfsubjectrulesreviews", "SelfSubjectRulesReview"),
        ("subjectaccessreviews", "SubjectAccessReview"),
    ],
);

/// `APIGroupList`
pub(super) fn groups(kinds: &[Arc<Kind>]) -> Value {
    let groups: Vec<Value> = named_groups(kinds).iter().filter_map(|name| one_group(kinds, name)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `APIGroup`
pub(super) fn group(kinds: &[Arc<Kind>], name: &str) -> Option<Value> {
    let mut group = one_group(kinds, name)?;
    group["kind"] = json!("APIGroup");
    group["apiVersion"] = json!("v1");
    Some(group)
}

fn one_group(kinds: &[Arc<Kind>], name: &str) -> Option<Value> {
    let versions = versions(kinds, name);
    let entry = |version: &String| json!({"groupVersion": format!("{name}/{version}"), "version": version});
    let preferred = entry(versions.first()?);
    Some(
        json!({"name": name, "versions": versions.iter().map(entry).collect::<Vec<_>>(), "preferredVersion": preferred}),
    )
}

/// All groups but the core group.
pub(super) fn named_groups(kinds: &[Arc<Kind>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let all = kinds.iter().map(|kind| kind.group.as_str()).chain([REVIEWS.0]);
    for name in all.filter(|name| !name.is_empty()) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

pub(super) fn versions(kinds: &[Arc<Kind>], group: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for version in kinds.iter().filter(|kind| kind.group == group).flat_map(|kind| &kind.versions) {
        if !found.contains(&version.name) {
            found.push(version.name.clone());
        }
    }
    if group == REVIEWS.0 {
        found.push("v1".to_owned());
    }
    found
}

pub(super) fn served<'a>(
    kinds: &'a [Arc<Kind>],
    group: &'a str,
    version: &'a str,
) -> impl Iterator<Item = &'a Arc<Kind>> {
    kinds.iter().filter(move |kind| kind.group == group && kind.version(version).is_some())
}

/// `APIResourceList`
pub(super) fn of(kinds: &[Arc<Kind>], group: &str, version: &str) -> Option<Value> {
    if !versions(kinds, group).iter().any(|known| known == version) {
        return None;
    }
    let mut resources = Vec::new();
    for kind in served(kinds, group, version) {
        resources.push(json!({
            "name": kind.plural, "singularName": kind.singular, "namespaced": kind.namespaced, "kind": kind.kind,
            "verbs": VERBS, "shortNames": kind.short_names, "categories": kind.categories,
        }));
        for (part, part_kind) in parts(kind) {
            resources.push(json!({
                "name": format!("{}/{part}", kind.plural), "singularName": "", "namespaced": kind.namespaced,
                "kind": part_kind, "verbs": PART_VERBS,
            }));
        }
    }
    if group == REVIEWS.0 {
        resources.extend(REVIEWS.1.map(|(plural, kind)| {
            json!({"name": plural, "singularName": kind.to_lowercase(), "namespaced": false, "kind": kind, "verbs": ["create"]})
        }));
    }
    let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    Some(json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources,
    }))
}

fn parts(kind: &Kind) -> Vec<(&'static str, &str)> {
    let mut parts = Vec::new();
    if kind.status {
        parts.push(("status", kind.kind.as_str()));
    }
    if kind.scale.is_some() {
        parts.push(("scale", "Scale"));
    }
    parts
}

/// `APIGroupDiscoveryList`: everything in one answer.
pub(super) fn aggregated(kinds: &[Arc<Kind>], core: bool) -> Value {
    let names = if core { vec![String::new()] } else { named_groups(kinds) };
    let items: Vec<Value> = names.iter().map(|name| aggregated_group(kinds, name)).collect();
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items})
}

fn aggregated_group(kinds: &[Arc<Kind>], group: &str) -> Value {
    let versions: Vec<Value> = versions(kinds, group)
        .iter()
        .map(|version| {
            let mut resources: Vec<Value> =
                served(kinds, group, version).map(|kind| aggregated_resource(kind, version)).collect();
            if group == REVIEWS.0 {
                resources.extend(REVIEWS.1.map(|(plural, kind)| aggregated_review(plural, kind)));
            }
            json!({"version": version, "freshness": "Current", "resources": resources})
        })
        .collect();
    let metadata = if group.is_empty() { json!({}) } else { json!({"name": group}) };
    json!({"metadata": metadata, "versions": versions})
}

fn aggregated_review(plural: &str, kind: &str) -> Value {
    json!({
        "resource": plural, "responseKind": {"group": REVIEWS.0, "version": "v1", "kind": kind}, "verbs": ["create"],
        "scope": "Cluster", "singularResource": kind.to_lowercase(),
    })
}

fn aggregated_resource(kind: &Kind, version: &str) -> Value {
    let response = |name: &str| json!({"group": kind.group, "version": version, "kind": name});
    let parts: Vec<Value> = parts(kind)
        .into_iter()
        .map(|(part, part_kind)| json!({"subresource": part, "responseKind": response(part_kind), "verbs": PART_VERBS}))
        .collect();
    json!({
        "resource": kind.plural, "responseKind": response(&kind.kind), "verbs": VERBS,
        "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": kind.singular, "shortNames": kind.short_names, "categories": kind.categories,
        "subresources": parts,
    })
}
