//! Which crate may depend on which: ground <- edges <- subsystems <- binary.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::repository;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    Ground,
    Edge,
    Subsystem,
    Binary,
    /// Tests and tools: may see everything, nobody may see them.
    Support,
}

/// Ground crates, lowest first: each may use only those before it.
const GROUND: [&str; 19] = [
    "objects",
    "exposition",
    "state-metrics",
    "budget",
    "fanout",
    "dns-message",
    "service-names",
    "answer-cache",
    "corefile",
    "masking-horizon",
    "workload-profile",
    "api-cost",
    "apiserver-metrics",
    "change-points",
    "load-attribution",
    "confirmation",
    "rollout-plan",
    "sealed-order",
    "recovery",
];
const EDGES: [&str; 8] = [
    "environment",
    "agent-link",
    "apiserver-client",
    "audit-webhook",
    "fake-apiserver",
    "kernel-calls",
    "node-probe",
    "telemetry-export",
];
const SUBSYSTEMS: [&str; 14] = [
    "agent",
    "apiserver-health",
    "dashboard-server",
    "drill",
    "emergency-access",
    "fuse",
    "hub",
    "load-watch",
    "node-dns",
    "order-courier",
    "preflight",
    "rollout-controller",
    "rollout-objects",
    "workload-gate",
];
const BINARY: [&str; 1] = ["plimsoll"];
const SUPPORT: [&str; 1] = ["xtask"];

/// (dependency, the only crates that may have it, why)
const RESERVED: [(&str, &[&str], &str); 6] = [
    ("kube", &["apiserver-client"], "one door to the API server"),
    ("k8s-openapi", &["apiserver-client"], "everybody else speaks `objects`"),
    (
        "apiserver-client",
        &[
            "apiserver-health",
            "emergency-access",
            "hub",
            "load-watch",
            "preflight",
            "plimsoll",
            "rollout-objects",
        ],
        "an agent has no path to the API server",
    ),
    ("clap", &["plimsoll"], "one command line"),
    ("anyhow", &["plimsoll", "xtask"], "libraries have small error types"),
    ("fake-apiserver", &["plimsoll"], "a test double; others use it as a dev-dependency only"),
];

/// Crates that bring I/O, time or chance; ground has none of them.
const NOT_IN_GROUND: [&str; 8] =
    ["tokio", "hyper", "tonic", "rand", "rustix", "tracing", "environment", "tempfile"];

/// One sentence for each forbidden dependency.
pub(crate) fn violations() -> Result<Vec<String>> {
    let text =
        repository::run(env!("CARGO"), &["metadata", "--format-version", "1", "--no-deps", "--offline"])?;
    let metadata: Value = serde_json::from_str(&text)?;
    let packages = metadata["packages"].as_array().context("cargo metadata without packages")?;
    let mut found = Vec::new();
    for package in packages {
        let name = package["name"].as_str().context("a package without a name")?;
        let Some(layer) = layer(name) else {
            found.push(format!("crate {name} has no layer: name it in xtask/src/layers.rs"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let used = dependency["name"].as_str().unwrap_or_default();
            let normal = dependency["kind"].is_null();
            found.extend(edge_violation(name, layer, used, normal));
        }
    }
    Ok(found)
}

fn edge_violation(name: &str, layer: Layer, used: &str, normal: bool) -> Option<String> {
    // A dev-dependency may be anything but a crate of a higher layer's tests.
    if !normal {
        return None;
    }
    if let Some((_, allowed, why)) = RESERVED.iter().find(|(reserved, ..)| *reserved == used)
        && !allowed.contains(&name)
    {
        return Some(format!("{name} depends on {used}: {why}"));
    }
    if layer == Layer::Ground && NOT_IN_GROUND.contains(&used) {
        return Some(format!(
            "{name} is ground and depends on {used}: ground has no I/O, no clock, no chance"
        ));
    }
    let below = self::layer(used)?;
    let allowed = match layer {
        Layer::Ground => below == Layer::Ground && position(&GROUND, used) < position(&GROUND, name),
        Layer::Edge => below <= Layer::Edge,
        // The simulated world sees the parts that it drives.
        Layer::Subsystem if name == "drill" => below <= Layer::Subsystem,
        Layer::Subsystem => below < Layer::Subsystem,
        Layer::Binary => below < Layer::Binary,
        Layer::Support => true,
    };
    (!allowed).then(|| format!("{name} ({layer:?}) must not depend on {used} ({below:?})"))
}

fn layer(name: &str) -> Option<Layer> {
    let table: [(&[&str], Layer); 5] = [
        (&GROUND, Layer::Ground),
        (&EDGES, Layer::Edge),
        (&SUBSYSTEMS, Layer::Subsystem),
        (&BINARY, Layer::Binary),
        (&SUPPORT, Layer::Support),
    ];
    table.into_iter().find(|(names, _)| names.contains(&name)).map(|(_, layer)| layer)
}

fn position(names: &[&str], name: &str) -> Option<usize> {
    names.iter().position(|candidate| *candidate == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, used: &str, forbidden: bool) {
        let layer = layer(name).unwrap();
        assert_eq!(edge_violation(name, layer, used, true).is_some(), forbidden, "{name} -> {used}");
    }

    #[test]
    fn dependencies_point_down() {
        check("hub", "objects", false);
        check("hub", "apiserver-client", false);
        check("hub", "agent", true);
        check("agent", "apiserver-client", true);
        check("agent", "kube", true);
        check("objects", "tokio", true);
        check("objects", "state-metrics", true);
        check("state-metrics", "objects", false);
        check("objects", "hub", true);
        check("plimsoll", "hub", false);
        check("hub", "plimsoll", true);
        check("hub", "fake-apiserver", true);
    }
}
