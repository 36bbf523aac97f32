//! Nodes.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::text::{NONE, age, condition, each, or_none};
use super::{Printer, text, wide};

pub(super) const PRINTER: Printer = Printer {
    columns: &[
        text("Name"),
        text("Status"),
        text("Roles"),
        text("Age"),
        text("Version"),
        wide("Internal-IP"),
        wide("External-IP"),
        wide("OS-Image"),
        wide("Kernel-Version"),
        wide("Container-Runtime"),
    ],
    cells,
};

/// Labels with this prefix name roles.
const ROLE: &str = "node-role.kubernetes.io/";

fn cells(node: &Value, now: Timestamp) -> Vec<Value> {
    let info = &node["status"]["nodeInfo"];
    let ready = match (condition(node, "Ready", "True"), condition(node, "Ready", "False")) {
        (true, _) => "Ready",
        (_, true) => "NotReady",
        _ => "Unknown",
    };
    let cordoned = if node["spec"]["unschedulable"] == true { ",SchedulingDisabled" } else { "" };
    let labels = node["metadata"]["labels"].as_object().into_iter().flatten();
    let roles: Vec<&str> =
        labels.filter_map(|(key, _)| key.strip_prefix(ROLE)).filter(|role| !role.is_empty()).collect();
    let address = |kind: &str| {
        let found = each(&node["status"]["addresses"]).find(|one| one["type"] == kind);
        found.map_or(NONE.to_owned(), |one| or_none(&one["address"]))
    };
    vec![
        node["metadata"]["name"].clone(),
        json!(format!("{ready}{cordoned}")),
        json!(if roles.is_empty() { NONE.to_owned() } else { roles.join(",") }),
        json!(age(&node["metadata"]["creationTimestamp"], now)),
        info["kubeletVersion"].clone(),
        json!(address("InternalIP")),
        json!(address("ExternalIP")),
        json!(or_none(&info["osImage"])),
        json!(or_none(&info["kernelVersion"])),
        json!(or_none(&info["containerRuntimeVersion"])),
    ]
}
