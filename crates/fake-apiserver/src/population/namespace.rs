//! Namespaces and what every namespace has.

use serde_json::{Value, json};

use super::{Draw, ago};
use crate::store::Store;

/// Those that every cluster has.
pub(super) const SYSTEM: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// Writes the namespaces with their default service accounts and root certificates.
pub(super) fn load(store: &Store, names: &[String], draw: &mut Draw) {
    let now = store.now();
    let created = ago(now, 200 * 86_400);
    let namespaces: Vec<(Box<str>, Value)> = names
        .iter()
        .map(|name| {
            let object = json!({
                "metadata": {"name": name, "uid": draw.uid(), "creationTimestamp": created,
                    "labels": {"kubernetes.io/metadata.name": name}},
                "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
            });
            (name.as_str().into(), object)
        })
        .collect();
    load_kind(store, "", "namespaces", namespaces);
    let each = |object_name: &str, extra: Value, draw: &mut Draw| -> Vec<(Box<str>, Value)> {
        let of = |namespace: &String| {
            let mut object = extra.clone();
            object["metadata"] = json!({"name": object_name, "namespace": namespace, "uid": draw.uid(),
                "creationTimestamp": created});
            (format!("{namespace}/{object_name}").into(), object)
        };
        names.iter().map(of).collect()
    };
    load_kind(store, "", "serviceaccounts", each("default", json!({}), draw));
    let certificate =
        json!({"data": {"ca.crt": "-----BEGIN CERTIFICATE-----\nfake\n-----END CERTIFICATE-----\n"}});
    load_kind(store, "", "configmaps", each("kube-root-ca.crt", certificate, draw));
    let secret = json!({"type": "Opaque", "data": {"password": "aHVudGVyMg=="}});
    load_kind(store, "", "secrets", each("credentials", secret, draw));
}

/// Fills one resource of an empty store.
pub(super) fn load_kind(store: &Store, group: &str, plural: &str, objects: Vec<(Box<str>, Value)>) {
    if let Some(kind) = store.resource(group, plural) {
        store.load(&kind, objects.into_iter());
    }
}
