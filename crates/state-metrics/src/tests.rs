//! What the families print.

mod golden;
mod kinds;
mod output;
mod pods;
mod properties;

use objects::decode::{self, Encoding, Keep};
use objects::{Interner, Object, Resource};
use serde_json::{Value, json};

use crate::{AllowList, Options, families, render};

/// One row: what the object has beside its name, a family, and its samples.
type Row = (&'static str, &'static str, &'static str);

/// An object called "shop"/"cart" with the UID "7f", and what `fields` adds.
fn object(resource: Resource, fields: &str) -> Object {
    let mut value: Value = serde_json::from_str(fields).unwrap();
    let metadata = value.as_object_mut().unwrap().entry("metadata").or_insert_with(|| json!({}));
    metadata["name"] = json!("cart");
    metadata["uid"] = json!("7f");
    if resource.info().namespaced {
        metadata["namespace"] = json!("shop");
    }
    let keep = Keep { annotations: true };
    decode::object(resource, Encoding::Json, value.to_string().as_bytes(), keep, &Interner::default())
        .unwrap()
}

/// The samples of one family, each as its own labels and its value; the labels that every family has are checked on the way.
fn samples(resource: Resource, identity: &str, fields: &str, family: &str) -> String {
    let allow_all = || AllowList::parse("*=[*]").unwrap();
    let options = Options { labels: allow_all(), annotations: allow_all(), ..Options::default() };
    let family = families(resource).iter().find(|row| row.name == family).expect(family);
    let mut out = Vec::new();
    render(family, &[object(resource, fields)], &options, &mut out);
    let text = String::from_utf8(out).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let own = line.strip_prefix(&format!("{}{{{identity}", family.name)).expect(line);
        own.trim_start_matches(',').replacen("} ", " ", 1).trim_start().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Checks every row, and that every family has a row in which it prints something.
fn check_all(resource: Resource, identity: &str, rows: &[Row]) {
    for (fields, family, expected) in rows {
        assert_eq!(samples(resource, identity, fields, family), *expected, "{family} of {fields}");
    }
    let printed: Vec<_> = rows.iter().filter(|row| !row.2.is_empty()).map(|row| row.1).collect();
    let without: Vec<_> =
        families(resource).iter().map(|row| row.name).filter(|name| !printed.contains(name)).collect();
    assert!(without.is_empty(), "no row prints {without:?}");
}
