//! `apps/v1` Deployment, ReplicaSet, StatefulSet, DaemonSet and `batch/v1` Job. Pod templates are never read.

use serde::Deserialize;

use crate::wire::{Condition, DeploymentCondition, IntOrString, ObjectMeta, Time};

/// `apps/v1 Deployment`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Deployment {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ObjectMeta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<DeploymentSpec>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<DeploymentStatus>,
}

/// `apps/v1 DeploymentSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DeploymentSpec {
    #[prost(int32, optional, tag = "1")]
    pub(crate) replicas: Option<i32>,
    #[prost(message, optional, tag = "4")]
    pub(crate) strategy: Option<Strategy>,
    #[prost(bool, tag = "7")]
    pub(crate) paused: bool,
}

/// `apps/v1 DeploymentStrategy`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Strategy {
    #[prost(string, tag = "1")]
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) rolling_update: Option<RollingUpdate>,
}

/// `apps/v1 RollingUpdateDeployment`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RollingUpdate {
    #[prost(message, optional, tag = "1")]
    pub(crate) max_unavailable: Option<IntOrString>,
    #[prost(message, optional, tag = "2")]
    pub(crate) max_surge: Option<IntOrString>,
}

/// `apps/v1 DeploymentStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DeploymentStatus {
    #[prost(int64, tag = "1")]
    pub(crate) observed_generation: i64,
    #[prost(int32, tag = "2")]
    pub(crate) replicas: i32,
    #[prost(int32, tag = "3")]
    pub(crate) updated_replicas: i32,
    #[prost(int32, tag = "4")]
    pub(crate) available_replicas: i32,
    #[prost(int32, tag = "5")]
    pub(crate) unavailable_replicas: i32,
    #[prost(message, repeated, tag = "6")]
    pub(crate) conditions: Vec<DeploymentCondition>,
    #[prost(int32, tag = "7")]
    pub(crate) ready_replicas: i32,
    #[prost(int32, optional, tag = "9")]
    pub(crate) terminating_replicas: Option<i32>,
}

/// `apps/v1 ReplicaSet`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ReplicaSet {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ObjectMeta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<ReplicaSetSpec>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<ReplicaSetStatus>,
}

/// `apps/v1 ReplicaSetSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ReplicaSetSpec {
    #[prost(int32, optional, tag = "1")]
    pub(crate) replicas: Option<i32>,
}

/// `apps/v1 ReplicaSetStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ReplicaSetStatus {
    #[prost(int32, tag = "1")]
    pub(crate) replicas: i32,
    #[prost(int32, tag = "2")]
    pub(crate) fully_labeled_replicas: i32,
    #[prost(int64, tag = "3")]
    pub(crate) observed_generation: i64,
    #[prost(int32, tag = "4")]
    pub(crate) ready_replicas: i32,
    #[prost(int32, tag = "5")]
    pub(crate) available_replicas: i32,
    #[prost(int32, optional, tag = "7")]
    pub(crate) terminating_replicas: Option<i32>,
}

/// `apps/v1 StatefulSet`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct StatefulSet {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ObjectMeta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<StatefulSetSpec>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<StatefulSetStatus>,
}

/// `apps/v1 StatefulSetSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct StatefulSetSpec {
    #[prost(int32, optional, tag = "1")]
    pub(crate) replicas: Option<i32>,
    #[prost(message, optional, tag = "10")]
    pub(crate) persistent_volume_claim_retention_policy: Option<ClaimRetention>,
    #[prost(message, optional, tag = "11")]
    pub(crate) ordinals: Option<Ordinals>,
}

/// `apps/v1 StatefulSetPersistentVolumeClaimRetentionPolicy`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ClaimRetention {
    #[prost(string, tag = "1")]
    pub(crate) when_deleted: String,
    #[prost(string, tag = "2")]
    pub(crate) when_scaled: String,
}

/// `apps/v1 StatefulSetOrdinals`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Ordinals {
    #[prost(int32, tag = "1")]
    pub(crate) start: i32,
}

/// `apps/v1 StatefulSetStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct StatefulSetStatus {
    #[prost(int64, tag = "1")]
    pub(crate) observed_generation: i64,
    #[prost(int32, tag = "2")]
    pub(crate) replicas: i32,
    #[prost(int32, tag = "3")]
    pub(crate) ready_replicas: i32,
    #[prost(int32, tag = "4")]
    pub(crate) current_replicas: i32,
    #[prost(int32, tag = "5")]
    pub(crate) updated_replicas: i32,
    #[prost(string, tag = "6")]
    pub(crate) current_revision: String,
    #[prost(string, tag = "7")]
    pub(crate) update_revision: String,
    #[prost(int32, tag = "11")]
    pub(crate) available_replicas: i32,
}

/// `apps/v1 DaemonSet`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DaemonSet {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ObjectMeta>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<DaemonSetStatus>,
}

/// `apps/v1 DaemonSetStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DaemonSetStatus {
    #[prost(int32, tag = "1")]
    pub(crate) current_number_scheduled: i32,
    #[prost(int32, tag = "2")]
    pub(crate) number_misscheduled: i32,
    #[prost(int32, tag = "3")]
    pub(crate) desired_number_scheduled: i32,
    #[prost(int32, tag = "4")]
    pub(crate) number_ready: i32,
    #[prost(int64, tag = "5")]
    pub(crate) observed_generation: i64,
    #[prost(int32, tag = "6")]
    pub(crate) updated_number_scheduled: i32,
    #[prost(int32, tag = "7")]
    pub(crate) number_available: i32,
    #[prost(int32, tag = "8")]
    pub(crate) number_unavailable: i32,
}

/// `batch/v1 Job`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Job {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ObjectMeta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<JobSpec>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<JobStatus>,
}

/// `batch/v1 JobSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct JobSpec {
    #[prost(int32, optional, tag = "1")]
    pub(crate) parallelism: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub(crate) completions: Option<i32>,
    #[prost(int64, optional, tag = "3")]
    pub(crate) active_deadline_seconds: Option<i64>,
    #[prost(bool, optional, tag = "10")]
    pub(crate) suspend: Option<bool>,
}

/// `batch/v1 JobStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct JobStatus {
    #[prost(message, repeated, tag = "1")]
    pub(crate) conditions: Vec<Condition>,
    #[prost(message, optional, tag = "2")]
    pub(crate) start_time: Option<Time>,
    #[prost(message, optional, tag = "3")]
    pub(crate) completion_time: Option<Time>,
    #[prost(int32, tag = "4")]
    pub(crate) active: i32,
    #[prost(int32, tag = "5")]
    pub(crate) succeeded: i32,
    #[prost(int32, tag = "6")]
    pub(crate) failed: i32,
    #[prost(int32, tag = "9")]
    pub(crate) ready: i32,
}
