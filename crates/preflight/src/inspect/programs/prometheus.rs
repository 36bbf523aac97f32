//! Prometheus' discovery in Kubernetes (prometheus/prometheus: discovery/kubernetes/kubernetes.go).

use serde_json::Value;

use super::Asks;
use crate::inspect::classes::{informer, unsure};
use crate::inspect::documents::configuration;
use crate::inspect::workloads::Declared;

pub(super) fn read(declared: &Declared<'_>, objects: &[Value], asks: &mut Asks) {
    let mut seen = false;
    for text in declared.configuration(objects) {
        let config = configuration(text);
        if config["scrape_configs"].is_array() {
            seen = true;
            discovery(&config, asks);
        }
    }
    if !seen {
        asks.say("no scrape_configs are among the manifests; discovery of pods, services and endpointslices everywhere was assumed");
        role("endpointslice", &Value::Null, asks);
    }
}

/// Of each job's `kubernetes_sd_configs`; equal ones are one discovery.
pub(super) fn discovery(config: &Value, asks: &mut Asks) {
    for job in config["scrape_configs"].as_array().into_iter().flatten() {
        for found in job["kubernetes_sd_configs"].as_array().into_iter().flatten() {
            role(found["role"].as_str().unwrap_or_default(), found, asks);
        }
    }
}

fn role(role: &str, settings: &Value, asks: &mut Asks) {
    let follows: &[(&str, &str)] = match role {
        "pod" => &[("", "pods")],
        "node" => &[("", "nodes")],
        "service" => &[("", "services")],
        "endpoints" => &[("", "endpoints"), ("", "services"), ("", "pods")],
        "endpointslice" => &[("discovery.k8s.io", "endpointslices"), ("", "services"), ("", "pods")],
        "ingress" => &[("networking.k8s.io", "ingresses")],
        _ => return,
    };
    let narrowed = settings["namespaces"]["names"].as_array().is_some_and(|names| !names.is_empty());
    let selected = settings["selectors"].as_array().is_some_and(|selectors| !selectors.is_empty());
    for (group, resource) in follows {
        let classes = informer(group, resource, None);
        if narrowed || selected {
            asks.take(classes.into_iter().map(|class| unsure(class, &["returns"])));
        } else {
            asks.take(classes);
        }
    }
    if narrowed || selected {
        asks.say("a discovery is narrowed by namespaces or selectors; how much is not in the manifests, all objects were assumed");
    }
}
