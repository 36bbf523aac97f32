//! POST to a collection.

use serde_json::{Value, json};

use super::{Target, body, defaults, metadata};
use crate::custom;
use crate::error::ApiError;
use crate::store::{Decision, Written};

/// Creates the object; the strings are warnings for the client.
pub(crate) fn create(target: &Target<'_>, object: Value) -> Result<(Written, Vec<String>), ApiError> {
    body::check_kind(&target.kind, target.version, &object)?;
    let (mut object, unknown) = body::through_schema(&target.kind, object)?;
    let warnings = body::judge_unknown(&target.query.field_validation, unknown)?;
    settle_name(target, &mut object)?;
    metadata::check_labels(&target.kind, &object)?;
    check_namespace(target)?;
    if object["metadata"]["resourceVersion"].as_str().is_some_and(|version| !version.is_empty()) {
        return Err(ApiError::bad_request("resourceVersion should not be set on objects to be created"));
    }
    let kind = &target.kind;
    for field in ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"]
    {
        remove(&mut object["metadata"], field);
    }
    // A new object has no status, but for nodes, which register with it.
    if kind.status && !kind.is("", "Node") {
        remove(&mut object, "status");
    }
    defaults::fill(target.store, kind, &mut object);
    metadata::carry_over(target.store, None, &mut object);
    metadata::count_generation(kind, None, &mut object);
    custom::establish(kind, &mut object, target.store)?;
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let written = target.store.write(kind, &kind.key(target.namespace, &name), |previous| {
        if previous.is_some() {
            return Err(ApiError::exists(&kind.qualified(), &name));
        }
        Ok(if target.query.dry_run { Decision::Preview(object) } else { Decision::Put(object) })
    })?;
    if let (Some(_), Some(served)) = (written.0, custom::kind_from_definition(kind, &written.1.value())) {
        target.store.serve(served);
    }
    Ok((written, warnings))
}

fn settle_name(target: &Target<'_>, object: &mut Value) -> Result<(), ApiError> {
    let kind = &target.kind;
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let prefix = object["metadata"]["generateName"].as_str().unwrap_or_default();
    let name = match (name.is_empty(), prefix.is_empty()) {
        (false, _) => name,
        (true, false) => metadata::generate_name(target.store, prefix),
        (true, true) => {
            let why = "Required value: name or generateName is required";
            return Err(ApiError::invalid(&kind.kind, "", "metadata.name", why));
        }
    };
    metadata::check_name(kind, &name)?;
    object["metadata"]["name"] = json!(name);
    if !kind.namespaced {
        remove(&mut object["metadata"], "namespace");
        return Ok(());
    }
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
    if !namespace.is_empty() && namespace != target.namespace {
        return Err(ApiError::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    object["metadata"]["namespace"] = json!(target.namespace);
    Ok(())
}

/// The namespace exists and is not on its way out.
fn check_namespace(target: &Target<'_>) -> Result<(), ApiError> {
    if !target.kind.namespaced {
        return Ok(());
    }
    let Some(namespaces) = target.store.resource("", "namespaces") else { return Ok(()) };
    match target.store.get(&namespaces, target.namespace) {
        None => Err(ApiError::not_found("namespaces", target.namespace)),
        Some(found) if !found.metadata()["deletionTimestamp"].is_null() => Err(ApiError::forbidden(format!(
            "unable to create new content in namespace {} because it is being terminated",
            target.namespace
        ))),
        Some(_) => Ok(()),
    }
}

pub(super) fn remove(object: &mut Value, field: &str) {
    if let Some(fields) = object.as_object_mut() {
        fields.remove(field);
    }
}
