//! Query parameters and path segments of a request.

use crate::error::ApiError;
use crate::kind::Kind;
use crate::selector::{FieldSelector, LabelSelector, Selection};

/// The parameters that the API knows. Others are ignored, as in the real server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) label_selector: String,
    pub(crate) field_selector: String,
    pub(crate) limit: Option<usize>,
    pub(crate) continue_token: String,
    pub(crate) resource_version: String,
    pub(crate) resource_version_match: String,
    pub(crate) watch: bool,
    pub(crate) allow_watch_bookmarks: bool,
    pub(crate) timeout_seconds: Option<u64>,
    pub(crate) send_initial_events: Option<bool>,
    pub(crate) dry_run: bool,
    pub(crate) field_manager: String,
    pub(crate) field_validation: String,
    pub(crate) force: bool,
    pub(crate) grace_period_seconds: Option<i64>,
    pub(crate) propagation_policy: String,
    pub(crate) include_object: String,
}

impl Query {
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        let mut query = Self::default();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value, true);
            let broken = || ApiError::bad_request(format!("unable to parse query parameter {name}={value}"));
            match name {
                "labelSelector" => query.label_selector = value,
                "fieldSelector" => query.field_selector = value,
                // 0 is "no limit".
                "limit" => {
                    query.limit = Some(value.parse().map_err(|_| broken())?).filter(|limit| *limit > 0)
                }
                "continue" => query.continue_token = value,
                "resourceVersion" => query.resource_version = value,
                "resourceVersionMatch" => query.resource_version_match = value,
                "watch" => query.watch = truth(&value),
                "allowWatchBookmarks" => query.allow_watch_bookmarks = truth(&value),
                "timeoutSeconds" => query.timeout_seconds = Some(value.parse().map_err(|_| broken())?),
                "sendInitialEvents" => query.send_initial_events = Some(truth(&value)),
                "dryRun" => query.dry_run = value == "All",
                "fieldManager" => query.field_manager = value,
                "fieldValidation" => query.field_validation = value,
                "force" => query.force = truth(&value),
                "gracePeriodSeconds" => {
                    query.grace_period_seconds = Some(value.parse().map_err(|_| broken())?)
                }
                "propagationPolicy" => query.propagation_policy = value,
                "includeObject" => query.include_object = value,
                _ => {}
            }
        }
        Ok(query)
    }

    /// The selectors, checked against what the kind supports.
    pub(crate) fn selection(&self, kind: &Kind) -> Result<Selection, ApiError> {
        let labels = LabelSelector::parse(&self.label_selector)?;
        Ok(Selection { labels, fields: FieldSelector::parse(&self.field_selector, kind)? })
    }

    /// The resource version as a number; `None` where it is unset.
    pub(crate) fn version(&self) -> Result<Option<u64>, ApiError> {
        if self.resource_version.is_empty() {
            return Ok(None);
        }
        let broken =
            |_| ApiError::bad_request(format!("invalid resource version {:?}", self.resource_version));
        self.resource_version.parse().map(Some).map_err(broken)
    }
}

fn truth(value: &str) -> bool {
    !matches!(value, "false" | "0" | "f" | "F" | "False" | "FALSE")
}

/// Undoes percent-encoding; in queries a `+` is a space.
pub(crate) fn decode(text: &str, plus_is_space: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'+' if plus_is_space => bytes.push(b' '),
            b'%' => match after.get(..2).and_then(hex) {
                Some(decoded) => {
                    bytes.push(decoded);
                    rest = &after[2..];
                }
                None => bytes.push(byte),
            },
            byte => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters() {
        let text =
            "watch=1&labelSelector=a%3Db%2Cc+in+%28d%29&limit=5&sendInitialEvents=false&timeoutSeconds=7&x=y";
        let query = Query::parse(text).expect("parses");
        let expected = Query {
            watch: true,
            label_selector: "a=b,c in (d)".to_owned(),
            limit: Some(5),
            send_initial_events: Some(false),
            timeout_seconds: Some(7),
            ..Query::default()
        };
        assert_eq!(query, expected);
        for text in ["limit=x", "limit=-1", "timeoutSeconds=soon"] {
            assert_eq!(Query::parse(text).map_err(|error| error.code), Err(400), "{text}");
        }
        assert_eq!(decode("a%2", false), "a%2");
        assert_eq!(decode("a%zz+%41", false), "a%zz+A");
    }
}
