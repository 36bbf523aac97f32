//! Each kind from JSON and from protobuf: the same object. The protobuf comes from `k8s-pb`, whose field numbers were
//! generated from Kubernetes' own files.

mod node;
mod pod;
mod service;
mod workload;

use k8s_pb::apimachinery::pkg::apis::meta::v1 as metav1;
use objects::decode::{self, Encoding, Keep};
use objects::{Interner, Meta, Object, Owner, Resource, Sym};
use prost::Message;
use serde_json::Value;

/// `metadata` of every row's JSON object; [`message_meta`] and [`meta`] are the same.
const META: &str = r#"{
    "name": "thing", "namespace": "shop", "uid": "0a1b2c3d-0000-4000-8000-000000000001",
    "resourceVersion": "4711", "generation": 3, "creationTimestamp": "2026-11-24T00:00:00Z",
    "deletionTimestamp": "2026-11-24T00:01:00+01:00", "deletionGracePeriodSeconds": 30, "generateName": "thi",
    "labels": {"tier": "front", "app": "web"}, "annotations": {"note": "dropped"}, "finalizers": ["a/b"],
    "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "rs", "uid": "u1", "controller": true,
        "blockOwnerDeletion": true}, {"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "u2"}],
    "managedFields": [{"manager": "kubectl", "operation": "Apply", "fieldsV1": {"f:metadata": {}}}]
}"#;

fn message_meta() -> metav1::ObjectMeta {
    let owner = |kind: &str, name: &str, uid: &str, controller| metav1::OwnerReference {
        api_version: text("v1"),
        kind: text(kind),
        name: text(name),
        uid: text(uid),
        controller,
        block_owner_deletion: controller,
    };
    metav1::ObjectMeta {
        name: text("thing"),
        generate_name: text("thi"),
        namespace: text("shop"),
        self_link: text(""),
        uid: text("0a1b2c3d-0000-4000-8000-000000000001"),
        resource_version: text("4711"),
        generation: Some(3),
        creation_timestamp: time(1_795_478_400),
        deletion_timestamp: time(1_795_474_860),
        deletion_grace_period_seconds: Some(30),
        labels: [("tier", "front"), ("app", "web")].map(|(k, v)| (k.into(), v.into())).into(),
        annotations: [("note".into(), "dropped".into())].into(),
        owner_references: vec![owner("ReplicaSet", "rs", "u1", Some(true)), owner("Node", "n", "u2", None)],
        finalizers: vec!["a/b".into()],
        managed_fields: vec![metav1::ManagedFieldsEntry { manager: text("kubectl"), ..Default::default() }],
    }
}

fn meta() -> Meta {
    let owner = |kind: &str, name: &str, uid: &str, controller| Owner {
        kind: kind.into(),
        name: name.into(),
        uid: uid.into(),
        controller,
    };
    Meta {
        namespace: "shop".into(),
        name: "thing".into(),
        uid: "0a1b2c3d-0000-4000-8000-000000000001".into(),
        resource_version: "4711".into(),
        generation: 3,
        created: 1_795_478_400,
        deleted: Some(1_795_474_860),
        owners: [owner("ReplicaSet", "rs", "u1", Some(true)), owner("Node", "n", "u2", None)].into(),
        labels: [("app".into(), "web".into()), ("tier".into(), "front".into())].into(),
        annotations: Default::default(),
    }
}

/// `rest` is the JSON object without its metadata, in braces.
fn check(resource: Resource, rest: &str, message: &impl Message, expected: Object) {
    let rest = rest.trim().strip_prefix('{').unwrap();
    let comma = if rest.trim() == "}" { "" } else { "," };
    let json = format!("{{\"metadata\":{META}{comma}{rest}");
    let read = |encoding, bytes: &[u8]| {
        decode::object(resource, encoding, bytes, Keep::default(), &Interner::default()).unwrap()
    };
    assert_eq!(read(Encoding::Json, json.as_bytes()), expected, "from JSON");
    assert_eq!(read(Encoding::Protobuf, &message.encode_to_vec()), expected, "from protobuf");

    let mut nulls: Value = serde_json::from_str(&json).unwrap();
    for depth in 1..8 {
        null_below(&mut nulls, depth);
        read(Encoding::Json, nulls.to_string().as_bytes());
        nulls = serde_json::from_str(&json).unwrap();
    }
    read(Encoding::Json, b"{}");
    read(Encoding::Protobuf, b"");
}

/// Replaces everything at this depth by `null`.
fn null_below(value: &mut Value, depth: usize) {
    let children: Vec<&mut Value> = match value {
        Value::Object(members) => members.values_mut().collect(),
        Value::Array(items) => items.iter_mut().collect(),
        _ => return,
    };
    for child in children {
        match depth {
            1 => *child = Value::Null,
            _ => null_below(child, depth - 1),
        }
    }
}

fn text(text: &str) -> Option<String> {
    Some(text.into())
}

fn time(seconds: i64) -> Option<metav1::Time> {
    Some(metav1::Time { seconds: Some(seconds), nanos: Some(0) })
}

fn sym(text: &str) -> Sym {
    Sym::new(text)
}
