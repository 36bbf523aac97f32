//! Which fields a manager owns: `FieldsV1` trees (`{"f:spec": {"f:replicas": {}}}`).

use serde_json::{Map, Value};

use crate::schema::{Field, Kind, Message, Shape};

/// A tree of owned fields. An empty node is a leaf.
pub(super) type Tree = Map<String, Value>;

/// The fields that this object sets.
pub(super) fn of(schema: Option<&'static Message>, object: &Value) -> Tree {
    let mut tree = Tree::new();
    for (name, value) in object.as_object().into_iter().flatten() {
        tree.insert(
            format!("f:{name}"),
            Value::Object(of_field(schema.and_then(|schema| schema.lookup(name)), value)),
        );
    }
    tree
}

fn of_field(field: Option<&'static Field>, value: &Value) -> Tree {
    let (nested, key) = match field {
        Some(Field { kind: Kind::Nested(place), merge_key, .. }) => (Some(Message::at(*place)), *merge_key),
        Some(Field { merge_key, .. }) => (None, *merge_key),
        None => (None, ""),
    };
    match value {
        Value::Object(fields)
            if field.is_none_or(|field| field.shape != Shape::Repeated) && !fields.is_empty() =>
        {
            of(nested, value)
        }
        Value::Array(list) if key == "." => {
            list.iter().map(|one| (format!("v:{one}"), Value::Object(Tree::new()))).collect()
        }
        Value::Array(list) if !key.is_empty() => {
            let elements = list.iter().filter(|one| one.get(key).is_some());
            elements.map(|one| (element_name(key, &one[key]), Value::Object(of(nested, one)))).collect()
        }
        _ => Tree::new(),
    }
}

fn element_name(key: &str, value: &Value) -> String {
    format!("k:{}", serde_json::json!({key: value}))
}

/// What is in `mine` and not in `others`.
pub(super) fn subtract(mine: &Tree, others: &Tree) -> Tree {
    let mut left = Tree::new();
    for (name, value) in mine {
        match (value.as_object(), others.get(name).and_then(Value::as_object)) {
            (_, None) => {
                left.insert(name.clone(), value.clone());
            }
            (Some(mine), Some(others)) if !mine.is_empty() => {
                let rest = subtract(mine, others);
                if !rest.is_empty() {
                    left.insert(name.clone(), Value::Object(rest));
                }
            }
            _ => {}
        }
    }
    left
}

/// Removes from `object` the leaves of `tree`, and elements of which nothing is left but their key.
pub(super) fn remove(object: &mut Value, tree: &Tree) {
    for (name, below) in tree {
        let below = below.as_object().filter(|below| !below.is_empty());
        if let Some(field) = name.strip_prefix("f:") {
            match (below, object.as_object_mut()) {
                (Some(below), Some(fields)) => {
                    if let Some(value) = fields.get_mut(field) {
                        remove(value, below);
                    }
                }
                (None, Some(fields)) => {
                    fields.remove(field);
                }
                (_, None) => {}
            }
        } else if let Some(list) = object.as_array_mut() {
            remove_element(list, name, below);
        }
    }
}

fn remove_element(list: &mut Vec<Value>, name: &str, below: Option<&Tree>) {
    if let Some(scalar) = name.strip_prefix("v:") {
        let scalar = serde_json::from_str::<Value>(scalar).unwrap_or_else(|_| scalar.into());
        list.retain(|one| *one != scalar);
        return;
    }
    let Some((key, value)) = element_key(name) else { return };
    let Some(place) = list.iter().position(|one| one.get(&key) == Some(&value)) else { return };
    if let Some(below) = below {
        remove(&mut list[place], below);
    }
    if below.is_none() || list[place].as_object().is_none_or(Map::is_empty) || list[place].get(&key).is_none()
    {
        list.remove(place);
    }
}

fn element_key(name: &str) -> Option<(String, Value)> {
    let key: Tree = serde_json::from_str(name.strip_prefix("k:")?).ok()?;
    key.into_iter().next()
}

/// The leaves in both trees where the two objects differ: what two managers disagree about.
pub(super) fn conflicts(mine: &Tree, others: &Tree, wanted: &Value, found: &Value) -> Tree {
    let mut disputed = Tree::new();
    for (name, below) in mine {
        let Some(other) = others.get(name).and_then(Value::as_object) else { continue };
        let (Some(wanted), Some(found)) = (child(wanted, name), child(found, name)) else { continue };
        match below.as_object().filter(|below| !below.is_empty()) {
            Some(below) if !other.is_empty() => {
                let deeper = conflicts(below, other, wanted, found);
                if !deeper.is_empty() {
                    disputed.insert(name.clone(), Value::Object(deeper));
                }
            }
            _ if wanted != found => {
                disputed.insert(name.clone(), Value::Object(Tree::new()));
            }
            _ => {}
        }
    }
    disputed
}

/// The value that a name in a tree stands for.
fn child<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    if let Some(field) = name.strip_prefix("f:") {
        return value.get(field);
    }
    let (key, wanted) = element_key(name)?;
    value.as_array()?.iter().find(|one| one.get(&key) == Some(&wanted))
}

/// The leaves of a tree as people read them: `.spec.containers[name="a"].image`.
pub(super) fn paths(tree: &Tree, path: &str, out: &mut Vec<String>) {
    for (name, below) in tree {
        let path = match (name.strip_prefix("f:"), element_key(name)) {
            (Some(field), _) => format!("{path}.{field}"),
            (None, Some((key, value))) => format!("{path}[{key}={value}]"),
            (None, None) => format!("{path}[{name}]"),
        };
        match below.as_object().filter(|below| !below.is_empty()) {
            Some(below) => paths(below, &path, out),
            None => out.push(path),
        }
    }
}
