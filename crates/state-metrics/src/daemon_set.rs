//! DaemonSets.

use crate::family::{Family, alpha, stable, table};
use crate::{Render, meta};

pub(crate) static FAMILIES: &[Family] = &table(
    objects::Resource::DaemonSets,
    [
        stable("kube_daemonset_created", "Unix creation timestamp", Render::Meta(meta::created)),
        stable(
            "kube_daemonset_status_current_number_scheduled",
            "The number of nodes running at least one daemon pod and are supposed to.",
            Render::DaemonSet(|set, out| out.value(set.current_scheduled)),
        ),
        stable(
            "kube_daemonset_status_desired_number_scheduled",
            "The number of nodes that should be running the daemon pod.",
            Render::DaemonSet(|set, out| out.value(set.desired_scheduled)),
        ),
        stable(
            "kube_daemonset_status_number_available",
            "The number of nodes that should be running the daemon pod and have one or more of the daemon pod running \
             and available",
            Render::DaemonSet(|set, out| out.value(set.available)),
        ),
        stable(
            "kube_daemonset_status_number_misscheduled",
            "The number of nodes running a daemon pod but are not supposed to.",
            Render::DaemonSet(|set, out| out.value(set.misscheduled)),
        ),
        stable(
            "kube_daemonset_status_number_ready",
            "The number of nodes that should be running the daemon pod and have one or more of the daemon pod running \
             and ready.",
            Render::DaemonSet(|set, out| out.value(set.ready)),
        ),
        stable(
            "kube_daemonset_status_number_unavailable",
            "The number of nodes that should be running the daemon pod and have none of the daemon pod running and \
             available",
            Render::DaemonSet(|set, out| out.value(set.unavailable)),
        ),
        stable(
            "kube_daemonset_status_observed_generation",
            "The most recent generation observed by the daemon set controller.",
            Render::DaemonSet(|set, out| out.integer(set.observed_generation)),
        ),
        stable(
            "kube_daemonset_status_updated_number_scheduled",
            "The total number of nodes that are running updated daemon pod",
            Render::DaemonSet(|set, out| out.value(set.updated_scheduled)),
        ),
        stable(
            "kube_daemonset_metadata_generation",
            "Sequence number representing a specific generation of the desired state.",
            Render::Meta(meta::generation),
        ),
        alpha("kube_daemonset_deletion_timestamp", "Unix deletion timestamp", Render::Meta(meta::deleted)),
        alpha(
            "kube_daemonset_annotations",
            "Kubernetes annotations converted to Prometheus labels.",
            Render::Meta(meta::annotations),
        ),
        stable(
            "kube_daemonset_labels",
            "Kubernetes labels converted to Prometheus labels.",
            Render::Meta(meta::labels),
        ),
    ],
);
