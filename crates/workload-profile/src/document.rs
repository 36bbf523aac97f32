//! YAML text and values: the only user of the YAML library here.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A document longer than this is none that a person or a recording wrote: a profile has a few hundred classes of 1 KB.
pub const DOCUMENT_BYTES_MAX: usize = 4 << 20;

/// Why a document cannot be read: one sentence; where and what, but not in which file, which only the caller knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Not of this form.
    #[error("line {line}: {what}")]
    Form {
        /// Counted from 1.
        line: u64,
        /// What is wrong there.
        what: String,
    },
    /// Each line alone is fine, but not together.
    #[error("{place}: {what}")]
    Meaning {
        /// The field, such as `requests[2] (poll)`.
        place: String,
        /// What is wrong there, and what to write.
        what: String,
    },
    /// Too long.
    #[error("it has {0} bytes, more than the {DOCUMENT_BYTES_MAX} that such a file can have")]
    TooLong(usize),
}

impl DocumentError {
    /// What is wrong at a place.
    pub fn at(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Meaning { place: place.into(), what: what.into() }
    }
}

/// Reads one document.
///
/// # Errors
/// [`DocumentError`].
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, DocumentError> {
    if text.len() > DOCUMENT_BYTES_MAX {
        return Err(DocumentError::TooLong(text.len()));
    }
    serde_saphyr::from_str(text).map_err(|error| {
        let error = error.without_snippet();
        let line = error.location().map_or(1, |location| location.line());
        let what = error.to_string();
        // The library's own place, which is said already.
        let what = what.rsplit_once(" at line ").map_or(what.as_str(), |(what, _)| what);
        let what = what.strip_prefix("error: ").unwrap_or(what).lines().next().unwrap_or_default();
        DocumentError::Form { line, what: what.to_owned() }
    })
}

/// Writes one document.
///
/// # Panics
/// Never for values of this crate: they are maps, lists, numbers and text.
pub fn print<T: Serialize>(value: &T) -> String {
    serde_saphyr::to_string(value).expect("numbers, text, lists and maps with names have a form in YAML")
}
