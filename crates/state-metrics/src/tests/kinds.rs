//! Every family of the other kinds.

use objects::Resource;

use super::{Row, check_all};

const NONE: &str = "{}";
const META: &str = r#"{"metadata": {"generation": 7, "creationTimestamp": "2026-01-01T00:00:00Z",
    "deletionTimestamp": "2026-01-01T00:00:01Z", "labels": {"a": "1"}, "annotations": {"b": "2"},
    "ownerReferences": [{"kind": "X", "name": "x", "uid": "1", "controller": true}, {"kind": "Y", "name": "y", "uid": "2"}]}}"#;
const CREATED: &str = "1.7672256e+09";
const DELETED: &str = "1.767225601e+09";
const LABELS: &str = r#"label_a="1" 1"#;
const ANNOTATIONS: &str = r#"annotation_b="2" 1"#;
const OWNERS: &str = "owner_kind=\"X\",owner_name=\"x\",owner_is_controller=\"true\" 1\n\
                      owner_kind=\"Y\",owner_name=\"y\",owner_is_controller=\"false\" 1";
const NO_OWNER: &str = r#"owner_kind="",owner_name="",owner_is_controller="" 1"#;

const NODE: &str = r#"{"spec": {"podCIDR": "10.1.0.0/24", "podCIDRs": ["10.1.0.0/24", "fd00::/64"], "providerID": "p://1",
    "unschedulable": true, "taints": [{"key": "k", "value": "v", "effect": "NoSchedule"}]},
    "status": {"addresses": [{"type": "InternalIP", "address": "10.0.0.1"}, {"type": "Hostname", "address": "n1"},
        {"type": "Hostname", "address": "n1"}],
    "capacity": {"cpu": "4", "memory": "16Gi", "pods": "110", "nvidia.com/gpu": "1", "ephemeral-storage": "100G", "odd": "1"},
    "allocatable": {"cpu": "3920m", "memory": "1500m"},
    "conditions": [{"type": "Ready", "status": "Unknown"}, {"type": "Ready", "status": "True"}],
    "nodeInfo": {"kernelVersion": "6.12", "osImage": "Debian", "containerRuntimeVersion": "containerd://2",
        "kubeletVersion": "v1.37.2", "kubeProxyVersion": "v1.37.2", "systemUUID": "u"}}}"#;

#[test]
fn nodes() {
    let rows: &[Row] = &[
        (META, "kube_node_annotations", ANNOTATIONS),
        (NONE, "kube_node_created", ""),
        (META, "kube_node_created", CREATED),
        (NONE, "kube_node_deletion_timestamp", ""),
        (META, "kube_node_deletion_timestamp", DELETED),
        (
            NODE,
            "kube_node_info",
            "kernel_version=\"6.12\",os_image=\"Debian\",container_runtime_version=\"containerd://2\",\
             kubelet_version=\"v1.37.2\",kubeproxy_version=\"deprecated\",provider_id=\"p://1\",\
             pod_cidr=\"10.1.0.0/24\",system_uuid=\"u\",internal_ip=\"10.0.0.1\" 1",
        ),
        (META, "kube_node_labels", LABELS),
        (META, "kube_node_role", ""),
        (
            r#"{"metadata": {"labels": {"node-role.kubernetes.io/control-plane": "", "x": "y"}}}"#,
            "kube_node_role",
            r#"role="control-plane" 1"#,
        ),
        (NODE, "kube_node_spec_pod_cidrs", "pod_cidr=\"10.1.0.0/24\" 1\npod_cidr=\"fd00::/64\" 1"),
        (NODE, "kube_node_spec_taint", r#"key="k",value="v",effect="NoSchedule" 1"#),
        (NONE, "kube_node_spec_unschedulable", "0"),
        (NODE, "kube_node_spec_unschedulable", "1"),
        (
            NODE,
            "kube_node_status_allocatable",
            "resource=\"cpu\",unit=\"core\" 3.92\nresource=\"memory\",unit=\"byte\" 1.5",
        ),
        (
            NODE,
            "kube_node_status_capacity",
            "resource=\"cpu\",unit=\"core\" 4\nresource=\"ephemeral_storage\",unit=\"byte\" 1e+11\n\
             resource=\"memory\",unit=\"byte\" 1.7179869184e+10\nresource=\"nvidia_com_gpu\",unit=\"integer\" 1\n\
             resource=\"pods\",unit=\"integer\" 110",
        ),
        (
            NODE,
            "kube_node_status_condition",
            "condition=\"Ready\",status=\"true\" 0\ncondition=\"Ready\",status=\"false\" 0\n\
             condition=\"Ready\",status=\"unknown\" 1",
        ),
        (
            NODE,
            "kube_node_status_addresses",
            "type=\"InternalIP\",address=\"10.0.0.1\" 1\ntype=\"Hostname\",address=\"n1\" 1",
        ),
    ];
    check_all(Resource::Nodes, r#"node="cart""#, rows);
}

#[test]
fn namespaces() {
    let rows: &[Row] = &[
        (META, "kube_namespace_created", CREATED),
        (META, "kube_namespace_annotations", ANNOTATIONS),
        (META, "kube_namespace_labels", LABELS),
        (NONE, "kube_namespace_status_phase", "phase=\"Active\" 0\nphase=\"Terminating\" 0"),
        (
            r#"{"status": {"phase": "Active"}}"#,
            "kube_namespace_status_phase",
            "phase=\"Active\" 1\nphase=\"Terminating\" 0",
        ),
        (NONE, "kube_namespace_status_condition", ""),
        (
            r#"{"status": {"conditions": [{"type": "NamespaceContentRemaining", "status": "False"}]}}"#,
            "kube_namespace_status_condition",
            "condition=\"NamespaceContentRemaining\",status=\"true\" 0\n\
             condition=\"NamespaceContentRemaining\",status=\"false\" 1\n\
             condition=\"NamespaceContentRemaining\",status=\"unknown\" 0",
        ),
    ];
    check_all(Resource::Namespaces, r#"namespace="cart""#, rows);
}

const DEPLOYMENT: &str = r#"{"spec": {"replicas": 10, "paused": true,
    "strategy": {"rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}},
    "status": {"replicas": 9, "readyReplicas": 8, "availableReplicas": 7, "unavailableReplicas": 3, "updatedReplicas": 6,
    "terminatingReplicas": 2, "observedGeneration": 5, "conditions": [
        {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"},
        {"type": "Progressing", "status": "False", "reason": "Something else"}]}}"#;
const ROLLING_INT: &str =
    r#"{"spec": {"replicas": 10, "strategy": {"rollingUpdate": {"maxUnavailable": 1, "maxSurge": 2}}}}"#;
const ROLLING_ODD: &str =
    r#"{"spec": {"replicas": 10, "strategy": {"rollingUpdate": {"maxUnavailable": "x%", "maxSurge": "5"}}}}"#;
const ROLLING_ALONE: &str =
    r#"{"spec": {"strategy": {"rollingUpdate": {"maxUnavailable": 1, "maxSurge": 2}}}}"#;
const MAX_UNAVAILABLE: &str = "kube_deployment_spec_strategy_rollingupdate_max_unavailable";
const MAX_SURGE: &str = "kube_deployment_spec_strategy_rollingupdate_max_surge";

#[test]
fn deployments() {
    let rows: &[Row] = &[
        (NONE, "kube_deployment_owner", r#"owner_kind="",owner_name="" 1"#),
        (
            META,
            "kube_deployment_owner",
            "owner_kind=\"X\",owner_name=\"x\" 1\nowner_kind=\"Y\",owner_name=\"y\" 1",
        ),
        (META, "kube_deployment_created", CREATED),
        (DEPLOYMENT, "kube_deployment_status_replicas", "9"),
        (DEPLOYMENT, "kube_deployment_status_replicas_ready", "8"),
        (DEPLOYMENT, "kube_deployment_status_replicas_available", "7"),
        (DEPLOYMENT, "kube_deployment_status_replicas_unavailable", "3"),
        (DEPLOYMENT, "kube_deployment_status_replicas_updated", "6"),
        (NONE, "kube_deployment_status_terminating_replicas", ""),
        (DEPLOYMENT, "kube_deployment_status_terminating_replicas", "2"),
        (DEPLOYMENT, "kube_deployment_status_observed_generation", "5"),
        (
            DEPLOYMENT,
            "kube_deployment_status_condition",
            "reason=\"MinimumReplicasAvailable\",condition=\"Available\",status=\"true\" 1\n\
             reason=\"MinimumReplicasAvailable\",condition=\"Available\",status=\"false\" 0\n\
             reason=\"MinimumReplicasAvailable\",condition=\"Available\",status=\"unknown\" 0\n\
             reason=\"unknown\",condition=\"Progressing\",status=\"true\" 0\n\
             reason=\"unknown\",condition=\"Progressing\",status=\"false\" 1\n\
             reason=\"unknown\",condition=\"Progressing\",status=\"unknown\" 0",
        ),
        (NONE, "kube_deployment_spec_replicas", ""),
        (DEPLOYMENT, "kube_deployment_spec_replicas", "10"),
        (NONE, "kube_deployment_spec_paused", "0"),
        (DEPLOYMENT, "kube_deployment_spec_paused", "1"),
        (DEPLOYMENT, MAX_UNAVAILABLE, "2"),
        (ROLLING_INT, MAX_UNAVAILABLE, "1"),
        (ROLLING_ODD, MAX_UNAVAILABLE, ""),
        (ROLLING_ALONE, MAX_UNAVAILABLE, ""),
        (NONE, MAX_UNAVAILABLE, ""),
        (DEPLOYMENT, MAX_SURGE, "3"),
        (ROLLING_INT, MAX_SURGE, "2"),
        (ROLLING_ODD, MAX_SURGE, ""),
        (META, "kube_deployment_metadata_generation", "7"),
        (META, "kube_deployment_deletion_timestamp", DELETED),
        (META, "kube_deployment_annotations", ANNOTATIONS),
        (META, "kube_deployment_labels", LABELS),
    ];
    check_all(Resource::Deployments, r#"namespace="shop",deployment="cart""#, rows);
}

#[test]
fn replica_sets() {
    const SET: &str = r#"{"spec": {"replicas": 6}, "status": {"replicas": 5, "fullyLabeledReplicas": 4, "readyReplicas": 3,
        "terminatingReplicas": 2, "observedGeneration": 1}}"#;
    let rows: &[Row] = &[
        (META, "kube_replicaset_created", CREATED),
        (SET, "kube_replicaset_status_replicas", "5"),
        (SET, "kube_replicaset_status_fully_labeled_replicas", "4"),
        (SET, "kube_replicaset_status_ready_replicas", "3"),
        (NONE, "kube_replicaset_status_terminating_replicas", ""),
        (SET, "kube_replicaset_status_terminating_replicas", "2"),
        (SET, "kube_replicaset_status_observed_generation", "1"),
        (NONE, "kube_replicaset_spec_replicas", ""),
        (SET, "kube_replicaset_spec_replicas", "6"),
        (META, "kube_replicaset_metadata_generation", "7"),
        (NONE, "kube_replicaset_owner", NO_OWNER),
        (META, "kube_replicaset_owner", OWNERS),
        (META, "kube_replicaset_annotations", ANNOTATIONS),
        (META, "kube_replicaset_labels", LABELS),
    ];
    check_all(Resource::ReplicaSets, r#"namespace="shop",replicaset="cart""#, rows);
}

#[test]
fn daemon_sets() {
    const SET: &str = r#"{"status": {"currentNumberScheduled": 8, "desiredNumberScheduled": 7, "numberAvailable": 6,
        "numberMisscheduled": 5, "numberReady": 4, "numberUnavailable": 3, "observedGeneration": 2,
        "updatedNumberScheduled": 1}}"#;
    let rows: &[Row] = &[
        (META, "kube_daemonset_created", CREATED),
        (SET, "kube_daemonset_status_current_number_scheduled", "8"),
        (SET, "kube_daemonset_status_desired_number_scheduled", "7"),
        (SET, "kube_daemonset_status_number_available", "6"),
        (SET, "kube_daemonset_status_number_misscheduled", "5"),
        (SET, "kube_daemonset_status_number_ready", "4"),
        (SET, "kube_daemonset_status_number_unavailable", "3"),
        (SET, "kube_daemonset_status_observed_generation", "2"),
        (SET, "kube_daemonset_status_updated_number_scheduled", "1"),
        (META, "kube_daemonset_metadata_generation", "7"),
        (META, "kube_daemonset_deletion_timestamp", DELETED),
        (META, "kube_daemonset_annotations", ANNOTATIONS),
        (META, "kube_daemonset_labels", LABELS),
    ];
    check_all(Resource::DaemonSets, r#"namespace="shop",daemonset="cart""#, rows);
}

#[test]
fn stateful_sets() {
    const SET: &str = r#"{"spec": {"replicas": 9, "ordinals": {"start": 8},
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Delete"}},
        "status": {"replicas": 7, "availableReplicas": 6, "currentReplicas": 5, "readyReplicas": 4, "updatedReplicas": 3,
        "observedGeneration": 2, "currentRevision": "r1", "updateRevision": "r2"}}"#;
    const RETENTION: &str = "kube_statefulset_persistentvolumeclaim_retention_policy";
    let rows: &[Row] = &[
        (META, "kube_statefulset_created", CREATED),
        (SET, "kube_statefulset_status_replicas", "7"),
        (SET, "kube_statefulset_status_replicas_available", "6"),
        (SET, "kube_statefulset_status_replicas_current", "5"),
        (SET, "kube_statefulset_status_replicas_ready", "4"),
        (SET, "kube_statefulset_status_replicas_updated", "3"),
        (SET, "kube_statefulset_status_observed_generation", "2"),
        (SET, "kube_statefulset_replicas", "9"),
        (NONE, "kube_statefulset_ordinals_start", ""),
        (SET, "kube_statefulset_ordinals_start", "8"),
        (META, "kube_statefulset_metadata_generation", "7"),
        (NONE, RETENTION, ""),
        (SET, RETENTION, r#"when_deleted="Retain",when_scaled="Delete" 1"#),
        (META, "kube_statefulset_annotations", ANNOTATIONS),
        (META, "kube_statefulset_labels", LABELS),
        (SET, "kube_statefulset_status_current_revision", r#"revision="r1" 1"#),
        (SET, "kube_statefulset_status_update_revision", r#"revision="r2" 1"#),
        (META, "kube_statefulset_deletion_timestamp", DELETED),
    ];
    check_all(Resource::StatefulSets, r#"namespace="shop",statefulset="cart""#, rows);
}

#[test]
fn jobs() {
    const JOB: &str = r#"{"spec": {"parallelism": 3, "completions": 4, "activeDeadlineSeconds": 900},
        "status": {"succeeded": 2, "active": 1, "ready": 1, "startTime": "2026-01-01T00:00:00Z",
        "completionTime": "2026-01-01T00:00:01Z", "conditions": [{"type": "Complete", "status": "True"},
        {"type": "Suspended", "status": "False"}]}}"#;
    const FAILED: &str = r#"{"status": {"failed": 3, "conditions": [
        {"type": "Failed", "status": "True", "reason": "DeadlineExceeded"}, {"type": "Suspended", "status": "True"}]}}"#;
    const FAILED_ODDLY: &str = r#"{"status": {"failed": 3, "conditions": [{"type": "Failed", "status": "True", "reason": "PodFailurePolicy"}]}}"#;
    let rows: &[Row] = &[
        (META, "kube_job_annotations", ANNOTATIONS),
        (META, "kube_job_labels", LABELS),
        (NONE, "kube_job_info", "1"),
        (META, "kube_job_created", CREATED),
        (NONE, "kube_job_spec_parallelism", ""),
        (JOB, "kube_job_spec_parallelism", "3"),
        (JOB, "kube_job_spec_completions", "4"),
        (JOB, "kube_job_spec_active_deadline_seconds", "900"),
        (JOB, "kube_job_status_succeeded", "2"),
        (JOB, "kube_job_status_failed", "0"),
        (r#"{"status": {"failed": 3}}"#, "kube_job_status_failed", r#"reason="" 3"#),
        (
            FAILED,
            "kube_job_status_failed",
            "reason=\"BackoffLimitExceeded\" 0\nreason=\"DeadlineExceeded\" 1\nreason=\"Evicted\" 0",
        ),
        (
            FAILED_ODDLY,
            "kube_job_status_failed",
            "reason=\"BackoffLimitExceeded\" 0\nreason=\"DeadlineExceeded\" 0\nreason=\"Evicted\" 0\nreason=\"\" 3",
        ),
        (JOB, "kube_job_status_active", "1"),
        (NONE, "kube_job_status_ready", "0"),
        (JOB, "kube_job_status_ready", "1"),
        (JOB, "kube_job_complete", "condition=\"true\" 1\ncondition=\"false\" 0\ncondition=\"unknown\" 0"),
        (FAILED, "kube_job_complete", ""),
        (FAILED, "kube_job_failed", "condition=\"true\" 1\ncondition=\"false\" 0\ncondition=\"unknown\" 0"),
        (JOB, "kube_job_status_start_time", CREATED),
        (JOB, "kube_job_status_completion_time", DELETED),
        (NONE, "kube_job_status_suspended", ""),
        (JOB, "kube_job_status_suspended", "0"),
        (FAILED, "kube_job_status_suspended", "1"),
        (NONE, "kube_job_owner", NO_OWNER),
        (META, "kube_job_owner", OWNERS),
    ];
    check_all(Resource::Jobs, r#"namespace="shop",job_name="cart""#, rows);
}
