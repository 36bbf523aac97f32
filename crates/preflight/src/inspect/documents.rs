//! Files of manifests, taken apart.

use serde_json::Value;

/// A rendered chart of a large platform has some 10 MB.
const TEXT_BYTES_MAX: usize = 64 << 20;
/// Objects in all.
const OBJECTS_MAX: usize = 20_000;

/// Why a file cannot be read; which file, only the caller knows.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// Not YAML.
    #[error("line {line}: it is no YAML ({what}); render templates first, as `helm template` does")]
    Form {
        /// Counted from 1.
        line: u64,
        /// What is wrong there.
        what: String,
    },
    /// Too much.
    #[error("it is too large: more than {TEXT_BYTES_MAX} bytes or {OBJECTS_MAX} objects")]
    TooLarge,
}

pub(super) fn read(text: &str, into: &mut Vec<Value>) -> Result<(), InspectError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(InspectError::TooLarge);
    }
    let documents: Vec<Value> = yaml(text)?;
    for document in documents {
        match document["items"].as_array() {
            Some(items) if document["kind"].as_str().is_some_and(|kind| kind.ends_with("List")) => {
                into.extend(items.iter().cloned())
            }
            _ if document["kind"].is_string() => into.push(document),
            // A comment, an empty document, a values file.
            _ => {}
        }
    }
    if into.len() > OBJECTS_MAX { Err(InspectError::TooLarge) } else { Ok(()) }
}

/// A program's own configuration, where it is YAML; null where it is not.
pub(super) fn configuration(text: &str) -> Value {
    yaml(text).ok().and_then(|documents| documents.into_iter().next()).unwrap_or(Value::Null)
}

fn yaml(text: &str) -> Result<Vec<Value>, InspectError> {
    serde_saphyr::from_multiple(text).map_err(|error| {
        let error = error.without_snippet();
        let what = error.to_string();
        InspectError::Form {
            line: error.location().map_or(1, |location| location.line()),
            what: what.lines().next().unwrap_or_default().chars().take(200).collect(),
        }
    })
}
