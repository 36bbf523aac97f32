//! The format as a JSON schema: docs/profile.schema.json.

use std::borrow::Cow;
use std::path::Path;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema, schema_for};

use crate::{Profile, Span, SpanRange};

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A length of time, such as 60s, 1m30s or 250ms.",
            "pattern": "^(0|([0-9]+(\\.[0-9]+)?(us|ms|s|m|h))+)$"
        })
    }
}

impl JsonSchema for SpanRange {
    fn schema_name() -> Cow<'static, str> {
        "SpanRange".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "From the shortest to the longest length of time, such as 5m..10m.",
            "pattern": "^[0-9.]+(us|ms|s|m|h)([0-9.]+(us|ms|s|m|h))*(\\.\\.[0-9.]+(us|ms|s|m|h)([0-9.]+(us|ms|s|m|h))*)?$"
        })
    }
}

#[test]
fn generated_page() {
    let schema = serde_json::to_string_pretty(&schema_for!(Profile)).expect("a schema is JSON");
    let schema = format!("{schema}\n");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/profile.schema.json");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&page, &schema).expect("written");
    }
    let written = std::fs::read_to_string(&page).unwrap_or_default();
    assert_eq!(written, schema, "docs/profile.schema.json has drifted: cargo xtask docs");
}
