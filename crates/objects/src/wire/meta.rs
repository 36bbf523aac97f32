//! `metav1.ObjectMeta`, owners, conditions, and the kinds of which nothing else is read.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::wire::Time;

/// `metav1.ObjectMeta`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ObjectMeta {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "3")]
    pub(crate) namespace: String,
    #[prost(string, tag = "5")]
    pub(crate) uid: String,
    #[prost(string, tag = "6")]
    pub(crate) resource_version: String,
    #[prost(int64, tag = "7")]
    pub(crate) generation: i64,
    #[prost(message, optional, tag = "8")]
    pub(crate) creation_timestamp: Option<Time>,
    #[prost(message, optional, tag = "9")]
    pub(crate) deletion_timestamp: Option<Time>,
    #[prost(btree_map = "string, string", tag = "11")]
    pub(crate) labels: BTreeMap<String, String>,
    #[prost(btree_map = "string, string", tag = "12")]
    pub(crate) annotations: BTreeMap<String, String>,
    #[prost(message, repeated, tag = "13")]
    pub(crate) owner_references: Vec<OwnerReference>,
}

/// `metav1.OwnerReference`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct OwnerReference {
    #[prost(string, tag = "1")]
    pub(crate) kind: String,
    #[prost(string, tag = "3")]
    pub(crate) name: String,
    #[prost(string, tag = "4")]
    pub(crate) uid: String,
    #[prost(bool, optional, tag = "6")]
    pub(crate) controller: Option<bool>,
}

/// The condition of a pod, a node, a namespace or a job: they share their numbers.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Condition {
    #[prost(string, tag = "1")]
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[prost(string, tag = "2")]
    pub(crate) status: String,
    #[prost(message, optional, tag = "4")]
    pub(crate) last_transition_time: Option<Time>,
    #[prost(string, tag = "5")]
    pub(crate) reason: String,
}

/// `apps/v1 DeploymentCondition`, whose numbers differ.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DeploymentCondition {
    #[prost(string, tag = "1")]
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[prost(string, tag = "2")]
    pub(crate) status: String,
    #[prost(string, tag = "4")]
    pub(crate) reason: String,
    #[prost(message, optional, tag = "7")]
    pub(crate) last_transition_time: Option<Time>,
}

/// `metav1.PartialObjectMetadata`, and any other object of which only the metadata is read.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PartialObjectMetadata {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ObjectMeta>,
}

/// `core/v1 Secret`: metadata and type; `data` and `stringData` are not listed, so they are skipped.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Secret {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ObjectMeta>,
    #[prost(string, tag = "3")]
    #[serde(rename = "type")]
    pub(crate) kind: String,
}
