//! What goes wrong, as the `metav1.Status` that clients of the real server know.

use serde_json::{Map, Value, json};

/// An answer that is an error.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiError {
    /// HTTP status.
    pub code: u16,
    /// Machine-readable: "NotFound", "Conflict", ….
    pub reason: &'static str,
    /// For people.
    pub message: String,
    pub(crate) details: Map<String, Value>,
    /// Goes into the header `Retry-After` and into `details.retryAfterSeconds`.
    pub(crate) retry_after_seconds: Option<u32>,
    /// An expired LIST may go on from here, at another resource version.
    pub(crate) continue_token: Option<String>,
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}: {}", self.code, self.reason, self.message)
    }
}

impl std::error::Error for ApiError {}

impl ApiError {
    pub(crate) fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, reason, message, details: Map::new(), retry_after_seconds: None, continue_token: None }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub(crate) fn not_found(resource: &str, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{resource} {name:?} not found")).about(resource, name)
    }

    /// No such path. Goes out as the real server's plain text: clients make a complete `Status` of that, and some take one
    /// without details for granted.
    pub(crate) fn no_such_path() -> Self {
        Self::new(404, "NotFound", "the server could not find the requested resource")
    }

    pub(crate) fn is_no_such_path(&self) -> bool {
        *self == Self::no_such_path()
    }

    /// Known to Kubernetes, not served here.
    pub(crate) fn refused(why: &str) -> Self {
        Self::new(405, "MethodNotAllowed", why)
    }

    pub(crate) fn exists(resource: &str, name: &str) -> Self {
        Self::new(409, "AlreadyExists", format!("{resource} {name:?} already exists")).about(resource, name)
    }

    pub(crate) fn conflict(resource: &str, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {resource} {name:?}: {why}");
        Self::new(409, "Conflict", message).about(resource, name)
    }

    /// The optimistic lock.
    pub(crate) fn modified(resource: &str, name: &str) -> Self {
        let why =
            "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(resource, name, why)
    }

    pub(crate) fn invalid(kind: &str, name: &str, field: &str, why: &str) -> Self {
        let mut error = Self::new(422, "Invalid", format!("{kind} {name:?} is invalid: {field}: {why}"));
        error.details = object(json!({
            "name": name, "kind": kind, "causes": [{"reason": "FieldValueInvalid", "message": why, "field": field}],
        }));
        error
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(403, "Forbidden", message)
    }

    /// The resource version is older than the history.
    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    pub(crate) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::new(405, "MethodNotAllowed", message)
    }

    pub(crate) fn not_acceptable(served: &str) -> Self {
        let message = format!("only the following media types are accepted: {served}");
        Self::new(406, "NotAcceptable", message)
    }

    pub(crate) fn unsupported_media_type(got: &str, served: &str) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {served} (got {got:?})"
        );
        Self::new(415, "UnsupportedMediaType", message)
    }

    pub(crate) fn too_large(limit_bytes: usize) -> Self {
        let message = format!("Request entity too large: limit is {limit_bytes}");
        Self::new(413, "RequestEntityTooLarge", message)
    }

    /// A resource version of the future.
    pub(crate) fn too_large_version(asked: u64, current: u64) -> Self {
        let message = format!("Too large resource version: {asked}, current: {current}");
        let mut error = Self::new(504, "Timeout", message).retry_after(1);
        error.details = object(json!({"causes": [
            {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}], "retryAfterSeconds": 1}));
        error
    }

    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    fn about(mut self, resource: &str, name: &str) -> Self {
        let (plural, group) = resource.split_once('.').unwrap_or((resource, ""));
        self.details = object(json!({"name": name, "kind": plural}));
        if !group.is_empty() {
            self.details.insert("group".to_owned(), group.into());
        }
        self
    }

    /// The `metav1.Status`.
    pub(crate) fn status(&self) -> Value {
        let mut details = self.details.clone();
        if let Some(seconds) = self.retry_after_seconds {
            details.insert("retryAfterSeconds".to_owned(), seconds.into());
        }
        let metadata = match &self.continue_token {
            Some(token) => json!({"continue": token}),
            None => json!({}),
        };
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure",
            "message": self.message, "reason": self.reason, "code": self.code,
        });
        if !details.is_empty() {
            status["details"] = Value::Object(details);
        }
        status
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
