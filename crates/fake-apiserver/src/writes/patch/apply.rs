//! Server-side apply, simplified: merges by the schema's merge keys, records the fields of managers that apply, takes away
//! what a manager no longer applies, and refuses to change what another one applied.
//!
//! Fields written by other requests (updates, other patches) have no owner here. In custom resources lists are atomic.

use serde_json::{Value, json};

use super::ownership::{self, Tree};
use super::strategic;
use crate::error::ApiError;
use crate::writes::Target;

/// Fields that nobody owns.
const UNOWNED: [&str; 3] = ["apiVersion", "kind", "status"];
const UNOWNED_METADATA: [&str; 8] = [
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "generation",
    "managedFields",
    "deletionTimestamp",
];

/// The object after this manager applied `applied`.
pub(super) fn apply(target: &Target<'_>, object: &Value, applied: &Value) -> Result<Value, ApiError> {
    let manager = &target.query.field_manager;
    let mine = owned(target, applied);
    let mut object = object.clone();
    let mut entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let is_mine = |entry: &Value| {
        entry["manager"] == *manager.as_str()
            && entry["operation"] == "Apply"
            && entry["subresource"].as_str().unwrap_or_default() == target.subresource
    };
    let mut dropped = Tree::new();
    for entry in &mut entries {
        let Some(theirs) = entry["fieldsV1"].as_object().cloned() else { continue };
        if is_mine(entry) {
            dropped = ownership::subtract(&theirs, &mine);
            continue;
        }
        let disputed = ownership::conflicts(&mine, &theirs, applied, &object);
        if !disputed.is_empty() && !target.query.force {
            return Err(conflict(target, entry, &disputed));
        }
        // The others keep what nobody disputes, together with this manager.
        entry["fieldsV1"] = Value::Object(ownership::subtract(&theirs, &disputed));
    }
    entries
        .retain(|entry| is_mine(entry) || entry["fieldsV1"].as_object().is_none_or(|left| !left.is_empty()));
    for entry in entries.iter().filter(|entry| !is_mine(entry)) {
        if let Some(theirs) = entry["fieldsV1"].as_object() {
            dropped = ownership::subtract(&dropped, theirs);
        }
    }
    ownership::remove(&mut object, &dropped);
    strategic::merge(target.kind.schema, &mut object, applied)?;
    let unchanged =
        entries.iter().find(|entry| is_mine(entry)).filter(|entry| entry["fieldsV1"] == json!(mine)).cloned();
    entries.retain(|entry| !is_mine(entry));
    entries.push(unchanged.unwrap_or_else(|| entry(target, &mine)));
    object["metadata"]["managedFields"] = Value::Array(entries);
    Ok(object)
}

/// Records the fields of an object that is created by applying it.
pub(super) fn record_first(target: &Target<'_>, applied: &mut Value) {
    let mine = owned(target, applied);
    applied["metadata"]["managedFields"] = json!([entry(target, &mine)]);
}

fn owned(target: &Target<'_>, applied: &Value) -> Tree {
    let mut tree = ownership::of(target.kind.schema, applied);
    for name in UNOWNED {
        if name != "status" || target.subresource != "status" {
            tree.remove(&format!("f:{name}"));
        }
    }
    if let Some(metadata) = tree.get_mut("f:metadata").and_then(Value::as_object_mut) {
        for name in UNOWNED_METADATA {
            metadata.remove(&format!("f:{name}"));
        }
        if metadata.is_empty() {
            tree.remove("f:metadata");
        }
    }
    tree
}

fn entry(target: &Target<'_>, fields: &Tree) -> Value {
    let mut entry = json!({
        "manager": target.manager(), "operation": "Apply", "apiVersion": target.kind.api_version(target.version),
        "time": target.store.timestamp(), "fieldsType": "FieldsV1", "fieldsV1": fields,
    });
    if !target.subresource.is_empty() {
        entry["subresource"] = json!(target.subresource);
    }
    entry
}

fn conflict(target: &Target<'_>, owner: &Value, disputed: &Tree) -> ApiError {
    let mut paths = Vec::new();
    ownership::paths(disputed, "", &mut paths);
    let disputed = paths;
    let manager = owner["manager"].as_str().unwrap_or_default();
    let message = format!(
        "Apply failed with {} conflict{}: conflicts with {manager:?}: {}",
        disputed.len(),
        if disputed.len() == 1 { "" } else { "s" },
        disputed.join(", ")
    );
    let mut error = ApiError::conflict(&target.kind.qualified(), target.name, "");
    error.message = message;
    let causes: Vec<Value> = disputed
        .iter()
        .map(|field| json!({"reason": "FieldManagerConflict", "field": field, "message": format!("conflict with {manager:?}")}))
        .collect();
    error.details.insert("causes".to_owned(), Value::Array(causes));
    error
}
