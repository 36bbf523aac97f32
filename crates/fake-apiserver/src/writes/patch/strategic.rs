//! Strategic merge patch: a merge patch that knows by which key the lists of built-in kinds merge.
//!
//! Understood: merge keys, lists of scalars that are sets, `$patch` (`delete`, `replace`, `merge`), `$retainKeys`,
//! `$deleteFromPrimitiveList/…`, `$setElementOrder/…`.

use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::schema::{Field, Kind, Message, Shape};

const ORDER: &str = "$setElementOrder/";
const DELETE_SCALARS: &str = "$deleteFromPrimitiveList/";
const RETAIN: &str = "$retainKeys";
const DIRECTIVE: &str = "$patch";

/// Merges `patch` into `target`. Without a schema (labels and other maps) it is a merge patch.
pub(super) fn merge(
    schema: Option<&'static Message>,
    target: &mut Value,
    patch: &Value,
) -> Result<(), ApiError> {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return Ok(());
    };
    match patch.get(DIRECTIVE).and_then(Value::as_str) {
        Some("replace") => {
            let fields = patch.iter().filter(|(name, _)| *name != DIRECTIVE);
            *target = Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect());
            return Ok(());
        }
        Some("delete") => {
            *target = Value::Object(Map::new());
            return Ok(());
        }
        Some("merge") | None => {}
        Some(other) => return Err(ApiError::bad_request(format!("unknown patch directive {other:?}"))),
    }
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(fields) = target else { return Ok(()) };
    if let Some(retained) = patch.get(RETAIN).and_then(Value::as_array) {
        fields.retain(|name, _| retained.iter().any(|one| one == name));
    }
    for (name, value) in patch.iter().filter(|(name, _)| !name.starts_with('$')) {
        if value.is_null() {
            fields.remove(name);
            continue;
        }
        let field = schema.and_then(|schema| schema.lookup(name));
        let place = fields.entry(name.clone()).or_insert(Value::Null);
        match (field, place.as_array_mut(), value.as_array()) {
            (Some(field), Some(list), Some(changes)) if !field.merge_key.is_empty() => {
                merge_list(field, list, changes)?;
            }
            (Some(field), None, Some(changes)) if !field.merge_key.is_empty() => {
                let mut list = Vec::new();
                merge_list(field, &mut list, changes)?;
                *place = Value::Array(list);
            }
            _ => merge(nested(field), place, value)?,
        }
    }
    for (name, value) in patch {
        if let Some(list) = name.strip_prefix(DELETE_SCALARS) {
            let gone = value.as_array().map_or(&[][..], Vec::as_slice);
            if let Some(list) = fields.get_mut(list).and_then(Value::as_array_mut) {
                list.retain(|one| !gone.contains(one));
            }
        } else if let Some(list) = name.strip_prefix(ORDER) {
            let key = schema.and_then(|schema| schema.lookup(list)).map_or("", |field| field.merge_key);
            if let (Some(list), Some(order)) =
                (fields.get_mut(list).and_then(Value::as_array_mut), value.as_array())
            {
                reorder(key, list, order);
            }
        }
    }
    Ok(())
}

/// The message of a field that holds one message; maps and scalars have none.
fn nested(field: Option<&'static Field>) -> Option<&'static Message> {
    match field? {
        Field { kind: Kind::Nested(place), shape: Shape::One | Shape::Repeated, .. } => {
            Some(Message::at(*place))
        }
        _ => None,
    }
}

fn merge_list(field: &'static Field, list: &mut Vec<Value>, changes: &[Value]) -> Result<(), ApiError> {
    if field.merge_key == "." {
        let new: Vec<Value> = changes.iter().filter(|change| !list.contains(change)).cloned().collect();
        list.extend(new);
        return Ok(());
    }
    if changes.iter().any(|change| change[DIRECTIVE] == "replace") {
        let kept = changes
            .iter()
            .filter(|change| change[DIRECTIVE] != "replace" || change.get(field.merge_key).is_some());
        *list = kept.cloned().collect();
        for element in list.iter_mut().filter_map(Value::as_object_mut) {
            element.remove(DIRECTIVE);
        }
        return Ok(());
    }
    for change in changes {
        let Some(key) = change.get(field.merge_key) else {
            let message = format!("map: {change} does not contain declared merge key: {}", field.merge_key);
            return Err(ApiError::bad_request(message));
        };
        let found = list.iter().position(|element| element.get(field.merge_key) == Some(key));
        if change[DIRECTIVE] == "delete" {
            if let Some(place) = found {
                list.remove(place);
            }
            continue;
        }
        let place = match found {
            Some(place) => place,
            None => {
                list.push(Value::Object(Map::new()));
                list.len() - 1
            }
        };
        merge(nested(Some(field)), &mut list[place], change)?;
    }
    Ok(())
}

/// Elements that the order names come in that order; the others keep their place behind them.
fn reorder(merge_key: &str, list: &mut [Value], order: &[Value]) {
    let rank = |element: &Value| {
        let named = order.iter().position(|wanted| {
            if merge_key.is_empty() || merge_key == "." {
                wanted == element
            } else {
                wanted[merge_key] == element[merge_key]
            }
        });
        named.unwrap_or(order.len())
    };
    list.sort_by_key(rank);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(object: Value, patch: Value, expected: Option<Value>) {
        let mut merged = object;
        let result = merge(Message::named("k8s.io.api.core.v1.Pod"), &mut merged, &patch);
        assert_eq!(result.is_ok().then_some(merged), expected, "{patch}");
    }

    fn pod(containers: Value) -> Value {
        json!({"spec": {"containers": containers}})
    }

    #[test]
    fn lists_merge_by_key() {
        let two = || pod(json!([{"name": "a", "image": "1"}, {"name": "b", "image": "1"}]));
        check(
            two(),
            pod(json!([{"name": "b", "image": "2"}])),
            Some(pod(json!([{"name": "a", "image": "1"}, {"name": "b", "image": "2"}]))),
        );
        check(
            two(),
            pod(json!([{"name": "c"}])),
            Some(pod(json!([{"name": "a", "image": "1"}, {"name": "b", "image": "1"}, {"name": "c"}]))),
        );
        check(
            two(),
            pod(json!([{"name": "a", "$patch": "delete"}])),
            Some(pod(json!([{"name": "b", "image": "1"}]))),
        );
        check(two(), pod(json!([{"$patch": "replace"}, {"name": "z"}])), Some(pod(json!([{"name": "z"}]))));
        check(two(), pod(json!([{"image": "2"}])), None);
        check(
            two(),
            json!({"spec": {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}}),
            Some(pod(json!([{"name": "b", "image": "1"}, {"name": "a", "image": "1"}]))),
        );
    }

    #[test]
    fn nested_lists_and_sets() {
        check(
            pod(json!([{"name": "a", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "1"}],
                "ports": [{"containerPort": 80, "protocol": "TCP"}]}])),
            pod(
                json!([{"name": "a", "env": [{"name": "X", "value": "2"}], "ports": [{"containerPort": 80, "name": "web"}]}]),
            ),
            Some(pod(
                json!([{"name": "a", "env": [{"name": "X", "value": "2"}, {"name": "Y", "value": "1"}],
                "ports": [{"containerPort": 80, "name": "web", "protocol": "TCP"}]}]),
            )),
        );
        check(
            json!({"metadata": {"finalizers": ["a"]}}),
            json!({"metadata": {"finalizers": ["a", "b"]}}),
            Some(json!({"metadata": {"finalizers": ["a", "b"]}})),
        );
        check(
            json!({"metadata": {"finalizers": ["a", "b"]}}),
            json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}}),
            Some(json!({"metadata": {"finalizers": ["b"]}})),
        );
        // Tolerations have no merge key: they are replaced.
        check(
            json!({"spec": {"tolerations": [{"key": "a"}]}}),
            json!({"spec": {"tolerations": [{"key": "b"}]}}),
            Some(json!({"spec": {"tolerations": [{"key": "b"}]}})),
        );
    }

    #[test]
    fn maps_and_directives() {
        check(
            json!({"metadata": {"labels": {"a": "1", "b": "1"}}}),
            json!({"metadata": {"labels": {"a": null, "c": "2"}}}),
            Some(json!({"metadata": {"labels": {"b": "1", "c": "2"}}})),
        );
        check(
            json!({"metadata": {"labels": {"a": "1"}}}),
            json!({"metadata": {"labels": {"$patch": "replace", "c": "2"}}}),
            Some(json!({"metadata": {"labels": {"c": "2"}}})),
        );
        check(
            json!({"spec": {"volumes": [{"name": "v", "emptyDir": {}}]}}),
            json!({"spec": {"volumes": [{"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "m"}}]}}),
            Some(json!({"spec": {"volumes": [{"name": "v", "configMap": {"name": "m"}}]}})),
        );
        check(json!({}), json!({"spec": {"$patch": "explode"}}), None);
    }
}
