//! `core/v1 Pod`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::wire::{Condition, ObjectMeta, Quantity, Time};

/// `core/v1 Pod`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Pod {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ObjectMeta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<PodSpec>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<PodStatus>,
}

/// `core/v1 PodSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PodSpec {
    #[prost(message, repeated, tag = "1")]
    pub(crate) volumes: Vec<Volume>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) containers: Vec<Container>,
    #[prost(string, tag = "3")]
    pub(crate) restart_policy: String,
    #[prost(btree_map = "string, string", tag = "7")]
    pub(crate) node_selector: BTreeMap<String, String>,
    #[prost(string, tag = "8")]
    pub(crate) service_account_name: String,
    #[prost(string, tag = "10")]
    pub(crate) node_name: String,
    #[prost(bool, tag = "11")]
    pub(crate) host_network: bool,
    #[prost(string, tag = "16")]
    pub(crate) hostname: String,
    #[prost(string, tag = "17")]
    pub(crate) subdomain: String,
    #[prost(string, tag = "19")]
    pub(crate) scheduler_name: String,
    #[prost(message, repeated, tag = "20")]
    pub(crate) init_containers: Vec<Container>,
    #[prost(message, repeated, tag = "22")]
    pub(crate) tolerations: Vec<Toleration>,
    #[prost(string, tag = "24")]
    pub(crate) priority_class_name: String,
    #[prost(string, tag = "29")]
    pub(crate) runtime_class_name: String,
    #[prost(btree_map = "string, message", tag = "32")]
    pub(crate) overhead: BTreeMap<String, Quantity>,
    #[prost(message, repeated, tag = "39")]
    pub(crate) resource_claims: Vec<PodResourceClaim>,
}

/// `core/v1 PodResourceClaim`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PodResourceClaim {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, optional, tag = "3")]
    pub(crate) resource_claim_name: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(crate) resource_claim_template_name: Option<String>,
}

/// `core/v1 PodResourceClaimStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PodResourceClaimStatus {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) resource_claim_name: String,
}

/// `core/v1 Volume`. In JSON the source's fields stand in the volume itself.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(from = "InlinedVolume")]
pub(crate) struct Volume {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) source: Option<VolumeSource>,
}

/// `core/v1 VolumeSource`: claims, and volumes that make one.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct VolumeSource {
    #[prost(message, optional, tag = "10")]
    pub(crate) persistent_volume_claim: Option<Claim>,
    #[prost(message, optional, tag = "29")]
    pub(crate) ephemeral: Option<Ephemeral>,
}

/// `core/v1 EphemeralVolumeSource`: only that it is one.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub(crate) struct Ephemeral {}

/// [`Volume`] as JSON has it.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct InlinedVolume {
    name: String,
    persistent_volume_claim: Option<Claim>,
    ephemeral: Option<Ephemeral>,
}

impl From<InlinedVolume> for Volume {
    fn from(inlined: InlinedVolume) -> Self {
        let InlinedVolume { name, persistent_volume_claim, ephemeral } = inlined;
        let is_kept = persistent_volume_claim.is_some() || ephemeral.is_some();
        Self { name, source: is_kept.then_some(VolumeSource { persistent_volume_claim, ephemeral }) }
    }
}

/// `core/v1 PersistentVolumeClaimVolumeSource`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Claim {
    #[prost(string, tag = "1")]
    pub(crate) claim_name: String,
    #[prost(bool, tag = "2")]
    pub(crate) read_only: bool,
}

/// `core/v1 Container`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Container {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) image: String,
    #[prost(message, repeated, tag = "6")]
    pub(crate) ports: Vec<ContainerPort>,
    #[prost(message, optional, tag = "8")]
    pub(crate) resources: Option<Requirements>,
    #[prost(string, tag = "24")]
    pub(crate) restart_policy: String,
}

/// `core/v1 ContainerPort`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ContainerPort {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(int32, tag = "3")]
    pub(crate) container_port: i32,
    #[prost(string, tag = "4")]
    pub(crate) protocol: String,
}

/// `core/v1 ResourceRequirements`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Requirements {
    #[prost(btree_map = "string, message", tag = "1")]
    pub(crate) limits: BTreeMap<String, Quantity>,
    #[prost(btree_map = "string, message", tag = "2")]
    pub(crate) requests: BTreeMap<String, Quantity>,
}

/// `core/v1 Toleration`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Toleration {
    #[prost(string, tag = "1")]
    pub(crate) key: String,
    #[prost(string, tag = "2")]
    pub(crate) operator: String,
    #[prost(string, tag = "3")]
    pub(crate) value: String,
    #[prost(string, tag = "4")]
    pub(crate) effect: String,
    #[prost(int64, optional, tag = "5")]
    pub(crate) toleration_seconds: Option<i64>,
}

/// `core/v1 PodStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PodStatus {
    #[prost(string, tag = "1")]
    pub(crate) phase: String,
    #[prost(message, repeated, tag = "2")]
    pub(crate) conditions: Vec<Condition>,
    #[prost(string, tag = "4")]
    pub(crate) reason: String,
    #[prost(string, tag = "5")]
    #[serde(rename = "hostIP")]
    pub(crate) host_ip: String,
    #[prost(string, tag = "6")]
    #[serde(rename = "podIP")]
    pub(crate) pod_ip: String,
    #[prost(message, optional, tag = "7")]
    pub(crate) start_time: Option<Time>,
    #[prost(message, repeated, tag = "8")]
    pub(crate) container_statuses: Vec<ContainerStatus>,
    #[prost(string, tag = "9")]
    pub(crate) qos_class: String,
    #[prost(message, repeated, tag = "10")]
    pub(crate) init_container_statuses: Vec<ContainerStatus>,
    #[prost(message, repeated, tag = "12")]
    #[serde(rename = "podIPs")]
    pub(crate) pod_ips: Vec<PodIp>,
    #[prost(message, repeated, tag = "15")]
    pub(crate) resource_claim_statuses: Vec<PodResourceClaimStatus>,
}

/// `core/v1 PodIP`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PodIp {
    #[prost(string, tag = "1")]
    pub(crate) ip: String,
}

/// `core/v1 ContainerStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ContainerStatus {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) state: Option<ContainerState>,
    #[prost(message, optional, tag = "3")]
    pub(crate) last_state: Option<ContainerState>,
    #[prost(bool, tag = "4")]
    pub(crate) ready: bool,
    #[prost(int32, tag = "5")]
    pub(crate) restart_count: i32,
    #[prost(string, tag = "6")]
    pub(crate) image: String,
    #[prost(string, tag = "7")]
    #[serde(rename = "imageID")]
    pub(crate) image_id: String,
    #[prost(string, tag = "8")]
    #[serde(rename = "containerID")]
    pub(crate) container_id: String,
}

/// `core/v1 ContainerState`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ContainerState {
    #[prost(message, optional, tag = "1")]
    pub(crate) waiting: Option<Waiting>,
    #[prost(message, optional, tag = "2")]
    pub(crate) running: Option<Running>,
    #[prost(message, optional, tag = "3")]
    pub(crate) terminated: Option<Terminated>,
}

/// `core/v1 ContainerStateWaiting`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Waiting {
    #[prost(string, tag = "1")]
    pub(crate) reason: String,
}

/// `core/v1 ContainerStateRunning`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Running {
    #[prost(message, optional, tag = "1")]
    pub(crate) started_at: Option<Time>,
}

/// `core/v1 ContainerStateTerminated`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Terminated {
    #[prost(int32, tag = "1")]
    pub(crate) exit_code: i32,
    #[prost(int32, tag = "2")]
    pub(crate) signal: i32,
    #[prost(string, tag = "3")]
    pub(crate) reason: String,
    #[prost(message, optional, tag = "5")]
    pub(crate) started_at: Option<Time>,
    #[prost(message, optional, tag = "6")]
    pub(crate) finished_at: Option<Time>,
}
