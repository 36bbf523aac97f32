//! `core/v1 Node`, `core/v1 Namespace`, `coordination.k8s.io/v1 Lease`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::wire::{Condition, ObjectMeta, Quantity, Time};

/// `core/v1 Node`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Node {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ObjectMeta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<NodeSpec>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<NodeStatus>,
}

/// `core/v1 NodeSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NodeSpec {
    #[prost(string, tag = "1")]
    #[serde(rename = "podCIDR")]
    pub(crate) pod_cidr: String,
    #[prost(string, tag = "3")]
    #[serde(rename = "providerID")]
    pub(crate) provider_id: String,
    #[prost(bool, tag = "4")]
    pub(crate) unschedulable: bool,
    #[prost(message, repeated, tag = "5")]
    pub(crate) taints: Vec<Taint>,
    #[prost(string, repeated, tag = "7")]
    #[serde(rename = "podCIDRs")]
    pub(crate) pod_cidrs: Vec<String>,
}

/// `core/v1 Taint`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Taint {
    #[prost(string, tag = "1")]
    pub(crate) key: String,
    #[prost(string, tag = "2")]
    pub(crate) value: String,
    #[prost(string, tag = "3")]
    pub(crate) effect: String,
}

/// `core/v1 NodeStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NodeStatus {
    #[prost(btree_map = "string, message", tag = "1")]
    pub(crate) capacity: BTreeMap<String, Quantity>,
    #[prost(btree_map = "string, message", tag = "2")]
    pub(crate) allocatable: BTreeMap<String, Quantity>,
    #[prost(message, repeated, tag = "4")]
    pub(crate) conditions: Vec<Condition>,
    #[prost(message, repeated, tag = "5")]
    pub(crate) addresses: Vec<NodeAddress>,
    #[prost(message, optional, tag = "7")]
    pub(crate) node_info: Option<NodeSystemInfo>,
}

/// `core/v1 NodeAddress`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NodeAddress {
    #[prost(string, tag = "1")]
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[prost(string, tag = "2")]
    pub(crate) address: String,
}

/// `core/v1 NodeSystemInfo`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NodeSystemInfo {
    #[prost(string, tag = "2")]
    #[serde(rename = "systemUUID")]
    pub(crate) system_uuid: String,
    #[prost(string, tag = "4")]
    pub(crate) kernel_version: String,
    #[prost(string, tag = "5")]
    pub(crate) os_image: String,
    #[prost(string, tag = "6")]
    pub(crate) container_runtime_version: String,
    #[prost(string, tag = "7")]
    pub(crate) kubelet_version: String,
    #[prost(string, tag = "8")]
    pub(crate) kube_proxy_version: String,
    #[prost(string, tag = "9")]
    pub(crate) operating_system: String,
    #[prost(string, tag = "10")]
    pub(crate) architecture: String,
}

/// `core/v1 Namespace`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Namespace {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ObjectMeta>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<NamespaceStatus>,
}

/// `core/v1 NamespaceStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NamespaceStatus {
    #[prost(string, tag = "1")]
    pub(crate) phase: String,
    #[prost(message, repeated, tag = "2")]
    pub(crate) conditions: Vec<Condition>,
}

/// `coordination.k8s.io/v1 Lease`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Lease {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ObjectMeta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<LeaseSpec>,
}

/// `coordination.k8s.io/v1 LeaseSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct LeaseSpec {
    #[prost(string, tag = "1")]
    pub(crate) holder_identity: String,
    #[prost(int32, tag = "2")]
    pub(crate) lease_duration_seconds: i32,
    #[prost(message, optional, tag = "3")]
    pub(crate) acquire_time: Option<Time>,
    #[prost(message, optional, tag = "4")]
    pub(crate) renew_time: Option<Time>,
    #[prost(int32, tag = "5")]
    pub(crate) lease_transitions: i32,
}
