//! PATCH in its four languages.

mod apply;
mod json_patch;
mod merge;
mod ownership;
mod strategic;

use serde_json::Value;

use super::{Target, body, create, update};
use crate::error::ApiError;
use crate::media::Encoding;
use crate::store::{Decision, Written};

pub(crate) const JSON_PATCH: &str = "application/json-patch+json";
pub(crate) const MERGE_PATCH: &str = "application/merge-patch+json";
pub(crate) const STRATEGIC_PATCH: &str = "application/strategic-merge-patch+json";
pub(crate) const APPLY_PATCH: &str = "application/apply-patch+yaml";

/// Applies the patch. Server-side apply creates what is not there.
pub(crate) fn patch(
    target: &Target<'_>,
    content_type: &str,
    text: &[u8],
) -> Result<(Written, Vec<String>), ApiError> {
    let patch = body::parse(None, Encoding::Json, text)?;
    match content_type.split(';').next().unwrap_or_default().trim() {
        JSON_PATCH => update::change(target, |object| json_patch::apply(object.clone(), &patch)),
        MERGE_PATCH => update::change(target, |object| {
            let mut object = object.clone();
            merge::merge(&mut object, &patch);
            Ok(object)
        }),
        STRATEGIC_PATCH => {
            let Some(schema) = target.kind.schema else {
                let served = format!("{JSON_PATCH}, {MERGE_PATCH}, {APPLY_PATCH}");
                return Err(ApiError::unsupported_media_type(STRATEGIC_PATCH, &served));
            };
            update::change(target, |object| {
                let mut object = object.clone();
                strategic::merge(Some(schema), &mut object, &patch)?;
                Ok(object)
            })
        }
        APPLY_PATCH => server_side_apply(target, patch),
        other => {
            let served = format!("{JSON_PATCH}, {MERGE_PATCH}, {STRATEGIC_PATCH}, {APPLY_PATCH}");
            Err(ApiError::unsupported_media_type(other, &served))
        }
    }
}

fn server_side_apply(target: &Target<'_>, mut applied: Value) -> Result<(Written, Vec<String>), ApiError> {
    if target.query.field_manager.is_empty() {
        return Err(ApiError::bad_request(
            "PatchOptions.meta.k8s.io is invalid: fieldManager: Required value",
        ));
    }
    if !applied["metadata"].is_object() || !applied["metadata"]["managedFields"].is_null() {
        return Err(ApiError::bad_request(
            "metadata is missing, or has managedFields, which apply must not send",
        ));
    }
    body::check_kind(&target.kind, target.version, &applied)?;
    let exists = target.store.get(&target.kind, &target.key()).is_some();
    if exists {
        return update::change(target, |object| apply::apply(target, object, &applied));
    }
    if !target.subresource.is_empty() {
        return Err(ApiError::not_found(&target.kind.qualified(), target.name));
    }
    applied["metadata"]["name"] = target.name.into();
    apply::record_first(target, &mut applied);
    create::create(target, applied)
}

/// `/scale` is patched as an object of its own.
pub(crate) fn patch_scale(target: &Target<'_>, content_type: &str, text: &[u8]) -> Result<Written, ApiError> {
    let patch = body::parse(None, Encoding::Json, text)?;
    let written = update::change(target, |object| {
        let scale = super::scale::of(&target.kind, object);
        let scale = match content_type.split(';').next().unwrap_or_default().trim() {
            JSON_PATCH => json_patch::apply(scale, &patch)?,
            _ => {
                let mut scale = scale;
                merge::merge(&mut scale, &patch);
                scale
            }
        };
        Ok(super::scale::applied(&target.kind, object.clone(), &scale))
    })?;
    Ok(written.0)
}

/// A pod is given to a node: `pods/binding`.
pub(crate) fn bind(target: &Target<'_>, binding: &Value) -> Result<Written, ApiError> {
    let node = binding["target"]["name"].as_str().unwrap_or_default().to_owned();
    target.store.write(&target.kind, &target.key(), |pod| {
        let pod = pod.ok_or_else(|| ApiError::not_found("pods", target.name))?;
        let mut object = pod.value();
        let taken = object["spec"]["nodeName"].as_str().is_some_and(|name| !name.is_empty());
        if taken || node.is_empty() {
            let why = format!("pod {} is already assigned to a node, or none was named", target.name);
            return Err(ApiError::conflict("pods/binding", target.name, &why));
        }
        object["spec"]["nodeName"] = Value::String(node);
        Ok(Decision::Put(object))
    })
}
