//! What the server itself writes into `metadata`.

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::kind::Kind;
use crate::store::Store;

/// Letters and digits that make no words, as the real server has them in generated names.
const NAME_LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
const NAME_SUFFIX: usize = 5;
const NAME_BYTES_MAX: usize = 253;

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
        custom || matches!(kind.group.as_str(), "apps" | "batch" | "discovery.k8s.io") || kind.kind == "Pod";
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

/// A DNS subdomain (RFC 1123), which the names of all served kinds are.
pub(crate) fn check_name(kind: &Kind, name: &str) -> Result<(), ApiError> {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let inner = |byte: u8| letter(byte) || byte == b'-' || byte == b'.';
    let bytes = name.as_bytes();
    let ends =
        bytes.first().is_some_and(|byte| letter(*byte)) && bytes.last().is_some_and(|byte| letter(*byte));
    if ends && bytes.len() <= NAME_BYTES_MAX && bytes.iter().all(|byte| inner(*byte)) {
        return Ok(());
    }
    let why = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
               and must start and end with an alphanumeric character";
    Err(ApiError::invalid(&kind.kind, name, "metadata.name", &format!("Invalid value: {name:?}: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

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
