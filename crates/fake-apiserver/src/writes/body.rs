//! Request bodies: bounded, JSON or protobuf, checked against the kind's schema.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use serde_json::{Map, Value};

use crate::answer::envelope;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::media::Encoding;
use crate::schema::Message;
use crate::transcode::{Unknown, protobuf_to_json, value_to_protobuf};

/// The real server's limit for bodies of JSON and protobuf: 3 MiB.
pub(crate) const BODY_BYTES_MAX: usize = 3 * 1024 * 1024;

/// Reads the whole body.
pub(crate) async fn collect(body: hyper::body::Incoming) -> Result<Bytes, ApiError> {
    match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            Err(ApiError::too_large(BODY_BYTES_MAX))
        }
        Err(error) => Err(ApiError::bad_request(format!("the body broke off: {error}"))),
    }
}

/// The object in a body.
pub(crate) fn parse(
    schema: Option<&'static Message>,
    encoding: Encoding,
    body: &[u8],
) -> Result<Value, ApiError> {
    match encoding {
        Encoding::Json => serde_json::from_slice(body)
            .map_err(|error| ApiError::bad_request(format!("the object provided is unrecognized: {error}"))),
        Encoding::Protobuf => {
            let broken = || ApiError::bad_request("the body is no Kubernetes protobuf");
            let (api_version, kind, message) = envelope::read(body).ok_or_else(broken)?;
            let object = protobuf_to_json(schema.ok_or_else(broken)?, message);
            let mut object = object.map_err(|error| ApiError::bad_request(error.to_string()))?;
            for (name, value) in [("apiVersion", api_version), ("kind", kind)] {
                if !value.is_empty() {
                    object.insert(name.to_owned(), Value::String(value));
                }
            }
            Ok(Value::Object(object))
        }
    }
}

/// The object says that it is what the path says, or nothing.
pub(crate) fn check_kind(kind: &Kind, version: &str, object: &Value) -> Result<(), ApiError> {
    let expected = kind.api_version(version);
    let differs = |field: &str, expected: &str| object[field].as_str().is_some_and(|found| found != expected);
    if differs("kind", &kind.kind) || differs("apiVersion", &expected) {
        let message = format!(
            "the object is {} {}, the path is of {expected} {}",
            object["apiVersion"], object["kind"], kind.kind
        );
        return Err(ApiError::bad_request(message));
    }
    Ok(())
}

/// What the kind's schema makes of the object: unknown fields are left out and named, zeros that say nothing are left out,
/// wrong types are errors. Custom resources stay as they are. `apiVersion` and `kind` are gone afterwards.
pub(crate) fn through_schema(kind: &Kind, object: Value) -> Result<(Value, Vec<String>), ApiError> {
    let Value::Object(mut fields) = object else {
        return Err(ApiError::bad_request("the body is not an object"));
    };
    fields.remove("apiVersion");
    fields.remove("kind");
    let (mut fields, unknown) = match kind.schema {
        Some(schema) => checked(kind, schema, Value::Object(fields))?,
        None => (fields, Vec::new()),
    };
    let metadata = fields.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
    if metadata.is_null() {
        *metadata = Value::Object(Map::new());
    }
    if !metadata.is_object() {
        return Err(ApiError::bad_request("metadata is not an object"));
    }
    Ok((Value::Object(fields), unknown))
}

fn checked(
    kind: &Kind,
    schema: &'static Message,
    object: Value,
) -> Result<(Map<String, Value>, Vec<String>), ApiError> {
    let (mut message, mut unknown) = (Vec::new(), Unknown::default());
    value_to_protobuf(schema, &object, &mut message, &mut unknown).map_err(|error| {
        ApiError::bad_request(format!(
            "{} in version {:?} cannot be handled as a {}: {error}",
            kind.kind,
            kind.preferred_api_version(),
            kind.kind
        ))
    })?;
    let object = protobuf_to_json(schema, &message);
    Ok((object.map_err(|error| ApiError::bad_request(error.to_string()))?, unknown.fields))
}

/// What `fieldValidation` makes of unknown fields: an error, a header `Warning` each, nothing.
pub(crate) fn judge_unknown(validation: &str, unknown: Vec<String>) -> Result<Vec<String>, ApiError> {
    let texts: Vec<String> = unknown.into_iter().map(|field| format!("unknown field \"{field}\"")).collect();
    match validation {
        "Strict" if !texts.is_empty() => {
            Err(ApiError::bad_request(format!("strict decoding error: {}", texts.join(", "))))
        }
        "Warn" | "" => Ok(texts),
        _ => Ok(Vec::new()),
    }
}
