//! Programs that are known by their images.

mod collector;
mod fluent;
mod prometheus;

use serde_json::Value;
use workload_profile::RequestClass;

use super::classes::{at_start, each, informer, informer_in, unsure, watch_list};
use super::rights::watchable;
use super::workloads::Declared;

/// What a program asks, and what its manifests do not say.
#[derive(Debug, Default)]
pub(super) struct Asks {
    pub(super) classes: Vec<RequestClass>,
    pub(super) unknown: Vec<String>,
}

type Read = fn(&Declared<'_>, &[Value], &mut Asks);

/// (a part of the image's name, what it is, what it asks); the first that fits.
const PROGRAMS: [(&str, &str, Read); 16] = [
    ("plimsoll", "Plimsoll", plimsoll),
    ("opentelemetry-collector", "OpenTelemetry Collector", collector::read),
    ("otelcol", "OpenTelemetry Collector", collector::read),
    ("kube-state-metrics", "kube-state-metrics", state_metrics),
    ("prometheus-operator", "Prometheus operator", unknown_program),
    ("prometheus-config-reloader", "Prometheus", prometheus::read),
    ("prom/prometheus", "Prometheus", prometheus::read),
    ("prometheus/prometheus", "Prometheus", prometheus::read),
    ("fluent-bit", "Fluent Bit", fluent::bit),
    ("fluentd", "Fluentd", fluent::fluentd),
    ("vector", "Vector", vector),
    ("node-exporter", "node_exporter", nothing),
    ("node-problem-detector", "node-problem-detector", problem_detector),
    ("metrics-server", "metrics-server", metrics_server),
    ("datadog/agent", "Datadog agent", datadog),
    ("cilium/cilium", "Cilium agent", cilium),
];

/// The program, and what it asks.
pub(super) fn recognize(declared: &Declared<'_>, objects: &[Value], asks: &mut Asks) -> &'static str {
    let found = PROGRAMS.iter().find(|(part, ..)| declared.images().any(|image| image.contains(part)));
    let Some((_, name, read)) = found else {
        unknown_program(declared, objects, asks);
        return "a program that is not known here";
    };
    read(declared, objects, asks);
    name
}

impl Asks {
    pub(super) fn take(&mut self, classes: impl IntoIterator<Item = RequestClass>) {
        for class in classes {
            if !self.classes.contains(&class) {
                self.classes.push(class);
            }
        }
    }

    pub(super) fn say(&mut self, sentence: &str) {
        self.unknown.push(sentence.to_owned());
    }
}

fn nothing(_: &Declared<'_>, _: &[Value], _: &mut Asks) {}

/// One informer for each thing that it may list and watch everywhere.
fn unknown_program(declared: &Declared<'_>, objects: &[Value], asks: &mut Asks) {
    if declared.has_no_token() {
        return;
    }
    for (group, resource) in watchable(declared, objects) {
        asks.take(
            informer(&group, &resource, None)
                .into_iter()
                .map(|class| unsure(class, &["returns", "accept", "on"])),
        );
    }
    asks.say("the program is not known here: one informer was assumed for each resource that its ClusterRoles let it list and watch, the most that it can follow");
}

/// The hub has a watch-list for each kind (docs/api-calls.md); agents and DNS servers have no way to the API server.
fn plimsoll(declared: &Declared<'_>, _: &[Value], asks: &mut Asks) {
    if !declared.arguments().contains(&"hub") {
        return;
    }
    let core = ["namespaces", "nodes", "pods", "services"].map(|resource| ("", resource));
    let apps =
        ["deployments", "replicasets", "statefulsets", "daemonsets"].map(|resource| ("apps", resource));
    let others =
        [("batch", "jobs"), ("discovery.k8s.io", "endpointslices"), ("coordination.k8s.io", "leases")];
    asks.take(
        core.into_iter()
            .chain(apps)
            .chain(others)
            .filter_map(|(group, resource)| watch_list(group, resource)),
    );
}

/// Its default resources (kube-state-metrics `pkg/options/resource.go`); --resources narrows them.
fn state_metrics(declared: &Declared<'_>, _: &[Value], asks: &mut Asks) {
    const DEFAULT: [(&str, &str); 28] = [
        ("certificates.k8s.io", "certificatesigningrequests"),
        ("", "configmaps"),
        ("batch", "cronjobs"),
        ("apps", "daemonsets"),
        ("apps", "deployments"),
        ("", "endpoints"),
        ("discovery.k8s.io", "endpointslices"),
        ("autoscaling", "horizontalpodautoscalers"),
        ("networking.k8s.io", "ingresses"),
        ("batch", "jobs"),
        ("coordination.k8s.io", "leases"),
        ("", "limitranges"),
        ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
        ("", "namespaces"),
        ("networking.k8s.io", "networkpolicies"),
        ("", "nodes"),
        ("", "persistentvolumeclaims"),
        ("", "persistentvolumes"),
        ("policy", "poddisruptionbudgets"),
        ("", "pods"),
        ("apps", "replicasets"),
        ("", "replicationcontrollers"),
        ("", "resourcequotas"),
        ("", "secrets"),
        ("", "services"),
        ("apps", "statefulsets"),
        ("storage.k8s.io", "storageclasses"),
        ("storage.k8s.io", "volumeattachments"),
    ];
    let arguments = declared.arguments();
    let named = arguments.iter().find_map(|argument| argument.strip_prefix("--resources="));
    let wanted = |resource: &str| named.is_none_or(|named| named.split(',').any(|name| name == resource));
    for (group, resource) in DEFAULT.into_iter().filter(|(_, resource)| wanted(resource)) {
        asks.take(informer_in(group, resource, None, "application/vnd.kubernetes.protobuf,application/json"));
    }
    if arguments
        .iter()
        .any(|argument| argument.starts_with("--total-shards") || argument.starts_with("--shard"))
    {
        asks.say("each shard lists and watches everything and throws away what is not its own");
    }
}

/// `kubernetes_logs` follows the pods of its own node, all namespaces, and its node (Vector, sources/kubernetes_logs).
fn vector(declared: &Declared<'_>, objects: &[Value], asks: &mut Asks) {
    let configuration = declared.configuration(objects);
    let follows = configuration.iter().any(|text| text.contains("kubernetes_logs"));
    if !follows && !configuration.is_empty() {
        return;
    }
    asks.take(informer("", "pods", Some("spec.nodeName%3D%24NODE")));
    asks.take(informer("", "namespaces", None));
    asks.take(
        informer("", "nodes", Some("metadata.name%3D%24NODE"))
            .into_iter()
            .map(|class| RequestClass { returns: workload_profile::Returns::Count(1.0), ..class }),
    );
    if configuration.is_empty() {
        asks.say("its configuration is not among the manifests; one kubernetes_logs source was assumed");
    }
}

/// It writes its conditions each minute and reads its node (node-problem-detector, exporters/k8sexporter).
fn problem_detector(_: &Declared<'_>, _: &[Value], asks: &mut Asks) {
    let json = "application/json";
    asks.take(at_start("PATCH", "/api/v1/nodes/a/status", json).map(|class| each(class, 60.0)));
    asks.take(at_start("GET", "/api/v1/nodes/a", json));
    asks.say("events that it writes when something is wrong are not counted");
}

/// Nodes and pods, pods as metadata only (metrics-server, pkg/server/config.go).
fn metrics_server(_: &Declared<'_>, _: &[Value], asks: &mut Asks) {
    asks.take(informer("", "nodes", None));
    asks.take(informer_in(
        "",
        "pods",
        None,
        "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
    ));
    asks.say("requests that reach it through the API server's aggregation are not counted");
}

/// With a cluster agent, node agents ask it and not the API server; without one, each follows what concerns its node.
fn datadog(declared: &Declared<'_>, _: &[Value], asks: &mut Asks) {
    let set = |name: &str| {
        let variables =
            declared.containers().flat_map(|container| container["env"].as_array().into_iter().flatten());
        variables.into_iter().any(|variable| variable["name"] == name && variable["value"] == "true")
    };
    if set("DD_CLUSTER_AGENT_ENABLED") {
        asks.say("a cluster agent is named: node agents ask it instead of the API server");
        return;
    }
    let json = "application/json";
    asks.take(at_start("GET", "/api/v1/nodes/a?resourceVersion=0", json));
    asks.take(
        at_start("GET", "/api/v1/services?resourceVersion=0", json)
            .map(|class| unsure(each(class, 300.0), &["every"])),
    );
    asks.take(informer("", "endpoints", None).into_iter().map(|class| unsure(class, &["on"])));
    asks.say(
        "no cluster agent is named: what each node agent follows depends on its features, and was assumed",
    );
}

/// Each agent follows the cluster's endpoints, identities, nodes, services and policies (Cilium, pkg/k8s/watchers).
fn cilium(_: &Declared<'_>, _: &[Value], asks: &mut Asks) {
    for resource in [
        "ciliumnodes",
        "ciliumendpoints",
        "ciliumidentities",
        "ciliumnetworkpolicies",
        "ciliumclusterwidenetworkpolicies",
    ] {
        // Its custom resources are of version v2.
        for class in informer("cilium.io", resource, None) {
            asks.take([class]);
        }
    }
    for (group, resource) in [
        ("", "services"),
        ("discovery.k8s.io", "endpointslices"),
        ("", "namespaces"),
        ("networking.k8s.io", "networkpolicies"),
    ] {
        asks.take(informer_in(group, resource, None, "application/vnd.kubernetes.protobuf,application/json"));
    }
    asks.take(informer_in(
        "",
        "pods",
        Some("spec.nodeName%3D%24NODE"),
        "application/vnd.kubernetes.protobuf,application/json",
    ));
    asks.say("with CiliumEndpointSlices or kvstore mode it follows less; its configuration was not read");
}
