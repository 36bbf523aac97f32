//! What a service account may list and watch everywhere: the most that an unknown program can follow.

use serde_json::Value;

use super::workloads::Declared;

/// (group, resource), in their order, each once.
pub(super) fn watchable(declared: &Declared<'_>, objects: &[Value]) -> Vec<(String, String)> {
    let account = declared.workload.service_account.as_deref().unwrap_or("default");
    let namespace = declared.workload.namespace.as_deref().unwrap_or("default");
    let bound = objects.iter().filter(|object| object["kind"] == "ClusterRoleBinding").filter(|binding| {
        let subjects = binding["subjects"].as_array().into_iter().flatten();
        subjects.into_iter().any(|subject| {
            subject["kind"] == "ServiceAccount"
                && subject["name"] == account
                && subject["namespace"].as_str().is_none_or(|own| own == namespace)
        })
    });
    let names: Vec<&str> = bound.filter_map(|binding| binding["roleRef"]["name"].as_str()).collect();
    let roles = objects.iter().filter(|object| object["kind"] == "ClusterRole");
    let ours =
        roles.filter(|role| role["metadata"]["name"].as_str().is_some_and(|name| names.contains(&name)));
    let mut found: Vec<(String, String)> = Vec::new();
    for rule in ours.flat_map(|role| role["rules"].as_array().into_iter().flatten()) {
        let has = |verb: &str| texts(&rule["verbs"]).any(|has| has == verb || has == "*");
        if !has("list") || !has("watch") {
            continue;
        }
        for group in texts(&rule["apiGroups"]) {
            // `pods/log` is no collection, and `*` says nothing about what is followed.
            for resource in texts(&rule["resources"]).filter(|resource| !resource.contains(['/', '*'])) {
                let one = (group.to_owned(), resource.to_owned());
                if !found.contains(&one) {
                    found.push(one);
                }
            }
        }
    }
    found
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}
