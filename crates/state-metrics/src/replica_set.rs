//! ReplicaSets.

use crate::family::{Family, alpha, stable, table};
use crate::{Render, meta};

pub(crate) static FAMILIES: &[Family] = &table(
    objects::Resource::ReplicaSets,
    [
        stable("kube_replicaset_created", "Unix creation timestamp", Render::Meta(meta::created)),
        stable(
            "kube_replicaset_status_replicas",
            "The number of replicas per ReplicaSet.",
            Render::ReplicaSet(|set, out| out.value(set.status_replicas)),
        ),
        stable(
            "kube_replicaset_status_fully_labeled_replicas",
            "The number of fully labeled replicas per ReplicaSet.",
            Render::ReplicaSet(|set, out| out.value(set.fully_labeled_replicas)),
        ),
        stable(
            "kube_replicaset_status_ready_replicas",
            "The number of ready replicas per ReplicaSet.",
            Render::ReplicaSet(|set, out| out.value(set.ready_replicas)),
        ),
        alpha(
            "kube_replicaset_status_terminating_replicas",
            "The number of terminating replicas per ReplicaSet.",
            Render::ReplicaSet(|set, out| meta::optional(set.terminating_replicas, out)),
        ),
        stable(
            "kube_replicaset_status_observed_generation",
            "The generation observed by the ReplicaSet controller.",
            Render::ReplicaSet(|set, out| out.integer(set.observed_generation)),
        ),
        stable(
            "kube_replicaset_spec_replicas",
            "Number of desired pods for a ReplicaSet.",
            Render::ReplicaSet(|set, out| meta::optional(set.replicas, out)),
        ),
        stable(
            "kube_replicaset_metadata_generation",
            "Sequence number representing a specific generation of the desired state.",
            Render::Meta(meta::generation),
        ),
        stable(
            "kube_replicaset_owner",
            "Information about the ReplicaSet's owner.",
            Render::Meta(meta::owners),
        ),
        alpha(
            "kube_replicaset_annotations",
            "Kubernetes annotations converted to Prometheus labels.",
            Render::Meta(meta::annotations),
        ),
        stable(
            "kube_replicaset_labels",
            "Kubernetes labels converted to Prometheus labels.",
            Render::Meta(meta::labels),
        ),
    ],
);
