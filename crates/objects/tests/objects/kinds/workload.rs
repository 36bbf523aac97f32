//! Deployments, replica sets, stateful sets, daemon sets, jobs.

use std::sync::Arc;

use k8s_pb::api::apps::v1 as apps;
use k8s_pb::api::batch::v1 as batch;
use k8s_pb::api::core::v1 as core;
use k8s_pb::apimachinery::pkg::util::intstr;
use objects::workload::{DaemonSet, Deployment, Job, ReplicaSet, StatefulSet};
use objects::{Condition, IntOrString, Object, Resource, Status3};

use super::{check, message_meta, meta, sym, text, time};

/// Skipped by the decoder, whatever is in it.
fn template() -> Option<core::PodTemplateSpec> {
    Some(core::PodTemplateSpec { metadata: Some(message_meta()), ..Default::default() })
}

#[test]
fn deployment() {
    let json = r#"{
        "spec": {"replicas": 0, "paused": true, "template": {"metadata": {"labels": {"a": "b"}}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": 1}}},
        "status": {"observedGeneration": 9, "replicas": 1, "updatedReplicas": 2, "readyReplicas": 3,
            "availableReplicas": 4, "unavailableReplicas": 5, "terminatingReplicas": 6, "collisionCount": 7,
            "conditions": [{"type": "Progressing", "status": "Unknown", "lastUpdateTime": "1970-01-01T00:00:01Z",
                "lastTransitionTime": "1970-01-01T00:00:02Z", "reason": "DeploymentPaused", "message": "m"}]}
    }"#;
    let message = apps::Deployment {
        metadata: Some(message_meta()),
        spec: Some(apps::DeploymentSpec {
            replicas: Some(0),
            template: template(),
            strategy: Some(apps::DeploymentStrategy {
                r#type: text("RollingUpdate"),
                rolling_update: Some(apps::RollingUpdateDeployment {
                    max_unavailable: Some(intstr::IntOrString {
                        r#type: Some(1),
                        int_val: Some(0),
                        str_val: text("25%"),
                    }),
                    max_surge: Some(intstr::IntOrString {
                        r#type: Some(0),
                        int_val: Some(1),
                        str_val: text(""),
                    }),
                }),
            }),
            paused: Some(true),
            ..Default::default()
        }),
        status: Some(apps::DeploymentStatus {
            observed_generation: Some(9),
            replicas: Some(1),
            updated_replicas: Some(2),
            ready_replicas: Some(3),
            available_replicas: Some(4),
            unavailable_replicas: Some(5),
            terminating_replicas: Some(6),
            collision_count: Some(7),
            conditions: vec![apps::DeploymentCondition {
                r#type: text("Progressing"),
                status: text("Unknown"),
                last_update_time: time(1),
                last_transition_time: time(2),
                reason: text("DeploymentPaused"),
                message: text("m"),
            }],
        }),
    };
    let condition = Condition {
        kind: sym("Progressing"),
        status: Status3::Unknown,
        reason: sym("DeploymentPaused"),
        since: 2,
    };
    let expected = Deployment {
        meta: meta(),
        replicas: Some(0),
        paused: true,
        strategy: sym("RollingUpdate"),
        max_unavailable: Some(IntOrString::Text(sym("25%"))),
        max_surge: Some(IntOrString::Int(1)),
        status_replicas: 1,
        updated_replicas: 2,
        ready_replicas: 3,
        available_replicas: 4,
        unavailable_replicas: 5,
        terminating_replicas: Some(6),
        observed_generation: 9,
        conditions: [condition].into(),
    };
    check(Resource::Deployments, json, &message, Object::Deployment(Arc::new(expected)));
}

#[test]
fn replica_set() {
    let json = r#"{"spec": {"replicas": 3, "minReadySeconds": 5}, "status": {"replicas": 1, "fullyLabeledReplicas": 2,
        "readyReplicas": 3, "availableReplicas": 4, "terminatingReplicas": 0, "observedGeneration": 5}}"#;
    let message = apps::ReplicaSet {
        metadata: Some(message_meta()),
        spec: Some(apps::ReplicaSetSpec {
            replicas: Some(3),
            min_ready_seconds: Some(5),
            template: template(),
            ..Default::default()
        }),
        status: Some(apps::ReplicaSetStatus {
            replicas: Some(1),
            fully_labeled_replicas: Some(2),
            ready_replicas: Some(3),
            available_replicas: Some(4),
            terminating_replicas: Some(0),
            observed_generation: Some(5),
            ..Default::default()
        }),
    };
    let expected = ReplicaSet {
        meta: meta(),
        replicas: Some(3),
        status_replicas: 1,
        fully_labeled_replicas: 2,
        ready_replicas: 3,
        available_replicas: 4,
        terminating_replicas: Some(0),
        observed_generation: 5,
    };
    check(Resource::ReplicaSets, json, &message, Object::ReplicaSet(Arc::new(expected)));
}

#[test]
fn stateful_set() {
    let json = r#"{
        "spec": {"replicas": 2, "serviceName": "db", "ordinals": {"start": 5},
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Delete"}},
        "status": {"observedGeneration": 1, "replicas": 2, "readyReplicas": 3, "currentReplicas": 4, "updatedReplicas": 5,
            "currentRevision": "db-1", "updateRevision": "db-2", "availableReplicas": 6, "collisionCount": 0}
    }"#;
    let message = apps::StatefulSet {
        metadata: Some(message_meta()),
        spec: Some(apps::StatefulSetSpec {
            replicas: Some(2),
            template: template(),
            service_name: text("db"),
            persistent_volume_claim_retention_policy: Some(
                apps::StatefulSetPersistentVolumeClaimRetentionPolicy {
                    when_deleted: text("Retain"),
                    when_scaled: text("Delete"),
                },
            ),
            ordinals: Some(apps::StatefulSetOrdinals { start: Some(5) }),
            ..Default::default()
        }),
        status: Some(apps::StatefulSetStatus {
            observed_generation: Some(1),
            replicas: Some(2),
            ready_replicas: Some(3),
            current_replicas: Some(4),
            updated_replicas: Some(5),
            current_revision: text("db-1"),
            update_revision: text("db-2"),
            collision_count: Some(0),
            available_replicas: Some(6),
            ..Default::default()
        }),
    };
    let expected = StatefulSet {
        meta: meta(),
        replicas: Some(2),
        ordinals_start: Some(5),
        claim_retention: Some((sym("Retain"), sym("Delete"))),
        status_replicas: 2,
        ready_replicas: 3,
        available_replicas: 6,
        current_replicas: 4,
        updated_replicas: 5,
        observed_generation: 1,
        current_revision: sym("db-1"),
        update_revision: sym("db-2"),
    };
    check(Resource::StatefulSets, json, &message, Object::StatefulSet(Arc::new(expected)));
}

#[test]
fn daemon_set() {
    let json = r#"{"spec": {"minReadySeconds": 1}, "status": {"currentNumberScheduled": 1, "numberMisscheduled": 2,
        "desiredNumberScheduled": 3, "numberReady": 4, "observedGeneration": 5, "updatedNumberScheduled": 6,
        "numberAvailable": 7, "numberUnavailable": 8}}"#;
    let message = apps::DaemonSet {
        metadata: Some(message_meta()),
        spec: Some(apps::DaemonSetSpec { template: template(), ..Default::default() }),
        status: Some(apps::DaemonSetStatus {
            current_number_scheduled: Some(1),
            number_misscheduled: Some(2),
            desired_number_scheduled: Some(3),
            number_ready: Some(4),
            observed_generation: Some(5),
            updated_number_scheduled: Some(6),
            number_available: Some(7),
            number_unavailable: Some(8),
            ..Default::default()
        }),
    };
    let expected = DaemonSet {
        meta: meta(),
        current_scheduled: 1,
        misscheduled: 2,
        desired_scheduled: 3,
        ready: 4,
        observed_generation: 5,
        updated_scheduled: 6,
        available: 7,
        unavailable: 8,
    };
    check(Resource::DaemonSets, json, &message, Object::DaemonSet(Arc::new(expected)));
}

#[test]
fn job() {
    let json = r#"{
        "spec": {"parallelism": 2, "completions": 3, "activeDeadlineSeconds": 600, "suspend": false, "backoffLimit": 6},
        "status": {"startTime": "1970-01-01T00:00:10Z", "completionTime": "1970-01-01T00:00:20Z", "active": 1,
            "succeeded": 2, "failed": 3, "ready": 1, "completedIndexes": "0-1",
            "conditions": [{"type": "Complete", "status": "True", "lastProbeTime": "1970-01-01T00:00:19Z",
                "lastTransitionTime": "1970-01-01T00:00:20Z", "reason": "CompletionsReached"}]}
    }"#;
    let message = batch::Job {
        metadata: Some(message_meta()),
        spec: Some(batch::JobSpec {
            parallelism: Some(2),
            completions: Some(3),
            active_deadline_seconds: Some(600),
            backoff_limit: Some(6),
            template: template(),
            suspend: Some(false),
            ..Default::default()
        }),
        status: Some(batch::JobStatus {
            conditions: vec![batch::JobCondition {
                r#type: text("Complete"),
                status: text("True"),
                last_probe_time: time(19),
                last_transition_time: time(20),
                reason: text("CompletionsReached"),
                message: text(""),
            }],
            start_time: time(10),
            completion_time: time(20),
            active: Some(1),
            succeeded: Some(2),
            failed: Some(3),
            ready: Some(1),
            completed_indexes: text("0-1"),
            ..Default::default()
        }),
    };
    let condition = Condition {
        kind: sym("Complete"),
        status: Status3::True,
        reason: sym("CompletionsReached"),
        since: 20,
    };
    let expected = Job {
        meta: meta(),
        parallelism: Some(2),
        completions: Some(3),
        active_deadline_seconds: Some(600),
        suspend: Some(false),
        active: 1,
        ready: 1,
        succeeded: 2,
        failed: 3,
        start_time: Some(10),
        completion_time: Some(20),
        conditions: [condition].into(),
    };
    check(Resource::Jobs, json, &message, Object::Job(Arc::new(expected)));
}
