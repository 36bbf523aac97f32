//! `/scale` of Deployments, ReplicaSets, StatefulSets and custom resources that ask for it: `autoscaling/v1 Scale`.

use serde_json::{Value, json};

use crate::kind::Kind;

/// The scale of this object.
pub(crate) fn of(kind: &Kind, object: &Value) -> Value {
    let paths = kind.scale.as_ref();
    let number =
        |path: Option<&String>, absent| path.and_then(|path| at(object, path).as_i64()).unwrap_or(absent);
    // Built-in kinds have 1 by default; a custom resource says nothing.
    let absent = i64::from(kind.schema.is_some());
    let selector = match paths.and_then(|paths| paths.selector.as_ref()) {
        Some(path) => at(object, path).as_str().unwrap_or_default().to_owned(),
        None => match_labels(object),
    };
    let metadata = &object["metadata"];
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"], "creationTimestamp": metadata["creationTimestamp"],
        },
        "spec": {"replicas": number(paths.map(|paths| &paths.wanted), absent)},
        "status": {"replicas": number(paths.map(|paths| &paths.present), 0), "selector": selector},
    })
}

/// The object with the replicas of this scale.
pub(crate) fn applied(kind: &Kind, mut object: Value, scale: &Value) -> Value {
    if let Some(paths) = &kind.scale {
        let wanted = json!(scale["spec"]["replicas"].as_i64().unwrap_or(0));
        put(&mut object, &paths.wanted, wanted);
    }
    object["metadata"]["resourceVersion"] = scale["metadata"]["resourceVersion"].clone();
    object
}

fn match_labels(object: &Value) -> String {
    let labels = object["spec"]["selector"]["matchLabels"].as_object().into_iter().flatten();
    let pairs: Vec<String> =
        labels.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    pairs.join(",")
}

fn at<'a>(object: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(object, |value, name| &value[name])
}

/// Writes at a dotted path; what is in the way and no object stays.
fn put(object: &mut Value, path: &str, value: Value) {
    let mut place = object;
    for name in path.split('.') {
        if !place.is_object() && !place.is_null() {
            return;
        }
        place = &mut place[name];
    }
    *place = value;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales() {
        let built_in = |plural: &str| {
            crate::kind::builtin().into_iter().find(|kind| kind.plural == plural).expect("built in")
        };
        let mut boats = built_in("deployments");
        boats.schema = None;
        boats.scale = Some(crate::kind::ScalePaths {
            wanted: "spec.masts".into(),
            present: "status.masts".into(),
            selector: Some("status.selector".into()),
        });
        let rows = [
            (built_in("deployments"), json!({"spec": {}}), (1, 0, ""), json!({"spec": {"replicas": 7}})),
            (
                built_in("replicasets"),
                json!({"spec": {"replicas": 3, "selector": {"matchLabels": {"a": "b"}}}, "status": {"replicas": 2}}),
                (3, 2, "a=b"),
                json!({"spec": {"replicas": 7, "selector": {"matchLabels": {"a": "b"}}}, "status": {"replicas": 2}}),
            ),
            (boats.clone(), json!({}), (0, 0, ""), json!({"spec": {"masts": 7}})),
            (
                boats.clone(),
                json!({"spec": {"masts": 2}, "status": {"masts": 1, "selector": "x=y"}}),
                (2, 1, "x=y"),
                json!({"spec": {"masts": 7}, "status": {"masts": 1, "selector": "x=y"}}),
            ),
            (boats, json!({"spec": "text"}), (0, 0, ""), json!({"spec": "text"})),
        ];
        for (kind, object, expected, after) in rows {
            let scale = of(&kind, &object);
            let found =
                (&scale["spec"]["replicas"], &scale["status"]["replicas"], &scale["status"]["selector"]);
            assert_eq!(found, (&json!(expected.0), &json!(expected.1), &json!(expected.2)), "{object}");
            let mut applied = applied(&kind, object, &json!({"spec": {"replicas": 7}}));
            applied.as_object_mut().expect("an object").remove("metadata");
            assert_eq!(applied, after);
        }
    }
}
