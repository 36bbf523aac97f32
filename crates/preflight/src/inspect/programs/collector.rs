//! The OpenTelemetry Collector, by its configuration (opentelemetry-collector-contrib: processor/k8sattributesprocessor,
//! receiver/k8sclusterreceiver, k8sobjectsreceiver, k8seventsreceiver, prometheusreceiver).

use serde_json::Value;

use super::Asks;
use crate::inspect::classes::{at_start, each, informer, unsure};
use crate::inspect::documents::configuration;
use crate::inspect::workloads::Declared;

/// `interval` of an object that k8sobjects pulls, unless it is set.
const PULL_SECONDS: f64 = 3600.0;

pub(super) fn read(declared: &Declared<'_>, objects: &[Value], asks: &mut Asks) {
    let mut seen = false;
    for text in declared.configuration(objects) {
        let config = configuration(text);
        if !config["receivers"].is_object() && !config["processors"].is_object() {
            continue;
        }
        seen = true;
        for (name, settings) in config["processors"].as_object().into_iter().flatten() {
            if kind(name) == "k8sattributes" {
                attributes(settings, asks);
            }
        }
        for (name, settings) in config["receivers"].as_object().into_iter().flatten() {
            receiver(kind(name), settings, asks);
        }
    }
    if !seen {
        asks.say("the collector's configuration is not among the manifests; k8sattributes without a filter was assumed, its dearest use");
        attributes(&Value::Null, asks);
    }
}

/// `k8sattributes/second` is a second `k8sattributes`.
fn kind(name: &str) -> &str {
    name.split('/').next().unwrap_or(name)
}

fn attributes(settings: &Value, asks: &mut Asks) {
    if settings["passthrough"] == Value::Bool(true) {
        return;
    }
    let filter = &settings["filter"];
    let own_node = filter["node_from_env_var"].is_string() || filter["node"].is_string();
    asks.take(informer("", "pods", own_node.then_some("spec.nodeName%3D%24NODE")));
    let metadata: Vec<&str> =
        settings["extract"]["metadata"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let labels = |from: &str| {
        let lists = [&settings["extract"]["labels"], &settings["extract"]["annotations"]];
        lists.into_iter().filter_map(|list| list.as_array()).flatten().any(|rule| rule["from"] == from)
    };
    // Without a list of its own it extracts the deployment's name, which stands at the replica set.
    if metadata.is_empty() || metadata.iter().any(|name| name.starts_with("k8s.deployment.")) {
        asks.take(informer("apps", "replicasets", None));
    }
    if labels("namespace") || metadata.contains(&"k8s.namespace.uid") {
        asks.take(informer("", "namespaces", None));
    }
    if labels("node") || metadata.iter().any(|name| name.starts_with("k8s.node.") && *name != "k8s.node.name")
    {
        asks.take(informer("", "nodes", None));
    }
    if metadata.contains(&"k8s.cluster.uid") {
        asks.take(at_start("GET", "/api/v1/namespaces/kube-system", "application/json"));
    }
}

fn receiver(kind: &str, settings: &Value, asks: &mut Asks) {
    match kind {
        "k8s_cluster" => {
            let core =
                ["pods", "nodes", "namespaces", "replicationcontrollers", "resourcequotas", "services"]
                    .map(|name| ("", name));
            let apps =
                ["deployments", "replicasets", "daemonsets", "statefulsets"].map(|name| ("apps", name));
            let others =
                [("batch", "jobs"), ("batch", "cronjobs"), ("autoscaling", "horizontalpodautoscalers")];
            for (group, resource) in core.into_iter().chain(apps).chain(others) {
                asks.take(informer(group, resource, None));
            }
        }
        "k8s_events" => asks.take(informer("", "events", None)),
        "k8sobjects" => {
            settings["objects"].as_array().into_iter().flatten().for_each(|object| pulled(object, asks))
        }
        "kubeletstats" if settings["auth_type"].as_str().is_none_or(|auth| auth == "serviceAccount") => {
            asks.say("kubeletstats authenticates with its token at the kubelet, which asks the API server for a TokenReview and a SubjectAccessReview and keeps the answers for two and five minutes; they are not counted");
        }
        "prometheus" => super::prometheus::discovery(&settings["config"], asks),
        _ => {}
    }
}

fn pulled(object: &Value, asks: &mut Asks) {
    let Some(name) = object["name"].as_str() else { return };
    let group = object["group"].as_str().unwrap_or_default();
    if object["mode"] == "watch" {
        return asks.take(informer(group, name, None));
    }
    let said = object["interval"].as_str().and_then(|text| text.parse::<workload_profile::Span>().ok());
    let seconds = said.map_or(PULL_SECONDS, workload_profile::Span::as_seconds).max(1.0);
    let path = if group.is_empty() { format!("/api/v1/{name}") } else { format!("/apis/{group}/v1/{name}") };
    let class = at_start("GET", &path, "application/json").map(|class| each(class, seconds));
    asks.take(class.map(|class| if said.is_none() { unsure(class, &["every"]) } else { class }));
}
