//! `core/v1 Service` and `discovery.k8s.io/v1 EndpointSlice`.

use serde::Deserialize;

use crate::wire::ObjectMeta;

/// `core/v1 Service`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Service {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ObjectMeta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<ServiceSpec>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<ServiceStatus>,
}

/// `core/v1 ServiceSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ServiceSpec {
    #[prost(message, repeated, tag = "1")]
    pub(crate) ports: Vec<ServicePort>,
    #[prost(string, tag = "3")]
    #[serde(rename = "clusterIP")]
    pub(crate) cluster_ip: String,
    #[prost(string, tag = "4")]
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[prost(string, repeated, tag = "5")]
    #[serde(rename = "externalIPs")]
    pub(crate) external_ips: Vec<String>,
    #[prost(string, tag = "8")]
    #[serde(rename = "loadBalancerIP")]
    pub(crate) load_balancer_ip: String,
    #[prost(string, tag = "10")]
    pub(crate) external_name: String,
    #[prost(bool, tag = "13")]
    pub(crate) publish_not_ready_addresses: bool,
    #[prost(string, repeated, tag = "18")]
    #[serde(rename = "clusterIPs")]
    pub(crate) cluster_ips: Vec<String>,
}

/// `core/v1 ServicePort`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ServicePort {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) protocol: String,
    #[prost(int32, tag = "3")]
    pub(crate) port: i32,
}

/// `core/v1 ServiceStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ServiceStatus {
    #[prost(message, optional, tag = "1")]
    pub(crate) load_balancer: Option<LoadBalancer>,
}

/// `core/v1 LoadBalancerStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct LoadBalancer {
    #[prost(message, repeated, tag = "1")]
    pub(crate) ingress: Vec<Ingress>,
}

/// `core/v1 LoadBalancerIngress`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Ingress {
    #[prost(string, tag = "1")]
    pub(crate) ip: String,
    #[prost(string, tag = "2")]
    pub(crate) hostname: String,
}

/// `discovery.k8s.io/v1 EndpointSlice`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct EndpointSlice {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ObjectMeta>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) endpoints: Vec<Endpoint>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) ports: Vec<EndpointPort>,
    #[prost(string, tag = "4")]
    pub(crate) address_type: String,
}

/// `discovery.k8s.io/v1 Endpoint`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Endpoint {
    #[prost(string, repeated, tag = "1")]
    pub(crate) addresses: Vec<String>,
    #[prost(message, optional, tag = "2")]
    pub(crate) conditions: Option<EndpointConditions>,
    #[prost(string, tag = "3")]
    pub(crate) hostname: String,
    #[prost(message, optional, tag = "4")]
    pub(crate) target_ref: Option<ObjectReference>,
    #[prost(string, tag = "6")]
    pub(crate) node_name: String,
    #[prost(string, tag = "7")]
    pub(crate) zone: String,
}

/// `discovery.k8s.io/v1 EndpointConditions`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct EndpointConditions {
    #[prost(bool, optional, tag = "1")]
    pub(crate) ready: Option<bool>,
    #[prost(bool, optional, tag = "2")]
    pub(crate) serving: Option<bool>,
    #[prost(bool, optional, tag = "3")]
    pub(crate) terminating: Option<bool>,
}

/// `discovery.k8s.io/v1 EndpointPort`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct EndpointPort {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) protocol: String,
    #[prost(int32, tag = "3")]
    pub(crate) port: i32,
}

/// `core/v1 ObjectReference`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ObjectReference {
    #[prost(string, tag = "1")]
    pub(crate) kind: String,
    #[prost(string, tag = "2")]
    pub(crate) namespace: String,
    #[prost(string, tag = "3")]
    pub(crate) name: String,
}
