//! Fluent Bit (plugins/filter_kubernetes, plugins/in_kubernetes_events) and Fluentd's kubernetes_metadata filter.

use serde_json::Value;

use super::Asks;
use crate::inspect::classes::{at_start, each, informer, on_own, unsure};
use crate::inspect::workloads::Declared;

/// `interval_sec` 0 and `interval_nsec` 500000000, unless they are set.
const EVENTS_SECONDS: f64 = 0.5;

/// A GET of the pod when its first line comes, unless the kubelet is asked.
pub(super) fn bit(declared: &Declared<'_>, objects: &[Value], asks: &mut Asks) {
    let texts = declared.configuration(objects);
    if texts.is_empty() {
        asks.say("its configuration is not among the manifests; the kubernetes filter without Use_Kubelet was assumed");
        return pod(asks);
    }
    for section in texts.iter().flat_map(|text| sections(text)) {
        let set = |name: &str| {
            section.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
        };
        match set("name") {
            Some("kubernetes")
                if !set("use_kubelet")
                    .is_some_and(|value| value.eq_ignore_ascii_case("on") || value == "true") =>
            {
                pod(asks)
            }
            Some("kubernetes") => {
                asks.say("the kubelet is asked for pods; it asks the API server about the token now and then")
            }
            Some("kubernetes_events") => {
                let seconds = set("interval_sec")
                    .and_then(|value| value.parse::<f64>().ok())
                    .filter(|seconds| *seconds > 0.0);
                let list = at_start("GET", "/api/v1/events?limit=1000", "application/json");
                asks.take(list.map(|class| each(class, seconds.unwrap_or(EVENTS_SECONDS))));
            }
            _ => {}
        }
    }
}

/// Its filter follows all pods, unless it is told its node (`K8S_NODE_NAME`) or not to watch.
pub(super) fn fluentd(declared: &Declared<'_>, objects: &[Value], asks: &mut Asks) {
    let texts = declared.configuration(objects);
    let filters = texts.is_empty() || texts.iter().any(|text| text.contains("kubernetes_metadata"));
    if !filters {
        return;
    }
    let variables =
        declared.containers().flat_map(|container| container["env"].as_array().into_iter().flatten());
    let own_node = variables.into_iter().any(|variable| variable["name"] == "K8S_NODE_NAME");
    asks.take(informer("", "pods", own_node.then_some("spec.nodeName%3D%24NODE")));
    asks.take(informer("", "namespaces", None));
}

fn pod(asks: &mut Asks) {
    let get = at_start("GET", "/api/v1/namespaces/a/pods/b", "application/json");
    asks.take(get.map(|class| unsure(on_own(class, "pods"), &["every"])));
    asks.say("a pod whose description does not fit Buffer_Size is asked for with each of its lines; that is not counted");
}

/// `[FILTER]` and the lines below it, or the entries of YAML that begin with `- name:`; keys and values.
fn sections(text: &str) -> Vec<Vec<(String, String)>> {
    let mut found: Vec<Vec<(String, String)>> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let entry = line.strip_prefix("- ");
        if line.starts_with('[') || entry.is_some() {
            found.push(Vec::new());
        }
        let line = entry.unwrap_or(line);
        let pair = line
            .split_once(char::is_whitespace)
            .map(|(key, value)| (key.trim_end_matches(':').to_owned(), value.trim().to_owned()));
        if let (Some(section), Some(pair)) = (found.last_mut(), pair) {
            section.push(pair);
        }
    }
    found
}
