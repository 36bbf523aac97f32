//! Custom resources: the columns that their definition asks for.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::text::age;
use crate::kind::{Kind, PrinterColumn};

/// `None` for built-in kinds.
pub(super) fn columns(kind: &Kind, version: &str) -> Option<Vec<Value>> {
    let own = own_columns(kind, version)?;
    let mut columns = vec![
        json!({"name": "Name", "type": "string", "format": "name", "description": "Name", "priority": 0}),
    ];
    columns.extend(own.iter().map(|column| {
        json!({"name": column.name, "type": column.kind, "format": "", "description": column.path,
            "priority": column.priority})
    }));
    if own.is_empty() {
        columns
            .push(json!({"name": "Age", "type": "date", "format": "", "description": "Age", "priority": 0}));
    }
    Some(columns)
}

/// The cells of those columns.
pub(super) fn cells(kind: &Kind, version: &str, object: &Value, now: Timestamp) -> Option<Vec<Value>> {
    let own = own_columns(kind, version)?;
    let mut cells = vec![object["metadata"]["name"].clone()];
    cells.extend(own.iter().map(|column| cell(column, object, now)));
    if own.is_empty() {
        cells.push(json!(age(&object["metadata"]["creationTimestamp"], now)));
    }
    Some(cells)
}

fn own_columns<'a>(kind: &'a Kind, version: &str) -> Option<&'a [PrinterColumn]> {
    let built_in = kind.schema.is_some() || kind.group == "apiextensions.k8s.io";
    if built_in { None } else { Some(&kind.version(version)?.columns) }
}

fn cell(column: &PrinterColumn, object: &Value, now: Timestamp) -> Value {
    let found = at(object, &column.path);
    match (column.kind.as_str(), found) {
        (_, Value::Null) => Value::Null,
        ("date", found) => json!(age(found, now)),
        ("string", Value::String(_))
        | ("integer" | "number", Value::Number(_))
        | ("boolean", Value::Bool(_)) => found.clone(),
        (_, other) => json!(other.to_string()),
    }
}

/// The subset of JSONPath that definitions use: `.spec.a.b`, `.spec.list[0]`, `.conditions[?(@.type=="Ready")].status`.
fn at<'a>(object: &'a Value, path: &str) -> &'a Value {
    let mut found = object;
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('[') {
            let Some((inside, tail)) = after.split_once(']') else { return &Value::Null };
            found = element(found, inside);
            rest = tail;
            continue;
        }
        let name = rest.strip_prefix('.').unwrap_or(rest);
        let end = name.find(['.', '[']).unwrap_or(name.len());
        found = &found[&name[..end]];
        rest = &name[end..];
    }
    found
}

fn element<'a>(list: &'a Value, inside: &str) -> &'a Value {
    if let Ok(place) = inside.parse::<usize>() {
        return &list[place];
    }
    let Some(test) = inside.strip_prefix("?(@.").and_then(|test| test.strip_suffix(')')) else {
        return &Value::Null;
    };
    let Some((name, wanted)) = test.split_once("==") else { return &Value::Null };
    let wanted = wanted.trim().trim_matches(['"', '\'']);
    let elements = list.as_array().into_iter().flatten();
    elements.into_iter().find(|one| one[name.trim()] == wanted).unwrap_or(&Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let object = json!({"spec": {"a": {"b": 1}, "list": ["x", "y"]},
            "status": {"conditions": [{"type": "A", "status": "False"}, {"type": "Ready", "status": "True"}]}});
        let rows = [
            (".spec.a.b", json!(1)),
            (".spec.list[1]", json!("y")),
            (".status.conditions[?(@.type==\"Ready\")].status", json!("True")),
            (".status.conditions[?(@.type=='None')].status", Value::Null),
            (".spec.none.deep", Value::Null),
            (".spec.list[", Value::Null),
        ];
        for (path, expected) in rows {
            assert_eq!(at(&object, path), &expected, "{path}");
        }
    }
}
