//! What the server itself writes into `metadata`.

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::kind::Kind;
use crate::store::Store;

/// Letters and digits that make no words, as the real server has them in generated names.
const NAME_LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
const NAME_SUFFIX: usize = 5;
const NAME_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;
/// The real server's limit for all annotations of an object together: 256 KiB.
const ANNOTATION_BYTES_MAX: usize = 256 * 1024;

/// Keeps what a writer cannot change; fills it in for a new object.
pub(crate) fn carry_over(store: &Store, before: Option<&Value>, object: &mut Value) {
    let Some(before) = before else {
        if object["metadata"]["uid"].as_str().is_none_or(str::is_empty) {
            object["metadata"]["uid"] = json!(uid(store));
        }
        if object["metadata"]["creationTimestamp"].is_null() {
            object["metadata"]["creationTimestamp"] = json!(store.timestamp());
        }
        return;
    };
    for field in ["uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds"]
    {
        let old = &before["metadata"][field];
        if !old.is_null() {
            object["metadata"][field] = old.clone();
        } else if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove(field);
        }
    }
}

/// `generation` counts changes of the spec, for kinds that have it.
pub(crate) fn count_generation(kind: &Kind, before: Option<&Value>, object: &mut Value) {
    let custom = kind.schema.is_none();
    let counted =
        custom || matches!(kind.group.as_str(), "apps" | "batch" | "discovery.k8s.io") || kind.is("", "Pod");
    if !counted {
        return;
    }
    let Some(before) = before else {
        if object["metadata"]["generation"].as_i64().is_none() {
            object["metadata"]["generation"] = json!(1);
        }
        return;
    };
    let generation = before["metadata"]["generation"].as_i64().unwrap_or(0);
    let changed = before["spec"] != object["spec"];
    object["metadata"]["generation"] = json!(if changed { generation + 1 } else { generation.max(1) });
}

/// A random UUID, version 4.
pub(crate) fn uid(store: &Store) -> String {
    let bits = u128::from(store.entropy.next_u64()) << 64 | u128::from(store.entropy.next_u64());
    format_uid(bits)
}

/// 128 bits as a UUID of version 4.
pub(crate) fn format_uid(bits: u128) -> String {
    let bits = bits & !(0xf << 76 | 0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{bits:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// `generateName` and five random letters.
pub(crate) fn generate_name(store: &Store, prefix: &str) -> String {
    let longest = NAME_BYTES_MAX - NAME_SUFFIX;
    let prefix = prefix.get(..longest).unwrap_or(prefix);
    let mut bits = store.entropy.next_u64();
    let suffix = (0..NAME_SUFFIX).map(|_| {
        let letter = NAME_LETTERS[(bits % NAME_LETTERS.len() as u64) as usize];
        bits /= NAME_LETTERS.len() as u64;
        char::from(letter)
    });
    prefix.chars().chain(suffix).collect()
}

/// What labels and annotations may look like.
pub(crate) fn check_labels(kind: &Kind, object: &Value) -> Result<(), ApiError> {
    let metadata = &object["metadata"];
    let name = metadata["name"].as_str().unwrap_or_default();
    let invalid = |field: &str, why: String| Err(ApiError::invalid(&kind.kind, name, field, &why));
    for (key, value) in metadata["labels"].as_object().into_iter().flatten() {
        if !is_label_key(key) {
            return invalid("metadata.labels", format!("Invalid value: {key:?}: must be a qualified name"));
        }
        let value = value.as_str().unwrap_or_default();
        if !value.is_empty() && !is_label_word(value) {
            let rule = "a valid label must be an empty string or at most 63 letters, digits, '-', '_' or '.'";
            return invalid("metadata.labels", format!("Invalid value: {value:?}: {rule}"));
        }
    }
    let mut bytes = 0;
    for (key, value) in metadata["annotations"].as_object().into_iter().flatten() {
        if !is_label_key(&key.to_lowercase()) {
            return invalid(
                "metadata.annotations",
                format!("Invalid value: {key:?}: must be a qualified name"),
            );
        }
        bytes += key.len() + value.as_str().unwrap_or_default().len();
    }
    if bytes > ANNOTATION_BYTES_MAX {
        let why = format!("Too long: may not be more than {ANNOTATION_BYTES_MAX} bytes");
        return invalid("metadata.annotations", why);
    }
    Ok(())
}

/// "name", or "prefix/name" with a DNS subdomain before the slash.
fn is_label_key(key: &str) -> bool {
    match key.split_once('/') {
        Some((prefix, name)) => is_subdomain(prefix) && is_label_word(name),
        None => is_label_word(key),
    }
}

fn is_label_word(word: &str) -> bool {
    let bytes = word.as_bytes();
    let ends = bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric);
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    ends && bytes.len() <= LABEL_BYTES_MAX && bytes.iter().all(inner)
}

/// A DNS subdomain (RFC 1123), which the names of all served kinds are.
pub(crate) fn check_name(kind: &Kind, name: &str) -> Result<(), ApiError> {
    if is_subdomain(name) {
        return Ok(());
    }
    let why = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
               and must start and end with an alphanumeric character";
    Err(ApiError::invalid(&kind.kind, name, "metadata.name", &format!("Invalid value: {name:?}: {why}")))
}

fn is_subdomain(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let inner = |byte: u8| letter(byte) || byte == b'-' || byte == b'.';
    let bytes = name.as_bytes();
    let ends =
        bytes.first().is_some_and(|byte| letter(*byte)) && bytes.last().is_some_and(|byte| letter(*byte));
    ends && bytes.len() <= NAME_BYTES_MAX && bytes.iter().all(|byte| inner(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        let kind = crate::kind::builtin().remove(0);
        let long = "a".repeat(64);
        let rows = [
            (json!({}), true),
            (json!({"labels": {"a": "", "A_b.c": "x-1", "example.com/a": "b"}}), true),
            (json!({"labels": {"bad key": "x"}}), false),
            (json!({"labels": {"a": "b c"}}), false),
            (json!({"labels": {"a": "-b"}}), false),
            (json!({"labels": {"a/b/c": "d"}}), false),
            (json!({"labels": {"Example.com/a": "b"}}), false),
            (json!({"labels": {long.clone(): "b"}}), false),
            (json!({"labels": {"a": long}}), false),
            (json!({"annotations": {"Example.com/a": "any text, of any kind"}}), true),
            (json!({"annotations": {"a b": ""}}), false),
            (json!({"annotations": {"a": "x".repeat(ANNOTATION_BYTES_MAX - 1)}}), true),
            (json!({"annotations": {"a": "x".repeat(ANNOTATION_BYTES_MAX)}}), false),
        ];
        for (metadata, good) in rows {
            let shown = metadata.to_string();
            let found = check_labels(&kind, &json!({"metadata": metadata}));
            assert_eq!(found.is_ok(), good, "{}", &shown[..shown.len().min(80)]);
        }
    }

    #[test]
    fn names() {
        let kind = crate::kind::builtin().remove(0);
        for (name, good) in
            [("a", true), ("a-b.c1", true), ("", false), ("A", false), ("-a", false), ("a_b", false)]
        {
            assert_eq!(check_name(&kind, name).is_ok(), good, "{name}");
        }
        assert!(check_name(&kind, &"a".repeat(254)).is_err());
    }

    #[test]
    fn uids_are_of_version_4() {
        assert_eq!(format_uid(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(format_uid(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
