//! PUT, and the common end of every PATCH: from an object as it was to the object as it shall be.

use serde_json::Value;

use super::create::remove;
use super::{Target, body, metadata};
use crate::custom;
use crate::error::ApiError;
use crate::store::{Decision, Stored, Written};

/// Replaces the object, or its status.
pub(crate) fn replace(target: &Target<'_>, object: Value) -> Result<(Written, Vec<String>), ApiError> {
    body::check_kind(&target.kind, target.version, &object)?;
    change(target, |_| Ok(object))
}

/// Lets `make` see the object as it is, with its kind, and writes what it makes of it.
pub(crate) fn change(
    target: &Target<'_>,
    make: impl FnOnce(&Value) -> Result<Value, ApiError>,
) -> Result<(Written, Vec<String>), ApiError> {
    let kind = &target.kind;
    let mut warnings = Vec::new();
    let written = target.store.write(kind, &target.key(), |previous| {
        let previous = previous.ok_or_else(|| ApiError::not_found(&kind.qualified(), target.name))?;
        let before = previous.value();
        let made = make(&crate::store::typed(kind, &kind.api_version(target.version), before.clone()))?;
        let (object, unknown) = body::through_schema(kind, made)?;
        warnings = body::judge_unknown(&target.query.field_validation, unknown)?;
        decide(target, previous, &before, object)
    })?;
    if let (Some(_), Some(served)) = (written.0, custom::kind_from_definition(kind, &written.1.value())) {
        target.store.serve(served);
    }
    Ok((written, warnings))
}

fn decide(
    target: &Target<'_>,
    previous: &Stored,
    before: &Value,
    mut object: Value,
) -> Result<Decision, ApiError> {
    let kind = &target.kind;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let metadata = &object["metadata"];
    if metadata["name"].as_str().is_some_and(|name| name != target.name) {
        return Err(ApiError::bad_request("the name of the object does not match the name on the URL"));
    }
    if kind.namespaced
        && metadata["namespace"].as_str().is_some_and(|namespace| namespace != target.namespace)
    {
        return Err(ApiError::bad_request(
            "the namespace of the object does not match the namespace on the request",
        ));
    }
    let asked = text(&metadata["resourceVersion"]);
    if !asked.is_empty() && asked != previous.version.to_string() {
        return Err(ApiError::modified(&kind.qualified(), target.name));
    }
    let uid = text(&metadata["uid"]);
    if !uid.is_empty() && uid != text(&before["metadata"]["uid"]) {
        let found = text(&before["metadata"]["uid"]);
        let why = format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {found}");
        return Err(ApiError::conflict(&kind.qualified(), target.name, &why));
    }
    metadata::check_labels(kind, &object)?;
    if target.subresource == "status" {
        let status = std::mem::take(&mut object["status"]);
        object = before.clone();
        object["status"] = status;
    } else if kind.status {
        match before.get("status") {
            Some(status) => object["status"] = status.clone(),
            None => remove(&mut object, "status"),
        }
    }
    for field in ["name", "namespace", "resourceVersion"] {
        let old = &before["metadata"][field];
        if !old.is_null() {
            object["metadata"][field] = old.clone();
        }
    }
    metadata::carry_over(target.store, Some(before), &mut object);
    metadata::count_generation(kind, Some(before), &mut object);
    custom::establish(kind, &mut object, target.store)?;
    if object == *before {
        return Ok(Decision::Keep);
    }
    if target.query.dry_run {
        return Ok(Decision::Preview(object));
    }
    let metadata = &object["metadata"];
    let finalizers = metadata["finalizers"].as_array().is_some_and(|list| !list.is_empty());
    let waiting = metadata["deletionGracePeriodSeconds"].as_i64().unwrap_or(0) > 0;
    if !metadata["deletionTimestamp"].is_null() && !finalizers && !waiting {
        return Ok(Decision::Delete);
    }
    Ok(Decision::Put(object))
}
