//! Nodes.

use objects::node::Node;
use objects::pod::Resources;

use crate::family::{Family, alpha, stable, table};
use crate::resource_units::{self, Of};
use crate::{Render, Samples, conditions, meta};

pub(crate) static FAMILIES: &[Family] = &table(
    objects::Resource::Nodes,
    [
        alpha(
            "kube_node_annotations",
            "Kubernetes annotations converted to Prometheus labels.",
            Render::Meta(meta::annotations),
        ),
        stable("kube_node_created", "Unix creation timestamp", Render::Meta(meta::created)),
        alpha("kube_node_deletion_timestamp", "Unix deletion timestamp", Render::Meta(meta::deleted)),
        stable("kube_node_info", "Information about a cluster node.", Render::Node(info)),
        stable(
            "kube_node_labels",
            "Kubernetes labels converted to Prometheus labels.",
            Render::Meta(meta::labels),
        ),
        alpha("kube_node_role", "The role of a cluster node.", Render::Node(role)),
        alpha("kube_node_spec_pod_cidrs", "The pod CIDRs of a cluster node.", Render::Node(pod_cidrs)),
        stable("kube_node_spec_taint", "The taint of a cluster node.", Render::Node(taints)),
        stable(
            "kube_node_spec_unschedulable",
            "Whether a node can schedule new pods.",
            Render::Node(|node, out| out.value(node.unschedulable)),
        ),
        stable(
            "kube_node_status_allocatable",
            "The allocatable for different resources of a node that are available for scheduling.",
            Render::Node(|node, out| resources(&node.allocatable, out)),
        ),
        stable(
            "kube_node_status_capacity",
            "The capacity for different resources of a node.",
            Render::Node(|node, out| resources(&node.capacity, out)),
        ),
        stable(
            "kube_node_status_condition",
            "The condition of a cluster node.",
            Render::Node(|node, out| conditions::all(&node.conditions, out)),
        ),
        alpha("kube_node_status_addresses", "Node address information.", Render::Node(addresses)),
    ],
);

fn info(node: &Node, out: &mut Samples<'_>) {
    // Of several internal addresses the last one, as kube-state-metrics has it.
    let internal = node.addresses.iter().rfind(|(kind, _)| &**kind == "InternalIP");
    out.info(&[
        ("kernel_version", &node.info.kernel_version),
        ("os_image", &node.info.os_image),
        ("container_runtime_version", &node.info.container_runtime_version),
        ("kubelet_version", &node.info.kubelet_version),
        ("kubeproxy_version", "deprecated"),
        ("provider_id", &node.provider_id),
        ("pod_cidr", &node.pod_cidr),
        ("system_uuid", &node.info.system_uuid),
        ("internal_ip", internal.map_or("", |(_, address)| address)),
    ]);
}

fn role(node: &Node, out: &mut Samples<'_>) {
    for (key, _) in &node.meta.labels {
        if let Some(role) = key.strip_prefix("node-role.kubernetes.io/") {
            out.info(&[("role", role)]);
        }
    }
}

fn pod_cidrs(node: &Node, out: &mut Samples<'_>) {
    for cidr in &node.pod_cidrs {
        out.info(&[("pod_cidr", cidr)]);
    }
}

fn taints(node: &Node, out: &mut Samples<'_>) {
    for taint in &node.taints {
        out.info(&[("key", &taint.key), ("value", &taint.value), ("effect", &taint.effect)]);
    }
}

/// The API does not keep an address from being listed twice; a series must not be there twice.
fn addresses(node: &Node, out: &mut Samples<'_>) {
    for (at, address) in node.addresses.iter().enumerate() {
        if !node.addresses[..at].contains(address) {
            out.info(&[("type", &address.0), ("address", &address.1)]);
        }
    }
}

fn resources(resources: &Resources, out: &mut Samples<'_>) {
    resource_units::each(resources, Of::Node, |name, unit, quantity| {
        if let Some(value) = quantity.as_f64() {
            out.sample(&[("resource", name), ("unit", unit.as_str())], value);
        }
    });
}
