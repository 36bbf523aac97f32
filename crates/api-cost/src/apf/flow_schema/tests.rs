//! Requests and the schemas that take them.

use super::*;
use crate::samples::request;

fn check(user: &str, words: &str, resource: &str, schema: &str, level: &str) {
    let mut class = request(words);
    let (name, group) = resource.split_once('.').unwrap_or((resource, ""));
    (class.resource, class.group) = (name.to_owned(), group.to_owned());
    if resource.starts_with('/') {
        (class.resource, class.group, class.path) = (String::new(), String::new(), Some(resource.to_owned()));
    }
    let found = FlowSchema::of(User(user), &class);
    assert_eq!((found.name, found.level), (schema, level), "{user} {words} {resource}");
}

#[test]
fn by_the_schemas_that_every_cluster_has() {
    let leases = "leases.coordination.k8s.io";
    let rows = [
        ("system:serviceaccount:monitoring:agent", "list", "pods", "service-accounts", "workload-low"),
        ("system:serviceaccount:monitoring:agent", "get", leases, "service-accounts", "workload-low"),
        (
            "system:serviceaccount:kube-system:dns",
            "list",
            "pods",
            "kube-system-service-accounts",
            "workload-high",
        ),
        ("system:serviceaccount:kube-system:dns", "get", leases, "system-leader-election", "leader-election"),
        (
            "system:serviceaccount:kube-system:dns",
            "list",
            leases,
            "kube-system-service-accounts",
            "workload-high",
        ),
        ("system:kube-scheduler", "get", leases, "system-leader-election", "leader-election"),
        ("system:kube-scheduler", "watch", "pods", "kube-scheduler", "workload-high"),
        ("system:kube-controller-manager", "list", "nodes", "kube-controller-manager", "workload-high"),
        ("system:node:a", "get", "nodes", "system-node-high", "node-high"),
        ("system:node:a", "list", leases, "system-node-high", "node-high"),
        ("system:node:a", "list", "pods", "system-nodes", "system"),
        ("jane", "list", "pods", "global-default", "global-default"),
        ("jane", "get", "/readyz", "probes", "exempt"),
        ("jane", "get", "/metrics", "global-default", "global-default"),
    ];
    for (user, words, resource, schema, level) in rows {
        check(user, words, resource, schema, level);
    }
}
