//! Deployments.

use objects::workload::Deployment;
use objects::{Condition, IntOrString};

use crate::family::{Family, alpha, stable, table};
use crate::{Render, Samples, conditions, meta};

pub(crate) static FAMILIES: &[Family] = &table(
    objects::Resource::Deployments,
    [
        alpha(
            "kube_deployment_owner",
            "Information about the Deployment's owner.",
            Render::Deployment(owners),
        ),
        stable("kube_deployment_created", "Unix creation timestamp", Render::Meta(meta::created)),
        stable(
            "kube_deployment_status_replicas",
            "The number of replicas per deployment.",
            Render::Deployment(|deployment, out| out.value(deployment.status_replicas)),
        ),
        stable(
            "kube_deployment_status_replicas_ready",
            "The number of ready replicas per deployment.",
            Render::Deployment(|deployment, out| out.value(deployment.ready_replicas)),
        ),
        stable(
            "kube_deployment_status_replicas_available",
            "The number of available replicas per deployment.",
            Render::Deployment(|deployment, out| out.value(deployment.available_replicas)),
        ),
        stable(
            "kube_deployment_status_replicas_unavailable",
            "The number of unavailable replicas per deployment.",
            Render::Deployment(|deployment, out| out.value(deployment.unavailable_replicas)),
        ),
        stable(
            "kube_deployment_status_replicas_updated",
            "The number of updated replicas per deployment.",
            Render::Deployment(|deployment, out| out.value(deployment.updated_replicas)),
        ),
        alpha(
            "kube_deployment_status_terminating_replicas",
            "The number of terminating replicas per deployment.",
            Render::Deployment(|deployment, out| meta::optional(deployment.terminating_replicas, out)),
        ),
        stable(
            "kube_deployment_status_observed_generation",
            "The generation observed by the deployment controller.",
            Render::Deployment(|deployment, out| out.integer(deployment.observed_generation)),
        ),
        stable(
            "kube_deployment_status_condition",
            "The current status conditions of a deployment.",
            Render::Deployment(|deployment, out| {
                conditions::with_reason(&deployment.conditions, reason, out)
            }),
        ),
        stable(
            "kube_deployment_spec_replicas",
            "Number of desired pods for a deployment.",
            Render::Deployment(|deployment, out| meta::optional(deployment.replicas, out)),
        ),
        stable(
            "kube_deployment_spec_paused",
            "Whether the deployment is paused and will not be processed by the deployment controller.",
            Render::Deployment(|deployment, out| out.value(deployment.paused)),
        ),
        stable(
            "kube_deployment_spec_strategy_rollingupdate_max_unavailable",
            "Maximum number of unavailable replicas during a rolling update of a deployment.",
            Render::Deployment(|deployment, out| {
                meta::optional(scaled(deployment.max_unavailable.as_ref(), deployment, f64::floor), out);
            }),
        ),
        stable(
            "kube_deployment_spec_strategy_rollingupdate_max_surge",
            "Maximum number of replicas that can be scheduled above the desired number of replicas during a rolling \
             update of a deployment.",
            Render::Deployment(|deployment, out| {
                meta::optional(scaled(deployment.max_surge.as_ref(), deployment, f64::ceil), out);
            }),
        ),
        stable(
            "kube_deployment_metadata_generation",
            "Sequence number representing a specific generation of the desired state.",
            Render::Meta(meta::generation),
        ),
        alpha("kube_deployment_deletion_timestamp", "Unix deletion timestamp", Render::Meta(meta::deleted)),
        alpha(
            "kube_deployment_annotations",
            "Kubernetes annotations converted to Prometheus labels.",
            Render::Meta(meta::annotations),
        ),
        stable(
            "kube_deployment_labels",
            "Kubernetes labels converted to Prometheus labels.",
            Render::Meta(meta::labels),
        ),
    ],
);

/// The reasons that the deployment controller gives. Others are free text of somebody else: they would make series without
/// end, and become "unknown".
const REASONS: [&str; 11] = [
    "",
    "DeploymentPaused",
    "DeploymentResumed",
    "FoundNewReplicaSet",
    "MinimumReplicasAvailable",
    "MinimumReplicasUnavailable",
    "NewReplicaSetAvailable",
    "NewReplicaSetCreated",
    "ProgressDeadlineExceeded",
    "ReplicaSetCreateError",
    "ReplicaSetUpdated",
];

fn reason(condition: &Condition) -> &str {
    if REASONS.contains(&&*condition.reason) { &condition.reason } else { "unknown" }
}

/// Unlike the owners of other kinds, these don't say which one controls.
fn owners(deployment: &Deployment, out: &mut Samples<'_>) {
    let owners = &deployment.meta.owners;
    if owners.is_empty() {
        out.info(&[("owner_kind", ""), ("owner_name", "")]);
    }
    for (at, owner) in owners.iter().enumerate() {
        if !owners[..at].iter().any(|other| (&other.kind, &other.name) == (&owner.kind, &owner.name)) {
            out.info(&[("owner_kind", &owner.kind), ("owner_name", &owner.name)]);
        }
    }
}

/// A number of pods, or a percentage of the wanted ones. Only with a rolling update, and only when it can be read.
fn scaled(limit: Option<&IntOrString>, deployment: &Deployment, round: fn(f64) -> f64) -> Option<f64> {
    let replicas = deployment.replicas?;
    match limit? {
        IntOrString::Int(pods) => Some(f64::from(*pods)),
        IntOrString::Text(text) => {
            let percent: i32 = text.strip_suffix('%')?.parse().ok()?;
            Some(round(f64::from(percent) * f64::from(replicas) / 100.0))
        }
    }
}
