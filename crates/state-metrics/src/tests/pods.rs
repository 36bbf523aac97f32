//! Every family of pods.

use objects::Resource;

use super::{Row, check_all};

const NONE: &str = "{}";
const RUNNING: &str = r#"{"status": {"containerStatuses": [
    {"name": "app", "image": "reg/app:1", "imageID": "sha256:1", "containerID": "containerd://a", "ready": true,
     "restartCount": 2, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
     "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137, "finishedAt": "2025-12-31T23:59:59Z"}}},
    {"name": "side", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}}"#;
const ENDED: &str = r#"{"status": {"containerStatuses": [
    {"name": "app", "state": {"terminated": {"reason": "Completed", "exitCode": 0,
        "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:01:00Z"}}},
    {"name": "side", "state": {"terminated": {"reason": "Error", "exitCode": 1,
        "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:30Z"}}}]}}"#;
/// The kubelet lost the container: no times.
const LOST: &str = r#"{"status": {"containerStatuses": [{"name": "app",
    "state": {"terminated": {"reason": "ContainerStatusUnknown", "exitCode": 137, "startedAt": null, "finishedAt": null}},
    "lastState": {"terminated": {"exitCode": 137, "finishedAt": null}}}]}}"#;
const INIT: &str = r#"{"spec": {"initContainers": [{"name": "i", "image": "reg/i", "restartPolicy": "Always"}]},
    "status": {"initContainerStatuses": [{"name": "i", "image": "reg/i:1", "imageID": "sha256:2", "containerID": "c",
        "ready": true, "restartCount": 1, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
        "lastState": {"terminated": {"reason": "Error", "exitCode": 3, "finishedAt": "2025-12-31T00:00:00Z"}}}]}}"#;
const INIT_ENDED: &str = r#"{"status": {"initContainerStatuses": [
    {"name": "i", "state": {"terminated": {"reason": "Completed", "startedAt": "2026-01-01T00:00:00Z"}}},
    {"name": "j", "state": {"waiting": {"reason": "PodInitializing"}}}]}}"#;
const RESOURCES: &str = r#"{"spec": {"nodeName": "n1", "containers": [{"name": "app", "resources": {
    "limits": {"cpu": "1500m", "memory": "1Gi", "nvidia.com/gpu": "2", "odd": "1", "hugepages-2Mi": "4Mi"},
    "requests": {"cpu": "0.1", "memory": "100M", "ephemeral-storage": "1500m"}}}],
    "initContainers": [{"name": "i", "resources": {"limits": {"cpu": "2"}, "requests": {"memory": "1Ki"}}}]}}"#;
const CONDITIONS: &str = r#"{"status": {"conditions": [
    {"type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"},
    {"type": "Initialized", "status": "True", "lastTransitionTime": "2026-01-01T00:00:01Z"},
    {"type": "ContainersReady", "status": "True", "lastTransitionTime": "2026-01-01T00:00:02Z"},
    {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:03Z"}]}}"#;
const UNSCHEDULED: &str = r#"{"status": {"conditions": [
    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "lastTransitionTime": "2026-01-01T00:00:00Z"},
    {"type": "Ready", "status": "False", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}"#;
const OWNED: &str = r#"{"metadata": {"ownerReferences": [{"kind": "ReplicaSet", "name": "cart-5", "uid": "1", "controller": true},
    {"kind": "Custom", "name": "x", "uid": "2"}, {"kind": "Custom", "name": "x", "uid": "3", "controller": false}]}}"#;
const VOLUMES: &str = r#"{"spec": {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data", "readOnly": true}},
    {"name": "tmp", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}}, {"name": "none", "emptyDir": {}}]}}"#;
const CLAIMS: &str = r#"{"spec": {"resourceClaims": [{"name": "a", "resourceClaimName": "gpu-1"},
    {"name": "b", "resourceClaimTemplateName": "gpu"}, {"name": "c", "resourceClaimTemplateName": "nic"}, {"name": "d"}]},
    "status": {"resourceClaimStatuses": [{"name": "b", "resourceClaimName": "cart-b-x1"}]}}"#;
const TOLERATIONS: &str = r#"{"spec": {"tolerations": [{"key": "k", "operator": "Equal", "value": "v", "effect": "NoExecute",
    "tolerationSeconds": 300}, {"operator": "Exists"}, {"operator": "Exists"}]}}"#;

const ROWS: &[Row] = &[
    (NONE, "kube_pod_completion_time", ""),
    (RUNNING, "kube_pod_completion_time", ""),
    (ENDED, "kube_pod_completion_time", "1.76722566e+09"),
    (LOST, "kube_pod_completion_time", ""),
    (
        r#"{"spec": {"containers": [{"name": "app", "image": "app"}, {"name": "gone"}]}, "status": {"containerStatuses": [
            {"name": "app", "image": "reg/app:1", "imageID": "sha256:1", "containerID": "containerd://a"}, {"name": "other"}]}}"#,
        "kube_pod_container_info",
        r#"container="app",image_spec="app",image="reg/app:1",image_id="sha256:1",container_id="containerd://a" 1"#,
    ),
    (
        RESOURCES,
        "kube_pod_container_resource_limits",
        "container=\"app\",node=\"n1\",resource=\"cpu\",unit=\"core\" 1.5\n\
         container=\"app\",node=\"n1\",resource=\"hugepages_2Mi\",unit=\"byte\" 4.194304e+06\n\
         container=\"app\",node=\"n1\",resource=\"memory\",unit=\"byte\" 1.073741824e+09\n\
         container=\"app\",node=\"n1\",resource=\"nvidia_com_gpu\",unit=\"integer\" 2",
    ),
    (
        RESOURCES,
        "kube_pod_container_resource_requests",
        "container=\"app\",node=\"n1\",resource=\"cpu\",unit=\"core\" 0.1\n\
         container=\"app\",node=\"n1\",resource=\"ephemeral_storage\",unit=\"byte\" 2\n\
         container=\"app\",node=\"n1\",resource=\"memory\",unit=\"byte\" 1e+08",
    ),
    (RUNNING, "kube_pod_container_state_started", r#"container="app" 1.7672256e+09"#),
    (
        ENDED,
        "kube_pod_container_state_started",
        "container=\"app\" 1.7672256e+09\ncontainer=\"side\" 1.7672256e+09",
    ),
    (LOST, "kube_pod_container_state_started", r#"container="app" -6.21355968e+10"#),
    (ENDED, "kube_pod_container_status_last_terminated_reason", ""),
    (RUNNING, "kube_pod_container_status_last_terminated_reason", r#"container="app",reason="OOMKilled" 1"#),
    (RUNNING, "kube_pod_container_status_last_terminated_exitcode", r#"container="app" 137"#),
    (RUNNING, "kube_pod_container_status_last_terminated_timestamp", r#"container="app" 1.767225599e+09"#),
    (LOST, "kube_pod_container_status_last_terminated_timestamp", r#"container="app" -6.21355968e+10"#),
    (RUNNING, "kube_pod_container_status_ready", "container=\"app\" 1\ncontainer=\"side\" 0"),
    (RUNNING, "kube_pod_container_status_restarts_total", "container=\"app\" 2\ncontainer=\"side\" 0"),
    (RUNNING, "kube_pod_container_status_running", "container=\"app\" 1\ncontainer=\"side\" 0"),
    (RUNNING, "kube_pod_container_status_terminated", "container=\"app\" 0\ncontainer=\"side\" 0"),
    (ENDED, "kube_pod_container_status_terminated", "container=\"app\" 1\ncontainer=\"side\" 1"),
    (RUNNING, "kube_pod_container_status_terminated_reason", ""),
    (
        ENDED,
        "kube_pod_container_status_terminated_reason",
        "container=\"app\",reason=\"Completed\" 1\ncontainer=\"side\",reason=\"Error\" 1",
    ),
    (RUNNING, "kube_pod_container_status_waiting", "container=\"app\" 0\ncontainer=\"side\" 1"),
    (RUNNING, "kube_pod_container_status_waiting_reason", r#"container="side",reason="CrashLoopBackOff" 1"#),
    (NONE, "kube_pod_created", ""),
    (r#"{"metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"}}"#, "kube_pod_created", "1.7672256e+09"),
    (NONE, "kube_pod_deletion_timestamp", ""),
    (
        r#"{"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}"#,
        "kube_pod_deletion_timestamp",
        "1.7672256e+09",
    ),
    (
        NONE,
        "kube_pod_info",
        r#"host_ip="",pod_ip="",node="",created_by_kind="",created_by_name="",priority_class="",host_network="false" 1"#,
    ),
    (
        r#"{"metadata": {"ownerReferences": [{"kind": "X", "name": "x", "uid": "0"}, {"kind": "ReplicaSet", "name": "cart-5",
            "uid": "1", "controller": true}]}, "spec": {"nodeName": "n1", "priorityClassName": "high", "hostNetwork": true},
            "status": {"hostIP": "10.0.0.1", "podIP": "10.1.0.1", "podIPs": [{"ip": "10.1.0.1"}, {"ip": "fd00::1"}]}}"#,
        "kube_pod_info",
        "host_ip=\"10.0.0.1\",pod_ip=\"10.1.0.1\",node=\"n1\",created_by_kind=\"ReplicaSet\",created_by_name=\"cart-5\",\
         priority_class=\"high\",host_network=\"true\" 1",
    ),
    (
        r#"{"status": {"podIPs": [{"ip": "10.1.0.1"}, {"ip": "fd00::1"}, {"ip": "::ffff:1.2.3.4"}, {"ip": "no"}]}}"#,
        "kube_pod_ips",
        "ip=\"10.1.0.1\",ip_family=\"4\" 1\nip=\"fd00::1\",ip_family=\"6\" 1\nip=\"::ffff:1.2.3.4\",ip_family=\"4\" 1",
    ),
    (
        INIT,
        "kube_pod_init_container_info",
        "container=\"i\",image_spec=\"reg/i\",image=\"reg/i:1\",image_id=\"sha256:2\",container_id=\"c\",\
         restart_policy=\"Always\" 1",
    ),
    (
        RESOURCES,
        "kube_pod_init_container_resource_limits",
        r#"container="i",node="n1",resource="cpu",unit="core" 2"#,
    ),
    (
        RESOURCES,
        "kube_pod_init_container_resource_requests",
        r#"container="i",node="n1",resource="memory",unit="byte" 1024"#,
    ),
    (INIT, "kube_pod_init_container_state_started", r#"container="i" 1.7672256e+09"#),
    (INIT, "kube_pod_init_container_status_last_terminated_reason", r#"container="i",reason="Error" 1"#),
    (INIT, "kube_pod_init_container_status_last_terminated_exitcode", r#"container="i" 3"#),
    (INIT, "kube_pod_init_container_status_last_terminated_timestamp", r#"container="i" 1.7671392e+09"#),
    (INIT, "kube_pod_init_container_status_ready", r#"container="i" 1"#),
    (INIT, "kube_pod_init_container_status_restarts_total", r#"container="i" 1"#),
    (INIT, "kube_pod_init_container_status_running", r#"container="i" 1"#),
    (INIT_ENDED, "kube_pod_init_container_status_terminated", "container=\"i\" 1\ncontainer=\"j\" 0"),
    (INIT_ENDED, "kube_pod_init_container_status_terminated_reason", r#"container="i",reason="Completed" 1"#),
    (INIT_ENDED, "kube_pod_init_container_status_waiting", "container=\"i\" 0\ncontainer=\"j\" 1"),
    (
        INIT_ENDED,
        "kube_pod_init_container_status_waiting_reason",
        r#"container="j",reason="PodInitializing" 1"#,
    ),
    (NONE, "kube_pod_annotations", "1"),
    (
        r#"{"metadata": {"annotations": {"team/Owner": "a"}}}"#,
        "kube_pod_annotations",
        r#"annotation_team_owner="a" 1"#,
    ),
    (NONE, "kube_pod_labels", "1"),
    (
        r#"{"metadata": {"labels": {"b": "2", "app.kubernetes.io/name": "cart"}}}"#,
        "kube_pod_labels",
        r#"label_app_kubernetes_io_name="cart",label_b="2" 1"#,
    ),
    (r#"{"spec": {"overhead": {"cpu": "250m", "memory": "120Mi"}}}"#, "kube_pod_overhead_cpu_cores", "0.25"),
    (
        r#"{"spec": {"overhead": {"cpu": "250m", "memory": "1Mi"}}}"#,
        "kube_pod_overhead_memory_bytes",
        "1.048576e+06",
    ),
    (NONE, "kube_pod_owner", r#"owner_kind="",owner_name="",owner_is_controller="" 1"#),
    (
        OWNED,
        "kube_pod_owner",
        "owner_kind=\"ReplicaSet\",owner_name=\"cart-5\",owner_is_controller=\"true\" 1\n\
         owner_kind=\"Custom\",owner_name=\"x\",owner_is_controller=\"false\" 1",
    ),
    (NONE, "kube_pod_resourceclaim_info", ""),
    (
        CLAIMS,
        "kube_pod_resourceclaim_info",
        "claim_name=\"a\",resourceclaim_name=\"gpu-1\",resourceclaim_template_name=\"\" 1\n\
         claim_name=\"b\",resourceclaim_name=\"cart-b-x1\",resourceclaim_template_name=\"gpu\" 1\n\
         claim_name=\"c\",resourceclaim_name=\"\",resourceclaim_template_name=\"nic\" 1",
    ),
    (r#"{"spec": {"restartPolicy": "Never"}}"#, "kube_pod_restart_policy", r#"type="Never" 1"#),
    (NONE, "kube_pod_runtimeclass_name_info", ""),
    (
        r#"{"spec": {"runtimeClassName": "gvisor"}}"#,
        "kube_pod_runtimeclass_name_info",
        r#"runtimeclass_name="gvisor" 1"#,
    ),
    (
        VOLUMES,
        "kube_pod_spec_volumes_persistentvolumeclaims_info",
        "volume=\"v\",persistentvolumeclaim=\"data\",ephemeral=\"false\" 1\n\
         volume=\"tmp\",persistentvolumeclaim=\"cart-tmp\",ephemeral=\"true\" 1",
    ),
    (
        VOLUMES,
        "kube_pod_spec_volumes_persistentvolumeclaims_readonly",
        "volume=\"v\",persistentvolumeclaim=\"data\",ephemeral=\"false\" 1\n\
         volume=\"tmp\",persistentvolumeclaim=\"cart-tmp\",ephemeral=\"true\" 0",
    ),
    (r#"{"status": {"startTime": "2026-01-01T00:00:00Z"}}"#, "kube_pod_start_time", "1.7672256e+09"),
    (NONE, "kube_pod_status_phase", ""),
    (
        r#"{"status": {"phase": "Running"}}"#,
        "kube_pod_status_phase",
        "phase=\"Pending\" 0\nphase=\"Succeeded\" 0\nphase=\"Failed\" 0\nphase=\"Unknown\" 0\nphase=\"Running\" 1",
    ),
    (NONE, "kube_pod_status_qos_class", ""),
    (
        r#"{"status": {"qosClass": "Burstable"}}"#,
        "kube_pod_status_qos_class",
        "qos_class=\"BestEffort\" 0\nqos_class=\"Burstable\" 1\nqos_class=\"Guaranteed\" 0",
    ),
    (NONE, "kube_pod_status_ready", ""),
    (
        CONDITIONS,
        "kube_pod_status_ready",
        "condition=\"true\" 1\ncondition=\"false\" 0\ncondition=\"unknown\" 0",
    ),
    (CONDITIONS, "kube_pod_status_ready_time", "1.767225603e+09"),
    (UNSCHEDULED, "kube_pod_status_ready_time", ""),
    (CONDITIONS, "kube_pod_status_initialized_time", "1.767225601e+09"),
    (CONDITIONS, "kube_pod_status_container_ready_time", "1.767225602e+09"),
    (NONE, "kube_pod_status_reason", ""),
    (r#"{"status": {"reason": "Evicted"}}"#, "kube_pod_status_reason", r#"reason="Evicted" 1"#),
    (r#"{"status": {"reason": "Strange"}}"#, "kube_pod_status_reason", r#"reason="Other" 1"#),
    (UNSCHEDULED, "kube_pod_status_reason", ""),
    (
        r#"{"status": {"reason": "NodeLost", "conditions": [{"type": "PodScheduled", "reason": "SchedulingGated"}],
            "containerStatuses": [{"name": "a", "state": {"terminated": {"reason": "Shutdown"}}}]}}"#,
        "kube_pod_status_reason",
        "reason=\"NodeLost\" 1\nreason=\"SchedulingGated\" 1\nreason=\"Shutdown\" 1",
    ),
    (CONDITIONS, "kube_pod_status_disruption_reason", ""),
    (
        r#"{"status": {"conditions": [{"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"}]}}"#,
        "kube_pod_status_disruption_reason",
        r#"reason="EvictionByEvictionAPI" 1"#,
    ),
    (
        r#"{"status": {"conditions": [{"type": "DisruptionTarget", "status": "True", "reason": "Mine"}]}}"#,
        "kube_pod_status_disruption_reason",
        r#"reason="Other" 1"#,
    ),
    (
        UNSCHEDULED,
        "kube_pod_status_scheduled",
        "condition=\"true\" 0\ncondition=\"false\" 1\ncondition=\"unknown\" 0",
    ),
    (CONDITIONS, "kube_pod_status_scheduled_time", "1.7672256e+09"),
    (CONDITIONS, "kube_pod_status_unschedulable", ""),
    (UNSCHEDULED, "kube_pod_status_unschedulable", "1"),
    (UNSCHEDULED, "kube_pod_status_unscheduled_time", "1.7672256e+09"),
    (
        TOLERATIONS,
        "kube_pod_tolerations",
        "key=\"k\",operator=\"Equal\",value=\"v\",effect=\"NoExecute\",toleration_seconds=\"300\" 1\n\
         key=\"\",operator=\"Exists\",value=\"\",effect=\"\",toleration_seconds=\"\" 1",
    ),
    (NONE, "kube_pod_nodeselectors", "1"),
    (
        r#"{"spec": {"nodeSelector": {"disk": "ssd", "zone-A": "b"}}}"#,
        "kube_pod_nodeselectors",
        r#"nodeselector_disk="ssd",nodeselector_zone_a="b" 1"#,
    ),
    (r#"{"spec": {"serviceAccountName": "bot"}}"#, "kube_pod_service_account", r#"service_account="bot" 1"#),
    (r#"{"spec": {"schedulerName": "batch"}}"#, "kube_pod_scheduler", r#"name="batch" 1"#),
];

#[test]
fn every_family() {
    check_all(Resource::Pods, r#"namespace="shop",pod="cart",uid="7f""#, ROWS);
}
