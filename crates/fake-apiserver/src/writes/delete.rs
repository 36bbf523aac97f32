//! DELETE: grace, finalizers, dependents, whole namespaces.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Target;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::selector::Selection;
use crate::store::{Action, Decision, ListFrom, Store, Stored, Written};

/// What a kubelet grants a pod that says nothing itself.
const GRACE_SECONDS_DEFAULT: i64 = 30;

/// Ten years; the end of a longer grace may be no date any more.
const GRACE_SECONDS_MAX: i64 = 315_360_000;

/// The namespace controller takes a moment.
const NAMESPACE_SECONDS: i64 = 1;

/// `metav1.DeleteOptions` from body and query.
#[derive(Debug, Clone, Default)]
pub(crate) struct DeleteOptions {
    grace_seconds: Option<i64>,
    orphan: bool,
    dry_run: bool,
    uid: Option<String>,
    resource_version: Option<String>,
}

impl DeleteOptions {
    /// The body wins over the query.
    pub(crate) fn read(target: &Target<'_>, body: &Value) -> Self {
        let query = target.query;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let policy = text(&body["propagationPolicy"]).unwrap_or_else(|| query.propagation_policy.clone());
        let orphan = policy == "Orphan" || body["orphanDependents"] == true;
        Self {
            grace_seconds: body["gracePeriodSeconds"].as_i64().or(query.grace_period_seconds),
            orphan,
            dry_run: query.dry_run || body["dryRun"].as_array().is_some_and(|list| !list.is_empty()),
            uid: text(&body["preconditions"]["uid"]),
            resource_version: text(&body["preconditions"]["resourceVersion"]),
        }
    }
}

/// Deletes one object, or begins to.
pub(crate) fn delete(target: &Target<'_>, options: &DeleteOptions) -> Result<Written, ApiError> {
    let kind = &target.kind;
    let mut grave = None;
    let written = target.store.write(kind, &target.key(), |previous| {
        let previous = previous.ok_or_else(|| ApiError::not_found(&kind.qualified(), target.name))?;
        let before = previous.value();
        check_preconditions(target, options, previous, &before)?;
        if options.dry_run {
            return Ok(Decision::Keep);
        }
        let grace = grace(kind, options, &before);
        let finalizers = before["metadata"]["finalizers"].as_array().is_some_and(|list| !list.is_empty());
        if grace == 0 && !finalizers {
            return Ok(Decision::Delete);
        }
        if !before["metadata"]["deletionTimestamp"].is_null() && grace > 0 {
            return Ok(Decision::Keep);
        }
        let mut object = before;
        let end = target.store.now() + jiff::SignedDuration::from_secs(grace);
        object["metadata"]["deletionTimestamp"] = json!(end.to_string());
        object["metadata"]["deletionGracePeriodSeconds"] = json!(grace);
        let generation = object["metadata"]["generation"].as_i64();
        if let Some(generation) = generation {
            object["metadata"]["generation"] = json!(generation + 1);
        }
        if kind.is("", "Namespace") {
            object["status"]["phase"] = json!("Terminating");
        }
        if grace > 0 {
            grave = object["metadata"]["uid"].as_str().map(|uid| (uid.to_owned(), grace));
        }
        Ok(Decision::Put(object))
    })?;
    if let Some((uid, grace)) = grave {
        let plural = if kind.is("", "Namespace") { "namespaces" } else { "pods" };
        target.graves.bury(target.store, plural, &target.key(), &uid, grace);
    }
    if written.0 == Some(Action::Deleted) {
        aftermath(target.store, kind, &written.1, options.orphan);
    }
    Ok(written)
}

/// Only a pod on a node has somebody who ends it gracefully; a namespace is emptied first.
fn grace(kind: &Kind, options: &DeleteOptions, object: &Value) -> i64 {
    if kind.is("", "Namespace") {
        return NAMESPACE_SECONDS;
    }
    let assigned = object["spec"]["nodeName"].as_str().is_some_and(|node| !node.is_empty());
    let ended = matches!(object["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    if !kind.is("", "Pod") || !assigned || ended {
        return 0;
    }
    let own = object["spec"]["terminationGracePeriodSeconds"].as_i64();
    options.grace_seconds.or(own).unwrap_or(GRACE_SECONDS_DEFAULT).clamp(0, GRACE_SECONDS_MAX)
}

fn check_preconditions(
    target: &Target<'_>,
    options: &DeleteOptions,
    previous: &Stored,
    before: &Value,
) -> Result<(), ApiError> {
    let found = before["metadata"]["uid"].as_str().unwrap_or_default();
    let uid = options.uid.as_deref().filter(|uid| *uid != found);
    let version = previous.version.to_string();
    let other = options.resource_version.as_deref().filter(|asked| *asked != version);
    let why = match (uid, other) {
        (Some(asked), _) => {
            format!("Precondition failed: UID in precondition: {asked}, UID in object meta: {found}")
        }
        (None, Some(asked)) => format!(
            "Precondition failed: ResourceVersion in precondition: {asked}, ResourceVersion in object meta: {version}"
        ),
        (None, None) => return Ok(()),
    };
    Err(ApiError::conflict(&target.kind.qualified(), target.name, &why))
}

/// Deletes everything in a collection that the selectors match; how many that were.
pub(crate) fn delete_collection(target: &Target<'_>, options: &DeleteOptions) -> Result<usize, ApiError> {
    let selection = target.query.selection(&target.kind)?;
    let from = ListFrom { namespace: target.namespace.to_owned(), ..ListFrom::default() };
    let page = target.store.list(&target.kind, &from, &selection)?;
    for object in &page.objects {
        let one = Target {
            kind: target.kind.clone(),
            namespace: object.namespace(),
            name: object.name(),
            ..*target
        };
        match delete(&one, options) {
            Ok(_) => {}
            // Somebody was faster.
            Err(error) if error.code == 404 => {}
            Err(error) => return Err(error),
        }
    }
    Ok(page.objects.len())
}

/// What controllers of a real cluster would do once the object is gone.
fn aftermath(store: &Store, kind: &Kind, gone: &Arc<Stored>, orphan: bool) {
    if kind.is("apiextensions.k8s.io", "CustomResourceDefinition") {
        let spec = &gone.value()["spec"];
        store.stop_serving(
            spec["group"].as_str().unwrap_or_default(),
            spec["names"]["plural"].as_str().unwrap_or_default(),
        );
    }
    let metadata = gone.metadata();
    if let Some(uid) = metadata["uid"].as_str() {
        release_dependents(store, gone.namespace(), uid, orphan);
    }
}

/// Deletes all that is in it, without grace.
pub(super) fn empty_namespace(store: &Store, namespace: &str) {
    for kind in store.kinds().iter().filter(|kind| kind.namespaced) {
        let from = ListFrom { namespace: namespace.to_owned(), ..ListFrom::default() };
        let Ok(page) = store.list(kind, &from, &Selection::default()) else { continue };
        for object in page.objects {
            // Gone already is as good.
            let _ = store.write(kind, &object.key, |_| Ok(Decision::Delete));
        }
    }
}

/// Garbage collection: dependents go with their last owner, or lose the reference.
fn release_dependents(store: &Store, namespace: &str, uid: &str, orphan: bool) {
    for kind in store.kinds() {
        if !namespace.is_empty() && !kind.namespaced {
            continue;
        }
        let from = ListFrom { namespace: namespace.to_owned(), ..ListFrom::default() };
        let Ok(page) = store.list(&kind, &from, &Selection::default()) else { continue };
        let dependents =
            page.objects.iter().filter(|object| object.owners.iter().any(|owner| **owner == *uid));
        for dependent in dependents {
            let written = store.write(&kind, &dependent.key, |object| {
                let Some(object) = object else { return Err(ApiError::no_such_path()) };
                if !orphan && object.owners.len() == 1 {
                    return Ok(Decision::Delete);
                }
                let mut value = object.value();
                if let Some(owners) = value["metadata"]["ownerReferences"].as_array_mut() {
                    owners.retain(|owner| owner["uid"] != uid);
                }
                Ok(Decision::Put(value))
            });
            if let Ok((Some(Action::Deleted), gone)) = written {
                aftermath(store, &kind, &gone, false);
            }
        }
    }
}
