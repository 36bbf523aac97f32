//! One object, in the encoding and view that the client accepts.

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::kind::Kind;
use crate::media::View;
use crate::schema::Message;
use crate::store::Stored;
use crate::transcode::json_to_protobuf;

/// `apiVersion` of the metadata-only view and of tables.
pub(crate) const META_VERSION: &str = "meta.k8s.io/v1";

/// `apiVersion` and `kind` of an object in this view.
pub(crate) fn names<'a>(kind: &'a Kind, version: &str, view: View) -> (String, &'a str) {
    match view {
        View::Whole | View::Table => (kind.api_version(version), &kind.kind),
        View::Metadata => (META_VERSION.to_owned(), "PartialObjectMetadata"),
    }
}

/// Appends the object. Items of a LIST of a built-in kind have no `kind` and `apiVersion`, as in the real server.
pub(crate) fn json(
    kind: &Kind,
    version: &str,
    object: &Stored,
    view: View,
    with_kind: bool,
    out: &mut Vec<u8>,
) {
    if view == View::Metadata {
        let partial = json!({"kind": "PartialObjectMetadata", "apiVersion": META_VERSION, "metadata": object.metadata()});
        append(&partial, out);
        return;
    }
    if !with_kind && kind.schema.is_some() {
        out.extend_from_slice(&object.json);
        return;
    }
    out.extend_from_slice(b"{\"apiVersion\":");
    append(&Value::String(kind.api_version(version)), out);
    out.extend_from_slice(b",\"kind\":");
    append(&Value::String(kind.kind.clone()), out);
    out.push(b',');
    // The object always has metadata, so that something follows its brace.
    out.extend_from_slice(&object.json[1..]);
}

/// Appends the object's protobuf message, without envelope.
pub(crate) fn protobuf(kind: &Kind, object: &Stored, view: View, out: &mut Vec<u8>) -> Result<(), ApiError> {
    let schema = if view == View::Metadata { partial_schema() } else { kind.schema };
    let schema = schema.ok_or_else(|| ApiError::not_acceptable(crate::media::JSON))?;
    json_to_protobuf(schema, &object.json, out)
        .map_err(|error| ApiError::new(500, "InternalError", format!("{}: {error}", object.key)))
}

pub(crate) fn append(value: &Value, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("a tree of JSON values is always JSON, and memory takes it");
}

fn partial_schema() -> Option<&'static Message> {
    Message::named("k8s.io.apimachinery.pkg.apis.meta.v1.PartialObjectMetadata")
}
