//! The cluster whose load line is asked for.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::gates::Gate;
use crate::version::Version;

/// A cluster, as its API server says it or as it is declared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cluster {
    /// Always `plimsoll/v1`.
    pub api_version: workload_profile::ApiVersion,
    /// Always `Cluster`.
    pub kind: ClusterKind,
    /// Of the API servers.
    pub version: Version,
    /// Nodes.
    pub nodes: f64,
    /// Gates that differ from the version's defaults.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub gates: BTreeMap<Gate, bool>,
    /// By plural name and group: `pods`, `deployments.apps`.
    #[serde(default)]
    pub resources: BTreeMap<String, Resource>,
    /// The API servers.
    #[serde(default)]
    pub apiservers: ApiServers,
    /// The etcd members.
    #[serde(default)]
    pub etcd: Etcd,
    /// What the API servers do without the workload, in CPU seconds a second; a fixed part and one that grows with the nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_cpu: Option<Count>,
}

/// What kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClusterKind {
    /// This one.
    Cluster,
}

/// Objects of one resource.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resource {
    /// How many: `30*nodes`, `4000`, `2*nodes + 100`.
    pub objects: Count,
    /// Bytes of one in etcd (`apiserver_resource_size_estimate_bytes` divided by `apiserver_resource_objects`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored_bytes: Option<f64>,
    /// Bytes of one in an answer, by encoding.
    #[serde(default, skip_serializing_if = "Encoded::is_empty")]
    pub encoded_bytes: Encoded,
    /// Changes a second: `0.1*nodes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes_per_second: Option<Count>,
    /// Watchers that see each change, without the workload's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watchers: Option<Count>,
}

/// Bytes of one object in an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Encoded {
    /// `application/json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<f64>,
    /// `application/vnd.kubernetes.protobuf`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protobuf: Option<f64>,
    /// A row of a Table in JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<f64>,
    /// PartialObjectMetadata in JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_json: Option<f64>,
    /// PartialObjectMetadata in protobuf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_protobuf: Option<f64>,
}

/// The API servers, all alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ApiServers {
    /// How many.
    pub count: u32,
    /// CPU cores of each.
    pub cores: f64,
    /// Memory of each.
    pub memory_bytes: f64,
    /// Bytes a second that each can send.
    pub network_bytes_per_second: f64,
    /// `--max-requests-inflight`.
    pub max_requests_inflight: u32,
    /// `--max-mutating-requests-inflight`.
    pub max_mutating_requests_inflight: u32,
    /// `--request-timeout`, seconds.
    pub request_timeout_seconds: f64,
    /// The largest part of all requests that one of them gets, 1/count where the balance is even.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skew: Option<f64>,
}

/// The etcd members, all alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Etcd {
    /// How many.
    pub members: u32,
    /// CPU cores of each.
    pub cores: f64,
    /// `--quota-backend-bytes`.
    pub quota_bytes: f64,
}

/// A number that grows with the nodes: `per_node * nodes + fixed`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Count {
    /// For each node.
    pub per_node: f64,
    /// However many nodes there are.
    pub fixed: f64,
}

/// What is no count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no number of objects; write it like 4000, 30*nodes or 2*nodes + 100")]
pub struct NoCount(String);

impl ApiServers {
    /// Seats of each, which its priority levels share.
    #[must_use]
    pub fn seats(&self) -> u32 {
        self.max_requests_inflight + self.max_mutating_requests_inflight
    }
}

impl Default for ApiServers {
    /// Three of 16 cores and 64 GiB with a 10 Gbit/s network: a large cluster's usual control plane.
    fn default() -> Self {
        Self {
            count: 3,
            cores: 16.0,
            memory_bytes: 64.0 * 1_073_741_824.0,
            network_bytes_per_second: 1.25e9,
            max_requests_inflight: 400,
            max_mutating_requests_inflight: 200,
            request_timeout_seconds: 60.0,
            skew: None,
        }
    }
}

impl Default for Etcd {
    /// Three of 8 cores; 8 GiB is the largest quota that etcd advises.
    fn default() -> Self {
        Self { members: 3, cores: 8.0, quota_bytes: 8.0 * 1_073_741_824.0 }
    }
}

impl Cluster {
    /// A cluster of which only the number of nodes is known: the newest version, 30 pods on each node, a usual control plane.
    #[must_use]
    pub fn usual(nodes: f64) -> Self {
        Self {
            api_version: workload_profile::ApiVersion::V1,
            kind: ClusterKind::Cluster,
            version: Version::NEWEST,
            nodes,
            gates: BTreeMap::new(),
            resources: BTreeMap::new(),
            apiservers: ApiServers::default(),
            etcd: Etcd::default(),
            base_cpu: None,
        }
    }
}

impl Encoded {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Count {
    /// The same number for every N.
    #[must_use]
    pub fn fixed(fixed: f64) -> Self {
        Self { per_node: 0.0, fixed }
    }

    /// For each node.
    #[must_use]
    pub fn per_node(per_node: f64) -> Self {
        Self { per_node, fixed: 0.0 }
    }

    /// At that many nodes.
    #[must_use]
    pub fn at(self, nodes: f64) -> f64 {
        self.per_node.mul_add(nodes, self.fixed)
    }
}

impl FromStr for Count {
    type Err = NoCount;

    fn from_str(text: &str) -> Result<Self, NoCount> {
        let refused = || NoCount(text.to_owned());
        let mut count = Self::default();
        for term in text.split('+') {
            let factors: Vec<&str> = term.split('*').map(str::trim).collect();
            let number =
                |text: &str| text.replace('_', "").parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
            match factors[..] {
                ["nodes"] => count.per_node += 1.0,
                ["nodes", times] | [times, "nodes"] => count.per_node += number(times).ok_or_else(refused)?,
                [fixed] => count.fixed += number(fixed).ok_or_else(refused)?,
                _ => return Err(refused()),
            }
        }
        Ok(count)
    }
}

impl fmt::Display for Count {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.per_node, self.fixed) {
            (0.0, fixed) => write!(to, "{fixed}"),
            (per_node, 0.0) => write!(to, "{per_node}*nodes"),
            (per_node, fixed) => write!(to, "{per_node}*nodes + {fixed}"),
        }
    }
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(f64),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Number(fixed) if fixed.is_finite() && fixed >= 0.0 => Ok(Self::fixed(fixed)),
            Written::Number(other) => Err(de::Error::custom(NoCount(other.to_string()))),
            Written::Text(text) => text.parse().map_err(de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests;
