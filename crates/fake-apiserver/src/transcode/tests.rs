//! Round trips and type errors, as tables.

use serde_json::{Value, json};

use super::*;
use crate::schema::Message;

fn schema(name: &str) -> &'static Message {
    Message::named(&format!("k8s.io.api.core.v1.{name}")).expect("in the table")
}

fn there_and_back(name: &str, value: &Value) -> Value {
    let mut from_text = Vec::new();
    let text = serde_json::to_vec(value).expect("JSON");
    json_to_protobuf(schema(name), &text, &mut from_text).expect("encodes");
    let mut from_tree = Vec::new();
    value_to_protobuf(schema(name), value, &mut from_tree, &mut Unknown::default()).expect("encodes");
    assert_eq!(from_text, from_tree, "text and tree give the same bytes");
    Value::Object(protobuf_to_json(schema(name), &from_text).expect("decodes"))
}

#[test]
fn what_is_kept_comes_back() {
    let rows = [
        (
            "Pod",
            json!({"metadata": {"name": "a", "labels": {"x": "", "y": "z"}, "creationTimestamp": "2026-01-02T03:04:05Z"}}),
        ),
        (
            "Pod",
            json!({"spec": {"containers": [{"name": "c", "resources": {"limits": {"cpu": "100m", "memory": "1Gi"}},
            "livenessProbe": {"httpGet": {"port": "web", "path": "/"}, "periodSeconds": 3},
            "readinessProbe": {"tcpSocket": {"port": 8080}}}],
            "volumes": [{"name": "v", "emptyDir": {}}, {"name": "w", "configMap": {"name": "m", "optional": false}}],
            "tolerations": [{"operator": "Exists", "tolerationSeconds": 0}]}}),
        ),
        ("Secret", json!({"data": {"password": "cGFzcw==", "empty": ""}, "type": "Opaque"})),
        ("ConfigMap", json!({"data": {"k": "v"}, "binaryData": {"b": "/w=="}})),
        (
            "Event",
            json!({"eventTime": "2026-01-02T03:04:05.123456Z", "involvedObject": {"kind": "Pod"}, "metadata": {},
            "reportingComponent": "", "reportingInstance": ""}),
        ),
        (
            "Pod",
            json!({"metadata": {"managedFields": [{"manager": "m", "fieldsV1": {"f:metadata": {"f:name": {}}}}]}}),
        ),
        (
            "Node",
            json!({"status": {"capacity": {"cpu": "4", "memory": "16Gi"}, "conditions": [
            {"type": "Ready", "status": "True"}]}}),
        ),
    ];
    for (name, value) in rows {
        assert_eq!(there_and_back(name, &value), value, "{name}");
    }
}

#[test]
fn what_json_says_in_many_ways_becomes_one() {
    let rows = [
        (
            "Pod",
            json!({"metadata": {"creationTimestamp": null, "generateName": "", "unknown": [1, {"a": 2}]}}),
            json!({"metadata": {}}),
        ),
        ("Pod", json!({"spec": {"hostNetwork": false, "priority": 0}}), json!({"spec": {"priority": 0}})),
        ("Node", json!({"status": {"capacity": {"cpu": 4}}}), json!({"status": {"capacity": {"cpu": "4"}}})),
        (
            "Pod",
            json!({"metadata": {"creationTimestamp": "2026-01-02T03:04:05.9+01:00"}}),
            json!({"metadata": {"creationTimestamp": "2026-01-02T02:04:05Z"}}),
        ),
        (
            "Pod",
            json!({"status": {"containerStatuses": [{"name": "c"}]}}),
            json!({"status": {"containerStatuses": [
                {"name": "c", "image": "", "imageID": "", "ready": false, "restartCount": 0}]}}),
        ),
    ];
    for (name, value, expected) in rows {
        assert_eq!(there_and_back(name, &value), expected, "{name}");
    }
}

#[test]
fn wrong_types_are_errors() {
    let rows = [
        ("Pod", json!({"metadata": {"name": 3}})),
        ("Pod", json!({"metadata": "x"})),
        ("Pod", json!({"metadata": {"labels": ["x"]}})),
        ("Pod", json!({"spec": {"containers": {"name": "c"}}})),
        ("Pod", json!({"spec": {"containers": [["c"]]}})),
        ("Pod", json!({"spec": {"priority": 5_000_000_000i64}})),
        ("Pod", json!({"spec": {"hostNetwork": "true"}})),
        ("Pod", json!({"metadata": {"creationTimestamp": "yesterday"}})),
        ("Secret", json!({"data": {"password": "not base64"}})),
        ("Pod", json!([])),
    ];
    for (name, value) in rows {
        let mut out = Vec::new();
        let result = value_to_protobuf(schema(name), &value, &mut out, &mut Unknown::default());
        assert!(result.is_err(), "{value}");
    }
}

#[test]
fn unknown_fields_have_paths() {
    let value = json!({"metadata": {"nam": 1}, "spec": {"containers": [{}, {"imag": "x", "env": [{"nome": 1}]}]}, "speck": {}});
    let mut unknown = Unknown::default();
    value_to_protobuf(schema("Pod"), &value, &mut Vec::new(), &mut unknown).expect("encodes");
    unknown.fields.sort();
    let expected = ["metadata.nam", "spec.containers[1].env[0].nome", "spec.containers[1].imag", "speck"];
    assert_eq!(unknown.fields, expected);
}

#[test]
fn damage_is_an_error() {
    let rows: [(&[u8], DecodeError); 4] = [
        (&[0x0a, 0x7f, 1], DecodeError::Damaged),
        (&[0x0a, 0x04, 0x0a, 0x02, 0xff, 0xfe], DecodeError::NotUtf8),
        (&[0x08, 0x01], DecodeError::Damaged),
        (&[0xff], DecodeError::Damaged),
    ];
    for (bytes, expected) in rows {
        assert_eq!(protobuf_to_json(schema("Pod"), bytes), Err(expected), "{bytes:?}");
    }
}
