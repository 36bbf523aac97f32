//! Manifests of collectors, and what follows.

use workload_profile::{Actor, Returns, Trigger};

use super::*;

fn workload(kind: &str, image: &str, more: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: it, namespace: monitoring}}\nspec:\n  template:\n    spec:\n      serviceAccountName: it\n\
         \x20     containers:\n      - {{name: it, image: \"{image}\"{more}}}\n      volumes:\n      - {{name: config, configMap: {{name: it}}}}\n"
    )
}

fn config(text: &str) -> String {
    let indented: String = text.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: it, namespace: monitoring}}\ndata:\n  config: |\n{indented}"
    )
}

fn inspected(text: &str) -> Inspected {
    let mut manifests = Manifests::default();
    manifests.add(text).expect("manifests");
    let mut found = manifests.inspect();
    assert_eq!(found.len(), 1);
    let found = found.remove(0);
    found.profile.check().expect("a good profile");
    found
}

fn ids(text: &str) -> Vec<String> {
    inspected(text).profile.requests.into_iter().map(|class| class.id).collect()
}

#[test]
fn a_collector_with_and_without_its_node() {
    let collector = workload("DaemonSet", "otel/opentelemetry-collector-contrib:0.130.0", "");
    let settings = |processor: &str| {
        format!("{collector}{}", config(&format!("receivers: {{otlp: {{}}}}\nprocessors:\n  {processor}\n")))
    };
    let all = inspected(&settings("k8sattributes: {extract: {metadata: [k8s.pod.name]}}"));
    assert_eq!(all.program, "OpenTelemetry Collector");
    assert_eq!((all.profile.requests[0].returns, all.profile.requests[0].actor), (Returns::All, Actor::Node));
    let own = inspected(&settings(
        "k8sattributes: {filter: {node_from_env_var: NODE}, extract: {metadata: [k8s.pod.name]}}",
    ));
    assert_eq!(own.profile.requests[0].returns, Returns::PerNode);
    assert_eq!(own.profile.requests[0].field_selector.as_deref(), Some("spec.nodeName=$NODE"));
    assert_eq!(ids(&settings("k8sattributes: {passthrough: true}")), Vec::<String>::new());
    assert_eq!(
        ids(&settings("k8sattributes/two: {}")),
        ["list-pods", "watch-pods", "list-replicasets", "watch-replicasets"]
    );
}

#[test]
fn receivers_of_a_collector() {
    let collector = workload("Deployment", "ghcr.io/x/opentelemetry-collector:1", "");
    let check = |receiver: &str, expected: &[&str]| {
        assert_eq!(
            ids(&format!("{collector}{}", config(&format!("receivers:\n  {receiver}\n")))),
            expected,
            "{receiver}"
        );
    };
    check("k8s_events: {}", &["list-events", "watch-events"]);
    check(
        "k8sobjects: {objects: [{name: pods, mode: pull, interval: 15m}, {name: events, mode: watch, group: events.k8s.io}]}",
        &["list-pods", "list-events", "watch-events"],
    );
    check(
        "prometheus: {config: {scrape_configs: [{kubernetes_sd_configs: [{role: node}]}]}}",
        &["list-nodes", "watch-nodes"],
    );
    check("otlp: {}", &[]);
}

#[test]
fn prometheus_by_roles() {
    let text = "scrape_configs:\n- kubernetes_sd_configs: [{role: pod}]\n- kubernetes_sd_configs: [{role: pod}]\n- kubernetes_sd_configs: [{role: endpointslice}]\n";
    let found = inspected(&format!("{}{}", workload("StatefulSet", "prom/prometheus:v3", ""), config(text)));
    let ids: Vec<&str> = found.profile.requests.iter().map(|class| class.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "list-pods",
            "watch-pods",
            "list-endpointslices",
            "watch-endpointslices",
            "list-services",
            "watch-services"
        ]
    );
    assert_eq!(found.profile.requests[0].actor, Actor::Replica);
}

#[test]
fn fluent_bit_by_its_filter() {
    let bit = workload("DaemonSet", "cr.fluentbit.io/fluent/fluent-bit:4.0", "");
    let found = inspected(&format!("{bit}{}", config("[FILTER]\n    Name kubernetes\n    Match *\n")));
    assert_eq!((found.profile.requests[0].on, found.profile.requests[0].namespaced), (Trigger::Event, true));
    assert!(
        ids(&format!("{bit}{}", config("[FILTER]\n    Name kubernetes\n    Use_Kubelet On\n"))).is_empty()
    );
    let found = inspected(&format!("{bit}{}", config("[INPUT]\n    Name kubernetes_events\n")));
    assert_eq!(found.profile.requests[0].every.map(|every| every.to_string()).as_deref(), Some("500ms"));
}

#[test]
fn of_an_unknown_program_its_rights_are_the_bound() {
    let rights = "---\nkind: ClusterRole\nmetadata: {name: it}\nrules:\n- {apiGroups: [\"\"], resources: [pods, pods/log], verbs: [get, list, watch]}\n\
                  - {apiGroups: [apps], resources: [deployments], verbs: [get]}\n---\nkind: ClusterRoleBinding\nmetadata: {name: it}\n\
                  roleRef: {kind: ClusterRole, name: it}\nsubjects: [{kind: ServiceAccount, name: it, namespace: monitoring}]\n";
    let found = inspected(&format!("{}{rights}", workload("DaemonSet", "example.org/own:1", "")));
    let ids: Vec<&str> = found.profile.requests.iter().map(|class| class.id.as_str()).collect();
    assert_eq!(ids, ["list-pods", "watch-pods"]);
    assert_eq!(found.profile.requests[0].confidence.get("returns"), Some(&Confidence::Low));
}

#[test]
fn plimsoll_itself() {
    let agent = workload("DaemonSet", "localhost/plimsoll:latest", ", args: [agent, --node-name=a]");
    assert!(ids(&agent).is_empty());
    let hub = inspected(&workload("Deployment", "localhost/plimsoll:latest", ", args: [hub]"));
    assert_eq!(hub.profile.requests.len(), 11);
    assert!(hub.profile.requests.iter().all(|class| class.send_initial_events));
}

#[test]
fn what_is_no_manifest() {
    let mut manifests = Manifests::default();
    manifests.add("").expect("nothing is nothing");
    manifests.add("# only a comment\n---\n---\nreplicas: 3\n").expect("values are none");
    manifests
        .add("kind: List\nitems:\n- {kind: DaemonSet, spec: {template: {spec: {containers: []}}}}\n")
        .expect("a list");
    assert_eq!(manifests.inspect().len(), 1);
    let error = manifests.add("a: {{ .Values.x }}\nb: [\n").expect_err("a template").to_string();
    assert!(error.contains("helm template") && error.lines().count() == 1, "{error}");
}
