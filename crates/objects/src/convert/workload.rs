//! Deployments, replica sets, stateful sets, daemon sets, jobs.

use super::meta::{conditions, int_or_string, meta, status, status_text};
use super::{Into, Lean, boxed, seconds, time};
use crate::wire;
use crate::workload::{DaemonSet, Deployment, Job, ReplicaSet, StatefulSet};
use crate::{Condition, Seconds};

impl Lean for Deployment {
    type Wire = wire::Deployment;

    fn from_wire(wire: Self::Wire, to: &Into<'_>) -> Self {
        let (spec, status) = (wire.spec.unwrap_or_default(), wire.status.unwrap_or_default());
        let strategy = spec.strategy.unwrap_or_default();
        let rolling = strategy.rolling_update.unwrap_or_default();
        Self {
            meta: to.meta(wire.metadata),
            replicas: spec.replicas,
            paused: spec.paused,
            strategy: to.sym(&strategy.kind),
            max_unavailable: rolling.max_unavailable.map(|value| to.int_or_string(value)),
            max_surge: rolling.max_surge.map(|value| to.int_or_string(value)),
            status_replicas: status.replicas,
            ready_replicas: status.ready_replicas,
            available_replicas: status.available_replicas,
            unavailable_replicas: status.unavailable_replicas,
            updated_replicas: status.updated_replicas,
            terminating_replicas: status.terminating_replicas,
            observed_generation: status.observed_generation,
            conditions: boxed(status.conditions, |wire| to.deployment_condition(&wire)),
        }
    }

    fn to_wire(&self) -> Self::Wire {
        let rolling = wire::RollingUpdate {
            max_unavailable: self.max_unavailable.as_ref().map(int_or_string),
            max_surge: self.max_surge.as_ref().map(int_or_string),
        };
        let strategy = wire::Strategy { kind: self.strategy.to_string(), rolling_update: Some(rolling) };
        let spec =
            wire::DeploymentSpec { replicas: self.replicas, strategy: Some(strategy), paused: self.paused };
        let status = wire::DeploymentStatus {
            observed_generation: self.observed_generation,
            replicas: self.status_replicas,
            updated_replicas: self.updated_replicas,
            available_replicas: self.available_replicas,
            unavailable_replicas: self.unavailable_replicas,
            conditions: self.conditions.iter().map(deployment_condition).collect(),
            ready_replicas: self.ready_replicas,
            terminating_replicas: self.terminating_replicas,
        };
        wire::Deployment { metadata: meta(&self.meta), spec: Some(spec), status: Some(status) }
    }
}

impl Into<'_> {
    fn deployment_condition(&self, wire: &wire::DeploymentCondition) -> Condition {
        Condition {
            kind: self.sym(&wire.kind),
            status: status(&wire.status),
            reason: self.sym(&wire.reason),
            since: seconds(wire.last_transition_time),
        }
    }
}

fn deployment_condition(condition: &Condition) -> wire::DeploymentCondition {
    wire::DeploymentCondition {
        kind: condition.kind.to_string(),
        status: status_text(condition.status),
        reason: condition.reason.to_string(),
        last_transition_time: time(condition.since),
    }
}

impl Lean for ReplicaSet {
    type Wire = wire::ReplicaSet;

    fn from_wire(wire: Self::Wire, to: &Into<'_>) -> Self {
        let (spec, status) = (wire.spec.unwrap_or_default(), wire.status.unwrap_or_default());
        Self {
            meta: to.meta(wire.metadata),
            replicas: spec.replicas,
            status_replicas: status.replicas,
            fully_labeled_replicas: status.fully_labeled_replicas,
            ready_replicas: status.ready_replicas,
            available_replicas: status.available_replicas,
            terminating_replicas: status.terminating_replicas,
            observed_generation: status.observed_generation,
        }
    }

    fn to_wire(&self) -> Self::Wire {
        let status = wire::ReplicaSetStatus {
            replicas: self.status_replicas,
            fully_labeled_replicas: self.fully_labeled_replicas,
            observed_generation: self.observed_generation,
            ready_replicas: self.ready_replicas,
            available_replicas: self.available_replicas,
            terminating_replicas: self.terminating_replicas,
        };
        let spec = wire::ReplicaSetSpec { replicas: self.replicas };
        wire::ReplicaSet { metadata: meta(&self.meta), spec: Some(spec), status: Some(status) }
    }
}

impl Lean for StatefulSet {
    type Wire = wire::StatefulSet;

    fn from_wire(wire: Self::Wire, to: &Into<'_>) -> Self {
        let (spec, status) = (wire.spec.unwrap_or_default(), wire.status.unwrap_or_default());
        let retention = spec.persistent_volume_claim_retention_policy;
        Self {
            meta: to.meta(wire.metadata),
            replicas: spec.replicas,
            ordinals_start: spec.ordinals.map(|ordinals| ordinals.start),
            claim_retention: retention.map(|wire| (to.sym(&wire.when_deleted), to.sym(&wire.when_scaled))),
            status_replicas: status.replicas,
            ready_replicas: status.ready_replicas,
            available_replicas: status.available_replicas,
            current_replicas: status.current_replicas,
            updated_replicas: status.updated_replicas,
            observed_generation: status.observed_generation,
            current_revision: to.sym(&status.current_revision),
            update_revision: to.sym(&status.update_revision),
        }
    }

    fn to_wire(&self) -> Self::Wire {
        let retention = self.claim_retention.as_ref().map(|(deleted, scaled)| wire::ClaimRetention {
            when_deleted: deleted.to_string(),
            when_scaled: scaled.to_string(),
        });
        let spec = wire::StatefulSetSpec {
            replicas: self.replicas,
            persistent_volume_claim_retention_policy: retention,
            ordinals: self.ordinals_start.map(|start| wire::Ordinals { start }),
        };
        let status = wire::StatefulSetStatus {
            observed_generation: self.observed_generation,
            replicas: self.status_replicas,
            ready_replicas: self.ready_replicas,
            current_replicas: self.current_replicas,
            updated_replicas: self.updated_replicas,
            current_revision: self.current_revision.to_string(),
            update_revision: self.update_revision.to_string(),
            available_replicas: self.available_replicas,
        };
        wire::StatefulSet { metadata: meta(&self.meta), spec: Some(spec), status: Some(status) }
    }
}

impl Lean for DaemonSet {
    type Wire = wire::DaemonSet;

    fn from_wire(wire: Self::Wire, to: &Into<'_>) -> Self {
        let status = wire.status.unwrap_or_default();
        Self {
            meta: to.meta(wire.metadata),
            current_scheduled: status.current_number_scheduled,
            desired_scheduled: status.desired_number_scheduled,
            misscheduled: status.number_misscheduled,
            ready: status.number_ready,
            available: status.number_available,
            unavailable: status.number_unavailable,
            updated_scheduled: status.updated_number_scheduled,
            observed_generation: status.observed_generation,
        }
    }

    fn to_wire(&self) -> Self::Wire {
        let status = wire::DaemonSetStatus {
            current_number_scheduled: self.current_scheduled,
            number_misscheduled: self.misscheduled,
            desired_number_scheduled: self.desired_scheduled,
            number_ready: self.ready,
            observed_generation: self.observed_generation,
            updated_number_scheduled: self.updated_scheduled,
            number_available: self.available,
            number_unavailable: self.unavailable,
        };
        wire::DaemonSet { metadata: meta(&self.meta), status: Some(status) }
    }
}

impl Lean for Job {
    type Wire = wire::Job;

    fn from_wire(wire: Self::Wire, to: &Into<'_>) -> Self {
        let (spec, status) = (wire.spec.unwrap_or_default(), wire.status.unwrap_or_default());
        Self {
            meta: to.meta(wire.metadata),
            parallelism: spec.parallelism,
            completions: spec.completions,
            active_deadline_seconds: spec.active_deadline_seconds,
            suspend: spec.suspend,
            active: status.active,
            ready: status.ready,
            succeeded: status.succeeded,
            failed: status.failed,
            start_time: status.start_time.map(|time| time.seconds),
            completion_time: status.completion_time.map(|time| time.seconds),
            conditions: to.conditions(status.conditions),
        }
    }

    fn to_wire(&self) -> Self::Wire {
        let set = |seconds: Seconds| wire::Time { seconds, nanos: 0 };
        let spec = wire::JobSpec {
            parallelism: self.parallelism,
            completions: self.completions,
            active_deadline_seconds: self.active_deadline_seconds,
            suspend: self.suspend,
        };
        let status = wire::JobStatus {
            conditions: conditions(&self.conditions),
            start_time: self.start_time.map(set),
            completion_time: self.completion_time.map(set),
            active: self.active,
            ready: self.ready,
            succeeded: self.succeeded,
            failed: self.failed,
        };
        wire::Job { metadata: meta(&self.meta), spec: Some(spec), status: Some(status) }
    }
}
