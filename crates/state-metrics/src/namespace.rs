//! Namespaces.

use crate::family::{Family, alpha, stable, table};
use crate::{Render, conditions, meta};

pub(crate) static FAMILIES: &[Family] = &table(
    objects::Resource::Namespaces,
    [
        stable("kube_namespace_created", "Unix creation timestamp", Render::Meta(meta::created)),
        alpha(
            "kube_namespace_annotations",
            "Kubernetes annotations converted to Prometheus labels.",
            Render::Meta(meta::annotations),
        ),
        stable(
            "kube_namespace_labels",
            "Kubernetes labels converted to Prometheus labels.",
            Render::Meta(meta::labels),
        ),
        stable(
            "kube_namespace_status_phase",
            "kubernetes namespace status phase.",
            Render::Namespace(|namespace, out| {
                for phase in ["Active", "Terminating"] {
                    out.sample(&[("phase", phase)], *namespace.phase == *phase);
                }
            }),
        ),
        alpha(
            "kube_namespace_status_condition",
            "The condition of a namespace.",
            Render::Namespace(|namespace, out| conditions::all(&namespace.conditions, out)),
        ),
    ],
);
