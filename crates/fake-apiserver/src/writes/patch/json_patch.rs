//! JSON Patch (RFC 6902).

use serde_json::Value;

use crate::error::ApiError;

/// The real server's limit.
const OPERATIONS_MAX: usize = 10_000;

/// The object after all operations; none of them counts when one fails.
pub(super) fn apply(mut object: Value, patch: &Value) -> Result<Value, ApiError> {
    let Some(operations) = patch.as_array() else {
        return Err(ApiError::bad_request("a JSON patch is a list of operations"));
    };
    if operations.len() > OPERATIONS_MAX {
        let message = format!(
            "The allowed maximum operations in a JSON patch is {OPERATIONS_MAX}, got {}",
            operations.len()
        );
        return Err(ApiError::new(413, "RequestEntityTooLarge", message));
    }
    for operation in operations {
        let path = operation["path"].as_str().unwrap_or_default();
        let from = operation["from"].as_str().unwrap_or_default();
        let value = || operation["value"].clone();
        let done = match operation["op"].as_str().unwrap_or_default() {
            "add" => add(&mut object, path, value()),
            "remove" => remove(&mut object, path).map(drop),
            "replace" => object.pointer_mut(path).map(|place| *place = value()),
            "move" => remove(&mut object, from).and_then(|moved| add(&mut object, path, moved)),
            "copy" => object.pointer(from).cloned().and_then(|copied| add(&mut object, path, copied)),
            "test" => object.pointer(path).filter(|found| **found == operation["value"]).map(drop),
            other => return Err(ApiError::bad_request(format!("Unexpected kind: {other}"))),
        };
        if done.is_none() {
            let message = format!(
                "the server rejected our request due to an error in our request: {operation} does not fit"
            );
            return Err(ApiError::new(422, "Invalid", message));
        }
    }
    Ok(object)
}

fn add(object: &mut Value, path: &str, value: Value) -> Option<()> {
    let Some((parent, name)) = path.rsplit_once('/') else {
        *object = value;
        return Some(());
    };
    match object.pointer_mut(parent)? {
        Value::Object(fields) => {
            fields.insert(unescape(name), value);
        }
        Value::Array(list) if name == "-" => list.push(value),
        Value::Array(list) => {
            let place = name.parse().ok().filter(|place| *place <= list.len())?;
            list.insert(place, value);
        }
        _ => return None,
    }
    Some(())
}

fn remove(object: &mut Value, path: &str) -> Option<Value> {
    let (parent, name) = path.rsplit_once('/')?;
    match object.pointer_mut(parent)? {
        Value::Object(fields) => fields.remove(&unescape(name)),
        Value::Array(list) => {
            let place = name.parse().ok().filter(|place| *place < list.len())?;
            Some(list.remove(place))
        }
        _ => None,
    }
}

fn unescape(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn operations() {
        let object = json!({"a": {"b": [1, 2]}, "x/y": 1});
        let rows = [
            (
                json!([{"op": "add", "path": "/c", "value": 1}]),
                Some(json!({"a": {"b": [1, 2]}, "c": 1, "x/y": 1})),
            ),
            (
                json!([{"op": "add", "path": "/a/b/1", "value": 9}]),
                Some(json!({"a": {"b": [1, 9, 2]}, "x/y": 1})),
            ),
            (
                json!([{"op": "add", "path": "/a/b/-", "value": 9}]),
                Some(json!({"a": {"b": [1, 2, 9]}, "x/y": 1})),
            ),
            (json!([{"op": "remove", "path": "/x~1y"}]), Some(json!({"a": {"b": [1, 2]}}))),
            (
                json!([{"op": "replace", "path": "/a/b/0", "value": 7}]),
                Some(json!({"a": {"b": [7, 2]}, "x/y": 1})),
            ),
            (
                json!([{"op": "move", "from": "/a/b/0", "path": "/d"}]),
                Some(json!({"a": {"b": [2]}, "d": 1, "x/y": 1})),
            ),
            (
                json!([{"op": "copy", "from": "/x~1y", "path": "/e"}]),
                Some(json!({"a": {"b": [1, 2]}, "e": 1, "x/y": 1})),
            ),
            (json!([{"op": "test", "path": "/a/b/1", "value": 2}]), Some(object.clone())),
            (json!([{"op": "test", "path": "/a/b/1", "value": 3}]), None),
            (json!([{"op": "remove", "path": "/none"}]), None),
            (json!([{"op": "add", "path": "/a/b/9", "value": 1}]), None),
            (json!([{"op": "add", "path": "/none/x", "value": 1}]), None),
            (json!([{"op": "dance", "path": "/a"}]), None),
            (json!({"op": "add"}), None),
        ];
        for (patch, expected) in rows {
            assert_eq!(apply(object.clone(), &patch).ok(), expected, "{patch}");
        }
    }
}
