//! What a pod asks for.

use objects::pod::{Pod, VolumeClaim};

use crate::Samples;
use crate::meta::flag;

pub(crate) fn info(pod: &Pod, out: &mut Samples<'_>) {
    let controller = pod.meta.owners.iter().find(|owner| owner.controller == Some(true));
    out.info(&[
        ("host_ip", &pod.host_ip),
        ("pod_ip", pod.pod_ips.first().map_or("", |ip| ip)),
        ("node", &pod.node),
        ("created_by_kind", controller.map_or("", |owner| &owner.kind)),
        ("created_by_name", controller.map_or("", |owner| &owner.name)),
        ("priority_class", &pod.priority_class),
        ("host_network", flag(pod.host_network)),
    ]);
}

pub(crate) fn overhead_cpu(pod: &Pod, out: &mut Samples<'_>) {
    let cpu = pod.overhead.iter().find(|(name, _)| &**name == "cpu");
    if let Some(cores) = cpu.and_then(|(_, quantity)| quantity.as_f64()) {
        out.value(cores);
    }
}

pub(crate) fn overhead_memory(pod: &Pod, out: &mut Samples<'_>) {
    let memory = pod.overhead.iter().find(|(name, _)| &**name == "memory");
    if let Some(bytes) = memory.and_then(|(_, quantity)| quantity.value()) {
        out.integer(bytes);
    }
}

pub(crate) fn runtime_class(pod: &Pod, out: &mut Samples<'_>) {
    if !pod.runtime_class.is_empty() {
        out.info(&[("runtimeclass_name", &pod.runtime_class)]);
    }
}

/// An ephemeral volume's claim is called after the pod and the volume.
pub(crate) fn volume_claims(pod: &Pod, value: fn(&VolumeClaim) -> bool, out: &mut Samples<'_>) {
    for claim in &pod.claims {
        let made;
        let name = if claim.ephemeral {
            made = format!("{}-{}", pod.meta.name, claim.volume);
            &made
        } else {
            &*claim.claim
        };
        let labels = [
            ("volume", &*claim.volume),
            ("persistentvolumeclaim", name),
            ("ephemeral", flag(claim.ephemeral)),
        ];
        out.sample(&labels, value(claim));
    }
}

pub(crate) fn resource_claims(pod: &Pod, out: &mut Samples<'_>) {
    for claim in &pod.resource_claims {
        out.info(&[
            ("claim_name", &claim.name),
            ("resourceclaim_name", &claim.claim),
            ("resourceclaim_template_name", &claim.template),
        ]);
    }
}

/// Equal tolerations are one series.
pub(crate) fn tolerations(pod: &Pod, out: &mut Samples<'_>) {
    for (at, toleration) in pod.tolerations.iter().enumerate() {
        if pod.tolerations[..at].contains(toleration) {
            continue;
        }
        let seconds = toleration.seconds.map(|seconds| seconds.to_string()).unwrap_or_default();
        out.info(&[
            ("key", &toleration.key),
            ("operator", &toleration.operator),
            ("value", &toleration.value),
            ("effect", &toleration.effect),
            ("toleration_seconds", &seconds),
        ]);
    }
}

pub(crate) fn node_selector(pod: &Pod, out: &mut Samples<'_>) {
    out.mapped("nodeselector", pod.node_selector.iter().map(|(key, value)| (key.as_str(), value.as_str())));
}
