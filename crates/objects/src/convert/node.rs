//! Nodes, namespaces, leases.

use super::meta::{conditions, meta};
use super::{Into, Lean, boxed, micro_time, micros, resources};
use crate::node::{Lease, Namespace, Node, NodeInfo, Taint};
use crate::wire;

impl Lean for Node {
    type Wire = wire::Node;

    fn from_wire(wire: Self::Wire, to: &Into<'_>) -> Self {
        let (spec, status) = (wire.spec.unwrap_or_default(), wire.status.unwrap_or_default());
        Self {
            meta: to.meta(wire.metadata),
            pod_cidr: to.sym(&spec.pod_cidr),
            pod_cidrs: boxed(spec.pod_cidrs, |cidr| to.sym(&cidr)),
            provider_id: to.sym(&spec.provider_id),
            unschedulable: spec.unschedulable,
            taints: boxed(spec.taints, |taint| Taint {
                key: to.sym(&taint.key),
                value: to.sym(&taint.value),
                effect: to.sym(&taint.effect),
            }),
            addresses: boxed(status.addresses, |address| (to.sym(&address.kind), to.sym(&address.address))),
            capacity: to.resources(&status.capacity),
            allocatable: to.resources(&status.allocatable),
            conditions: to.conditions(status.conditions),
            info: to.node_info(&status.node_info.unwrap_or_default()),
        }
    }

    fn to_wire(&self) -> Self::Wire {
        let spec = wire::NodeSpec {
            pod_cidr: self.pod_cidr.to_string(),
            provider_id: self.provider_id.to_string(),
            unschedulable: self.unschedulable,
            taints: self.taints.iter().map(taint).collect(),
            pod_cidrs: self.pod_cidrs.iter().map(|cidr| cidr.to_string()).collect(),
        };
        let address = |(kind, address): &(crate::Sym, crate::Sym)| wire::NodeAddress {
            kind: kind.to_string(),
            address: address.to_string(),
        };
        let status = wire::NodeStatus {
            capacity: resources(&self.capacity),
            allocatable: resources(&self.allocatable),
            conditions: conditions(&self.conditions),
            addresses: self.addresses.iter().map(address).collect(),
            node_info: Some(node_info(&self.info)),
        };
        wire::Node { metadata: meta(&self.meta), spec: Some(spec), status: Some(status) }
    }
}

impl Into<'_> {
    fn node_info(&self, wire: &wire::NodeSystemInfo) -> NodeInfo {
        NodeInfo {
            kernel_version: self.sym(&wire.kernel_version),
            os_image: self.sym(&wire.os_image),
            container_runtime_version: self.sym(&wire.container_runtime_version),
            kubelet_version: self.sym(&wire.kubelet_version),
            kube_proxy_version: self.sym(&wire.kube_proxy_version),
            operating_system: self.sym(&wire.operating_system),
            architecture: self.sym(&wire.architecture),
            system_uuid: self.sym(&wire.system_uuid),
        }
    }
}

fn node_info(info: &NodeInfo) -> wire::NodeSystemInfo {
    wire::NodeSystemInfo {
        system_uuid: info.system_uuid.to_string(),
        kernel_version: info.kernel_version.to_string(),
        os_image: info.os_image.to_string(),
        container_runtime_version: info.container_runtime_version.to_string(),
        kubelet_version: info.kubelet_version.to_string(),
        kube_proxy_version: info.kube_proxy_version.to_string(),
        operating_system: info.operating_system.to_string(),
        architecture: info.architecture.to_string(),
    }
}

fn taint(taint: &Taint) -> wire::Taint {
    wire::Taint {
        key: taint.key.to_string(),
        value: taint.value.to_string(),
        effect: taint.effect.to_string(),
    }
}

impl Lean for Namespace {
    type Wire = wire::Namespace;

    fn from_wire(wire: Self::Wire, to: &Into<'_>) -> Self {
        let status = wire.status.unwrap_or_default();
        Self {
            meta: to.meta(wire.metadata),
            phase: to.sym(&status.phase),
            conditions: to.conditions(status.conditions),
        }
    }

    fn to_wire(&self) -> Self::Wire {
        let status =
            wire::NamespaceStatus { phase: self.phase.to_string(), conditions: conditions(&self.conditions) };
        wire::Namespace { metadata: meta(&self.meta), status: Some(status) }
    }
}

impl Lean for Lease {
    type Wire = wire::Lease;

    fn from_wire(wire: Self::Wire, to: &Into<'_>) -> Self {
        let spec = wire.spec.unwrap_or_default();
        Self {
            meta: to.meta(wire.metadata),
            holder: to.sym(&spec.holder_identity),
            duration_seconds: spec.lease_duration_seconds,
            acquire_micros: micros(spec.acquire_time),
            renew_micros: micros(spec.renew_time),
            transitions: spec.lease_transitions,
        }
    }

    fn to_wire(&self) -> Self::Wire {
        let spec = wire::LeaseSpec {
            holder_identity: self.holder.to_string(),
            lease_duration_seconds: self.duration_seconds,
            acquire_time: micro_time(self.acquire_micros),
            renew_time: micro_time(self.renew_micros),
            lease_transitions: self.transitions,
        };
        wire::Lease { metadata: meta(&self.meta), spec: Some(spec) }
    }
}
