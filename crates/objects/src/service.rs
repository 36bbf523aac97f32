//! `core/v1 Service` and `discovery.k8s.io/v1 EndpointSlice`.

use crate::{Meta, Sym, Text};

/// `core/v1 Service`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Service {
    pub meta: Meta,
    pub kind: Sym,
    /// `clusterIPs`; "None" for a headless service.
    pub cluster_ips: Box<[Text]>,
    pub external_ips: Box<[Text]>,
    pub external_name: Sym,
    pub load_balancer_ip: Sym,
    /// (ip, hostname) of each `status.loadBalancer.ingress`.
    pub ingress: Box<[(Sym, Sym)]>,
    pub publish_not_ready: bool,
    pub ports: Box<[ServicePort]>,
}

/// `core/v1 ServicePort` or `discovery.k8s.io/v1 EndpointPort`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServicePort {
    pub name: Sym,
    pub protocol: Sym,
    pub port: u16,
}

/// `discovery.k8s.io/v1 EndpointSlice`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointSlice {
    pub meta: Meta,
    pub address_type: Sym,
    pub ports: Box<[ServicePort]>,
    pub endpoints: Box<[Endpoint]>,
}

/// `discovery.k8s.io/v1 Endpoint`. A condition that is absent is `None`: consumers read it as true, except terminating.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoint {
    pub addresses: Box<[Text]>,
    pub ready: Option<bool>,
    pub serving: Option<bool>,
    pub terminating: Option<bool>,
    pub hostname: Sym,
    pub node: Sym,
    pub zone: Sym,
    pub target_kind: Sym,
    pub target_namespace: Sym,
    pub target_name: Text,
}
