//! The profile of one workload.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::class::RequestClass;
use crate::span::Span;

/// The requests of one workload, in classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Profile {
    /// The format's version.
    pub api_version: ApiVersion,
    /// Always `Profile`.
    pub kind: Kind,
    /// Whose requests these are.
    pub workload: Workload,
    /// How they became known.
    pub recorded: Recorded,
    /// Requests that are alike but for names, one class each.
    pub requests: Vec<RequestClass>,
    /// What could not be known, a sentence each. A forecast prints them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
}

/// Version of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ApiVersion {
    /// The first.
    #[serde(rename = "plimsoll/v1")]
    V1,
}

/// What kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Kind {
    /// This one.
    Profile,
}

/// Who asks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Workload {
    /// What runs it.
    #[serde(default)]
    pub kind: WorkloadKind,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its namespace; decides the priority level (kube-system goes to `workload-high`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its service account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account: Option<String>,
    /// The user, where it is no service account: decides the priority level, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What it calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Copies of something that does not run on each node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u32>,
}

/// What runs a workload; a DaemonSet has one copy for each node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum WorkloadKind {
    /// One for each node.
    DaemonSet,
    /// `replicas` of them.
    Deployment,
    /// `replicas` of them.
    StatefulSet,
    /// One.
    Job,
    /// One now and then.
    CronJob,
    /// Not known.
    #[default]
    Unknown,
}

/// How the requests became known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Recorded {
    /// By what.
    pub source: Source,
    /// The API server's version, such as `v1.36.3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Nodes of the cluster in which it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_nodes: Option<u32>,
    /// Copies of the workload that were seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instances: Option<u32>,
    /// How long it was watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Span>,
    /// Objects of each resource (`pods`, `deployments.apps`) in that cluster.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub objects: BTreeMap<String, u64>,
}

/// Where a profile comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The recording proxy.
    Proxy,
    /// An audit log.
    Audit,
    /// Written by hand, or from manifests.
    Declared,
}
