//! The few defaults without which clients stumble. The real server has hundreds; these are documented as all.

use serde_json::{Value, json};

use crate::kind::Kind;
use crate::store::Store;

/// Fills in a new object.
pub(crate) fn fill(store: &Store, kind: &Kind, object: &mut Value) {
    // Custom resources may have the name of a built-in kind.
    if kind.schema.is_none() {
        return;
    }
    let absent = |value: &Value| value.is_null();
    match kind.kind.as_str() {
        "Namespace" => {
            object["status"] = json!({"phase": "Active"});
            object["spec"] = json!({"finalizers": ["kubernetes"]});
            let name = object["metadata"]["name"].clone();
            object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
        }
        "Pod" => {
            object["status"] = json!({"phase": "Pending", "qosClass": "BestEffort"});
            if object["spec"].is_object() {
                fill_pod_spec(&mut object["spec"]);
            }
        }
        "Deployment" | "ReplicaSet" | "StatefulSet" if object["spec"].is_object() => {
            if absent(&object["spec"]["replicas"]) {
                object["spec"]["replicas"] = json!(1);
            }
            fill_template(object);
        }
        "DaemonSet" | "Job" if object["spec"].is_object() => fill_template(object),
        "Service" if object["spec"].is_object() => {
            let spec = &mut object["spec"];
            if absent(&spec["type"]) {
                spec["type"] = json!("ClusterIP");
            }
            if absent(&spec["clusterIP"]) && spec["type"] != "ExternalName" {
                let bits = store.entropy.next_u64();
                spec["clusterIP"] =
                    json!(format!("10.{}.{}.{}", 96 + bits % 16, bits >> 8 & 0xff, 1 + (bits >> 16) % 254));
            }
            for port in spec["ports"].as_array_mut().into_iter().flatten().filter(|port| port.is_object()) {
                if absent(&port["protocol"]) {
                    port["protocol"] = json!("TCP");
                }
                if absent(&port["targetPort"]) {
                    port["targetPort"] = port["port"].clone();
                }
            }
        }
        "Secret" if absent(&object["type"]) => object["type"] = json!("Opaque"),
        _ => {}
    }
    move_string_data(kind, object);
}

/// `stringData` of a Secret becomes `data`.
fn move_string_data(kind: &Kind, object: &mut Value) {
    if !kind.is("", "Secret") {
        return;
    }
    let Some(Value::Object(texts)) = object.as_object_mut().and_then(|fields| fields.remove("stringData"))
    else {
        return;
    };
    for (key, text) in texts {
        let bytes = text.as_str().unwrap_or_default().as_bytes();
        object["data"][key] = json!(crate::transcode::to_base64(bytes));
    }
}

fn fill_template(object: &mut Value) {
    let spec = &mut object["spec"]["template"]["spec"];
    if spec.is_object() {
        fill_pod_spec(spec);
    }
}

fn fill_pod_spec(spec: &mut Value) {
    let defaults = [
        ("restartPolicy", json!("Always")),
        ("dnsPolicy", json!("ClusterFirst")),
        ("schedulerName", json!("default-scheduler")),
        ("serviceAccountName", json!("default")),
        ("terminationGracePeriodSeconds", json!(30)),
    ];
    for (field, value) in defaults {
        if spec[field].is_null() {
            spec[field] = value;
        }
    }
}
