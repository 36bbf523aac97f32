//! StatefulSets.

use objects::workload::StatefulSet;

use crate::family::{Family, stable, table};
use crate::{Render, Samples, meta};

pub(crate) static FAMILIES: &[Family] = &table(
    objects::Resource::StatefulSets,
    [
        stable("kube_statefulset_created", "Unix creation timestamp", Render::Meta(meta::created)),
        stable(
            "kube_statefulset_status_replicas",
            "The number of replicas per StatefulSet.",
            Render::StatefulSet(|set, out| out.value(set.status_replicas)),
        ),
        stable(
            "kube_statefulset_status_replicas_available",
            "The number of available replicas per StatefulSet.",
            Render::StatefulSet(|set, out| out.value(set.available_replicas)),
        ),
        stable(
            "kube_statefulset_status_replicas_current",
            "The number of current replicas per StatefulSet.",
            Render::StatefulSet(|set, out| out.value(set.current_replicas)),
        ),
        stable(
            "kube_statefulset_status_replicas_ready",
            "The number of ready replicas per StatefulSet.",
            Render::StatefulSet(|set, out| out.value(set.ready_replicas)),
        ),
        stable(
            "kube_statefulset_status_replicas_updated",
            "The number of updated replicas per StatefulSet.",
            Render::StatefulSet(|set, out| out.value(set.updated_replicas)),
        ),
        stable(
            "kube_statefulset_status_observed_generation",
            "The generation observed by the StatefulSet controller.",
            Render::StatefulSet(|set, out| out.integer(set.observed_generation)),
        ),
        stable(
            "kube_statefulset_replicas",
            "Number of desired pods for a StatefulSet.",
            Render::StatefulSet(|set, out| meta::optional(set.replicas, out)),
        ),
        stable(
            "kube_statefulset_ordinals_start",
            "Start ordinal of the StatefulSet.",
            Render::StatefulSet(|set, out| meta::optional(set.ordinals_start, out)),
        ),
        stable(
            "kube_statefulset_metadata_generation",
            "Sequence number representing a specific generation of the desired state for the StatefulSet.",
            Render::Meta(meta::generation),
        ),
        stable(
            "kube_statefulset_persistentvolumeclaim_retention_policy",
            "Count of retention policy for StatefulSet template PVCs",
            Render::StatefulSet(claim_retention),
        ),
        stable(
            "kube_statefulset_annotations",
            "Kubernetes annotations converted to Prometheus labels.",
            Render::Meta(meta::annotations),
        ),
        stable(
            "kube_statefulset_labels",
            "Kubernetes labels converted to Prometheus labels.",
            Render::Meta(meta::labels),
        ),
        stable(
            "kube_statefulset_status_current_revision",
            "Indicates the version of the StatefulSet used to generate Pods in the sequence [0,currentReplicas).",
            Render::StatefulSet(|set, out| out.info(&[("revision", &set.current_revision)])),
        ),
        stable(
            "kube_statefulset_status_update_revision",
            "Indicates the version of the StatefulSet used to generate Pods in the sequence \
             [replicas-updatedReplicas,replicas)",
            Render::StatefulSet(|set, out| out.info(&[("revision", &set.update_revision)])),
        ),
        stable("kube_statefulset_deletion_timestamp", "Unix deletion timestamp", Render::Meta(meta::deleted)),
    ],
);

fn claim_retention(set: &StatefulSet, out: &mut Samples<'_>) {
    if let Some((deleted, scaled)) = &set.claim_retention
        && !(deleted.is_empty() && scaled.is_empty())
    {
        out.info(&[("when_deleted", deleted), ("when_scaled", scaled)]);
    }
}
