//! `core/v1 Node`, `core/v1 Namespace`, `coordination.k8s.io/v1 Lease`.

use crate::pod::Resources;
use crate::{Condition, Meta, Sym};

/// `core/v1 Node`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    pub meta: Meta,
    // spec
    pub pod_cidr: Sym,
    /// One per IP family; the first is `pod_cidr`.
    pub pod_cidrs: Box<[Sym]>,
    pub provider_id: Sym,
    pub unschedulable: bool,
    pub taints: Box<[Taint]>,
    // status
    /// (type, address): "InternalIP", "Hostname", …
    pub addresses: Box<[(Sym, Sym)]>,
    pub capacity: Resources,
    pub allocatable: Resources,
    pub conditions: Box<[Condition]>,
    pub info: NodeInfo,
}

/// `core/v1 NodeSystemInfo`, without what changes per boot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeInfo {
    pub kernel_version: Sym,
    pub os_image: Sym,
    pub container_runtime_version: Sym,
    pub kubelet_version: Sym,
    pub kube_proxy_version: Sym,
    pub operating_system: Sym,
    pub architecture: Sym,
    pub system_uuid: Sym,
}

/// `core/v1 Taint`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taint {
    pub key: Sym,
    pub value: Sym,
    pub effect: Sym,
}

/// `core/v1 Namespace`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Namespace {
    pub meta: Meta,
    pub phase: Sym,
    pub conditions: Box<[Condition]>,
}

/// `coordination.k8s.io/v1 Lease`. Times are microseconds since the Unix epoch (`metav1.MicroTime`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lease {
    pub meta: Meta,
    pub holder: Sym,
    pub duration_seconds: i32,
    pub acquire_micros: i64,
    pub renew_micros: i64,
    pub transitions: i32,
}
