//! Deployments with their ReplicaSets, StatefulSets, DaemonSets, Jobs.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::app::owner;
use super::{App, Draw, ago, pod};

/// Counts of a workload's pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) all: usize,
    pub(super) ready: usize,
}

fn metadata(app: &App, name: &str, uid: &str, age_seconds: u64, now: Timestamp) -> Value {
    json!({"name": name, "namespace": app.namespace, "uid": uid, "generation": 1,
        "creationTimestamp": ago(now, age_seconds), "labels": app.labels()})
}

/// Assembled without `json!`, which copies what it is given: templates are large.
fn object(metadata: Value, mut spec: Value, template: Value, status: Value) -> Value {
    spec["template"] = template;
    let fields = [("metadata", metadata), ("spec", spec), ("status", status)];
    Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

pub(super) fn deployment(app: &App, counts: Counts, now: Timestamp) -> Value {
    let mut metadata = metadata(app, &app.name, &app.uid, app.age_seconds, now);
    metadata["annotations"] = json!({"deployment.kubernetes.io/revision": app.revision.to_string()});
    let spec = json!({
        "replicas": app.replicas, "selector": {"matchLabels": app.selector()},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
        "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600,
    });
    let status = deployment_status(counts.all, counts.all, counts.ready, 1, &ago(now, app.age_seconds));
    object(metadata, spec, template(app), status)
}

/// The template without what the ReplicaSet adds to it.
fn template(app: &App) -> Value {
    let mut template = pod::template(app);
    template["metadata"]["labels"] = app.labels();
    template
}

/// `status` of a Deployment whose pods are counted so.
pub(crate) fn deployment_status(
    all: usize,
    updated: usize,
    ready: usize,
    generation: i64,
    since: &str,
) -> Value {
    let available = ready >= all;
    let condition = |kind: &str, status: bool, reason: &str| {
        json!({"type": kind, "status": if status { "True" } else { "False" }, "reason": reason,
            "message": format!("{kind} is {status}"), "lastUpdateTime": since, "lastTransitionTime": since})
    };
    let minimum = if available { "MinimumReplicasAvailable" } else { "MinimumReplicasUnavailable" };
    let progress = if updated >= all { "NewReplicaSetAvailable" } else { "ReplicaSetUpdated" };
    let mut status = json!({
        "observedGeneration": generation, "replicas": all, "updatedReplicas": updated, "readyReplicas": ready,
        "availableReplicas": ready,
        "conditions": [condition("Available", available, minimum), condition("Progressing", true, progress)],
    });
    if !available {
        status["unavailableReplicas"] = json!(all - ready);
    }
    status
}

/// The ReplicaSet of the current template, or (with another name and 0 replicas) one of the past.
pub(crate) fn replica_set(app: &App, replicas: usize, age_seconds: u64, now: Timestamp) -> Value {
    let mut metadata = metadata(app, &app.replica_set_name(), &app.replica_set_uid, age_seconds, now);
    metadata["labels"] = app.pod_labels();
    metadata["annotations"] = json!({
        "deployment.kubernetes.io/desired-replicas": app.replicas.to_string(),
        "deployment.kubernetes.io/revision": app.revision.to_string(),
    });
    metadata["ownerReferences"] = owner("apps/v1", "Deployment", &app.name, &app.uid);
    let mut selector = app.selector();
    selector["pod-template-hash"] = json!(app.template_hash);
    let spec = json!({"replicas": replicas, "selector": {"matchLabels": selector}});
    object(metadata, spec, pod::template(app), replica_set_status(replicas, replicas, 1))
}

/// `status` of a ReplicaSet whose pods are counted so.
pub(crate) fn replica_set_status(all: usize, ready: usize, generation: i64) -> Value {
    json!({"replicas": all, "fullyLabeledReplicas": all, "readyReplicas": ready, "availableReplicas": ready,
        "observedGeneration": generation})
}

pub(super) fn stateful_set(app: &App, counts: Counts, now: Timestamp) -> Value {
    let revision = format!("{}-{}", app.name, app.template_hash);
    json!({
        "metadata": metadata(app, &app.name, &app.uid, app.age_seconds, now),
        "spec": {
            "replicas": app.replicas, "serviceName": app.name, "selector": {"matchLabels": app.selector()},
            "template": template(app), "podManagementPolicy": "OrderedReady", "revisionHistoryLimit": 10,
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        },
        "status": {
            "observedGeneration": 1, "replicas": counts.all, "readyReplicas": counts.ready,
            "currentReplicas": counts.all, "updatedReplicas": counts.all, "availableReplicas": counts.ready,
            "currentRevision": revision, "updateRevision": revision, "collisionCount": 0,
        },
    })
}

pub(super) fn daemon_set(app: &App, counts: Counts, now: Timestamp) -> Value {
    json!({
        "metadata": metadata(app, &app.name, &app.uid, app.age_seconds, now),
        "spec": {
            "selector": {"matchLabels": app.selector()}, "template": template(app), "revisionHistoryLimit": 10,
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
        },
        "status": {
            "observedGeneration": 1, "desiredNumberScheduled": counts.all, "currentNumberScheduled": counts.all,
            "updatedNumberScheduled": counts.all, "numberReady": counts.ready, "numberAvailable": counts.ready,
            "numberUnavailable": counts.all - counts.ready, "numberMisscheduled": 0,
        },
    })
}

/// A Job that is done: it ran as long as its pod ([`pod::JOB_SECONDS`]).
pub(super) fn job(app: &App, now: Timestamp) -> Value {
    let (start, end) = (ago(now, app.age_seconds), ago(now, app.age_seconds - pod::JOB_SECONDS));
    let condition = |kind: &str| {
        json!({"type": kind, "status": "True", "reason": "CompletionsReached", "lastProbeTime": end,
            "message": "Reached expected number of succeeded pods", "lastTransitionTime": end})
    };
    json!({
        "metadata": metadata(app, &app.name, &app.uid, app.age_seconds, now),
        "spec": {
            "parallelism": 1, "completions": app.replicas, "backoffLimit": 6, "completionMode": "NonIndexed",
            "suspend": false, "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": app.uid}},
            "template": pod::template(app),
        },
        "status": {
            "startTime": start, "completionTime": end, "succeeded": app.replicas, "ready": 0, "terminating": 0,
            "uncountedTerminatedPods": {}, "conditions": [condition("SuccessCriteriaMet"), condition("Complete")],
        },
    })
}

/// Revisions that a Deployment had before: ReplicaSets without pods.
pub(super) fn past_replica_sets(app: &App, now: Timestamp, draw: &mut Draw) -> Vec<Value> {
    let count = draw.below(3).min(usize::try_from(app.revision).unwrap_or(0).saturating_sub(1));
    let mut past = app.clone();
    let make = |number: usize| {
        past.next_revision(draw);
        past.revision = app.revision - 1 - number as u64;
        replica_set(&past, 0, app.age_seconds, now)
    };
    (0..count).map(make).collect()
}
