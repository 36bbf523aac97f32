//! The jail: a priority level without seats that rejects, and a flow schema that is empty until somebody is put into it by one
//! PATCH (KEP-1040: a priority level of no shares, "deliberate jail"). An API server still runs one request of such a level at a
//! time: its queue set admits whatever comes first while nothing of the level runs.

use serde_json::{Value, json};

use crate::offender::Account;

/// The name of both objects.
pub const NAME: &str = "plimsoll-jail";
/// The flow schema of whoever is shed while a cluster recovers; it leads to the jail's level.
pub const SHED: &str = "plimsoll-shed";
/// The flow schema and the priority level of whoever is being let back in.
pub const RECOVERY: &str = "plimsoll-recovery";
/// The flow schema of people who come in by break-glass.
pub const ACCESS: &str = "plimsoll-breakglass";
/// Their group.
pub const GROUP: &str = "plimsoll:breakglass";
/// After `exempt` (1) and `probes` (2), which belong to Kubernetes, and before everything else.
const ACCESS_PRECEDENCE: u32 = 3;
const PRECEDENCE: u32 = 4;
const SHED_PRECEDENCE: u32 = 5;
const RECOVERY_PRECEDENCE: u32 = 6;
/// Group and version of both kinds.
pub const API: &str = "flowcontrol.apiserver.k8s.io/v1";
/// Who says so, on the flow schema.
pub const ENGAGED_BY: &str = "plimsoll.dev/engaged-by";

/// Where the jail's flow schema is.
pub fn path() -> String {
    schema_path(NAME)
}

/// Where a flow schema is.
pub fn schema_path(name: &str) -> String {
    format!("/apis/{API}/flowschemas/{name}")
}

/// Where a priority level is.
pub fn level_path(name: &str) -> String {
    format!("/apis/{API}/prioritylevelconfigurations/{name}")
}

/// Everything that is installed beforehand: the jail, and the way in.
pub fn manifests() -> Vec<Value> {
    // No seats, and nothing borrowed: whoever is on it is turned away.
    let level = |name: &str| {
        json!({
            "apiVersion": API,
            "kind": "PriorityLevelConfiguration",
            "metadata": {"name": name},
            "spec": {"type": "Limited", "limited": {
                "nominalConcurrencyShares": 0,
                "lendablePercent": 0,
                "borrowingLimitPercent": 0,
                "limitResponse": {"type": "Reject"},
            }},
        })
    };
    // Nothing is said of their rules: to install them again does not let anybody out.
    let schema = |name: &str, level: &str, precedence: u32| {
        json!({
            "apiVersion": API,
            "kind": "FlowSchema",
            "metadata": {"name": name},
            "spec": {"priorityLevelConfiguration": {"name": level}, "matchingPrecedence": precedence},
        })
    };
    let access = json!({
        "apiVersion": API,
        "kind": "FlowSchema",
        "metadata": {"name": ACCESS},
        "spec": {
            "priorityLevelConfiguration": {"name": "exempt"},
            "matchingPrecedence": ACCESS_PRECEDENCE,
            "rules": [rule(&json!({"kind": "Group", "group": {"name": GROUP}}))],
        },
    });
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": ACCESS},
        "rules": [
            {"apiGroups": ["flowcontrol.apiserver.k8s.io"], "resources": ["flowschemas", "prioritylevelconfigurations"], "verbs": ["get", "list", "patch"]},
            {"apiGroups": ["apps"], "resources": ["daemonsets", "deployments", "statefulsets"], "verbs": ["get", "list", "create", "patch", "delete"]},
            {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterrolebindings", "rolebindings"], "verbs": ["get", "list", "patch", "delete"]},
            {"apiGroups": [""], "resources": ["nodes", "namespaces", "pods"], "verbs": ["get", "list"]},
            {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["get", "list"]},
            {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["plimsoll-breakglass"], "verbs": ["get", "patch"]},
            {"apiGroups": ["plimsoll.dev"], "resources": ["daemonrollouts"], "verbs": ["get", "list", "patch"]},
            {"nonResourceURLs": ["/metrics", "/readyz", "/readyz/*", "/livez", "/livez/*", "/healthz", "/version"], "verbs": ["get"]},
        ],
    });
    let bound = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": ACCESS},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": ACCESS},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": GROUP}],
    });
    vec![
        level(NAME),
        schema(NAME, NAME, PRECEDENCE),
        schema(SHED, NAME, SHED_PRECEDENCE),
        level(RECOVERY),
        schema(RECOVERY, RECOVERY, RECOVERY_PRECEDENCE),
        access,
        role,
        bound,
    ]
}

/// The same as a file for `kubectl apply`.
pub fn text() -> String {
    let mut text = "# The jail and the way in, to be installed before they are needed: `plimsoll breakglass install` does the same.\n".to_owned();
    for manifest in manifests() {
        text.push_str("---\n");
        // Values of JSON are values of YAML.
        text.push_str(&serde_saphyr::to_string(&manifest).unwrap_or_default());
    }
    text
}

/// Where a manifest of [`manifests`] is applied.
pub fn manifest_path(manifest: &Value) -> String {
    let plural = match manifest["kind"].as_str() {
        Some("PriorityLevelConfiguration") => "prioritylevelconfigurations",
        Some("FlowSchema") => "flowschemas",
        Some("ClusterRole") => "clusterroles",
        _ => "clusterrolebindings",
    };
    let word = |field: &Value| field.as_str().unwrap_or_default().to_owned();
    format!("/apis/{}/{plural}/{}", word(&manifest["apiVersion"]), word(&manifest["metadata"]["name"]))
}

/// Puts accounts into the jail, and nobody else; none: opens it.
pub fn patch(accounts: &[Account], by: Option<&str>) -> Value {
    let rules: Vec<Value> =
        accounts.iter().map(|account| account_rule(&account.namespace, &account.name)).collect();
    json!({"metadata": {"annotations": {ENGAGED_BY: by}}, "spec": {"rules": rules}})
}

/// Who is in it.
pub fn inmates(schema: &Value) -> Vec<Account> {
    let rules = schema["spec"]["rules"].as_array().into_iter().flatten();
    let subjects = rules.flat_map(|rule| rule["subjects"].as_array().into_iter().flatten());
    subjects
        .filter_map(|subject| {
            let account = &subject["serviceAccount"];
            let word = |field: &Value| field.as_str().map(str::to_owned);
            Some(Account { namespace: word(&account["namespace"])?, name: word(&account["name"])? })
        })
        .collect()
}

/// Everything that a service account asks; `*` is every account of the namespace.
pub(crate) fn account_rule(namespace: &str, name: &str) -> Value {
    rule(&json!({"kind": "ServiceAccount", "serviceAccount": {"namespace": namespace, "name": name}}))
}

fn rule(subject: &Value) -> Value {
    json!({
        "subjects": [subject],
        "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "clusterScope": true, "namespaces": ["*"]}],
        "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_put_in_is_found_there() {
        let account = |name: &str| Account { namespace: "logs".to_owned(), name: name.to_owned() };
        for accounts in [vec![], vec![account("a")], vec![account("a"), account("b")]] {
            assert_eq!(inmates(&patch(&accounts, Some("ann"))), accounts);
        }
        assert_eq!(inmates(&Value::Null), []);
    }

    #[test]
    fn what_is_deployed_is_what_is_here() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/breakglass/access.yaml");
        let own = text();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &own).expect("written");
        }
        let deployed = std::fs::read_to_string(path).expect("there");
        assert!(deployed == own, "UPDATE_DOCS=1 cargo test -p emergency-access writes it");
        assert_eq!(serde_saphyr::from_multiple::<Value>(&own).expect("YAML"), manifests());
    }
}
