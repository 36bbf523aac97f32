//! A `LoadLine`: what a workload may use of the API servers, all its pods together, and what follows for one node.

use serde::Deserialize;

use crate::spec::API_VERSION;

/// Its kind.
pub const KIND: &str = "LoadLine";

/// A node may use so many times its even part, unless the document says otherwise: nodes are not alike, and a pod that starts asks
/// for more than one that runs.
const SLACK: f64 = 4.0;

/// Less than this of a node is no load to anybody, and a budget divided by many nodes must not starve each of them: one small LIST
/// a second.
const BYTES_MIN: u64 = 16 * 1024;
const CONNECTIONS_MIN: u32 = 1;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    api_version: String,
    kind: String,
    metadata: Metadata,
    spec: Spec,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Spec {
    workload_ref: WorkloadRef,
    budget: Budget,
    slack: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct WorkloadRef {
    namespace: String,
    kind: String,
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Budget {
    response_bytes_per_second: Quantity,
    connections_per_second: f64,
}

/// `5242880` or `5Mi`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Quantity {
    Number(u64),
    Text(String),
}

/// A document that can be meant.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadLine {
    /// Its name.
    pub name: String,
    /// Whose it is: namespace, kind, name.
    pub workload: (String, String, String),
    /// Bytes a second, of all its pods.
    pub bytes_per_second: u64,
    /// New connections a second, of all its pods.
    pub connections_per_second: f64,
    /// How many times its even part one node may use.
    pub slack: f64,
}

/// The load line of a YAML document.
///
/// # Errors
/// A sentence with the place and what to do.
pub fn parse(text: &str) -> Result<LoadLine, String> {
    let document: Document = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    if document.api_version != API_VERSION || document.kind != KIND {
        return Err(format!("it is {} {}, not {API_VERSION} {KIND}", document.api_version, document.kind));
    }
    let Spec { workload_ref, budget, slack } = document.spec;
    let slack = slack.unwrap_or(SLACK);
    if !(1.0..=1_000.0).contains(&slack) {
        return Err(format!("spec.slack: {slack} is not from 1 to 1000"));
    }
    let connections_per_second = budget.connections_per_second;
    if !(0.001..=1e6).contains(&connections_per_second) {
        return Err(format!(
            "spec.budget.connectionsPerSecond: {connections_per_second} is not from 0.001 to 1000000"
        ));
    }
    let WorkloadRef { namespace, kind, name } = workload_ref;
    Ok(LoadLine {
        name: document.metadata.name,
        workload: (namespace, kind, name),
        bytes_per_second: budget.response_bytes_per_second.read()?,
        connections_per_second,
        slack,
    })
}

impl LoadLine {
    /// What it may use on one of so many nodes: bytes and connections a second. The number of nodes is rounded up to a power of two,
    /// so that a node more or less does not make every node be told anew.
    pub fn share(&self, nodes: usize) -> (u64, u32) {
        let nodes = nodes.max(1).next_power_of_two() as f64;
        let part = |all: f64| all * self.slack / nodes;
        let bytes = (part(self.bytes_per_second as f64) as u64).max(BYTES_MIN);
        let connections = (part(self.connections_per_second).ceil() as u32).max(CONNECTIONS_MIN);
        (bytes, connections)
    }
}

impl Quantity {
    /// As Kubernetes writes it (`resource.Quantity`), whole bytes only.
    fn read(&self) -> Result<u64, String> {
        let Self::Text(text) = self else {
            let Self::Number(number) = self else { return Ok(0) };
            return at_least_one(*number, &number.to_string());
        };
        let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
        let unit: u64 = match &text[digits..] {
            "" => 1,
            "k" => 1_000,
            "M" => 1_000_000,
            "G" => 1_000_000_000,
            "Ki" => 1 << 10,
            "Mi" => 1 << 20,
            "Gi" => 1 << 30,
            _ => 0,
        };
        let number: u64 = text[..digits].parse().unwrap_or(0);
        at_least_one(number.saturating_mul(unit), text)
    }
}

fn at_least_one(number: u64, text: &str) -> Result<u64, String> {
    if number > 0 {
        return Ok(number);
    }
    Err(format!("spec.budget.responseBytesPerSecond: {text:?} is no number of bytes; write 5242880 or 5Mi"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "
apiVersion: plimsoll.dev/v1alpha1
kind: LoadLine
metadata: {name: telemetry}
spec:
  workloadRef: {namespace: telemetry, kind: DaemonSet, name: collector}
  budget: {responseBytesPerSecond: 5Mi, connectionsPerSecond: 20}
";

    #[test]
    fn a_node_has_its_part() {
        let line = parse(GOOD).expect("it can be meant");
        let check = |nodes, expected| assert_eq!(line.share(nodes), expected, "{nodes} nodes");
        check(0, (4 * 5 * 1_048_576, 80));
        check(1, (4 * 5 * 1_048_576, 80));
        check(100, (4 * 5 * 1_048_576 / 128, 1));
        check(128, (4 * 5 * 1_048_576 / 128, 1));
        check(5_000, (16 * 1_024, 1));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let check = |from: &str, to: &str, expected: &str| {
            let said = parse(&GOOD.replace(from, to)).expect_err(to);
            assert!(said.contains(expected), "{to}: {said}");
        };
        check("kind: LoadLine", "kind: LoadLines", "not plimsoll.dev/v1alpha1 LoadLine");
        check("5Mi", "0", "is no number of bytes");
        check("5Mi", "5 MB", "is no number of bytes");
        check("5Mi", "99999999999999999999Gi", "is no number of bytes");
        check("connectionsPerSecond: 20", "connectionsPerSecond: -1", "is not from 0.001");
        check("connectionsPerSecond: 20", "connectionsPerSecond: .nan", "is not from 0.001");
        check("kind: DaemonSet, ", "", "kind");
        check("budget:", "slack: 0.5\n  budget:", "spec.slack");
    }
}
