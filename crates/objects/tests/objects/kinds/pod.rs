//! Pods.

use std::sync::Arc;

use k8s_pb::api::core::v1 as core;
use k8s_pb::apimachinery::pkg::api::resource::Quantity as QuantityMessage;
use objects::pod::{
    Container, ContainerPort, ContainerState, ContainerStatus, Pod, ResourceClaim, Resources, Terminated,
    Toleration, VolumeClaim,
};
use objects::{Condition, Object, Quantity, Resource, Status3};

use super::{check, message_meta, meta, sym, text, time};

const JSON: &str = r#"{
    "spec": {
        "nodeName": "node-1", "hostNetwork": true, "hostname": "web-0", "subdomain": "web",
        "priorityClassName": "high", "priority": 1000, "restartPolicy": "Always", "runtimeClassName": "gvisor",
        "schedulerName": "default-scheduler", "serviceAccountName": "web", "serviceAccount": "old-web",
        "dnsPolicy": "ClusterFirst", "terminationGracePeriodSeconds": 30, "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "k", "operator": "Exists", "value": "v", "effect": "NoExecute",
            "tolerationSeconds": 300}],
        "overhead": {"cpu": "250m"},
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data-web-0", "readOnly": true}},
                    {"name": "conf", "configMap": {"name": "web", "defaultMode": 420}},
                    {"name": "scratch", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}}],
        "resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": "gpus"}, {"name": "fpga"}],
        "containers": [{"name": "web", "image": "nginx:1.29", "command": ["nginx"], "env": [{"name": "A", "value": "b"}],
            "resources": {"requests": {"memory": "64Mi", "cpu": "100m"}, "limits": {"cpu": 1}},
            "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP", "hostPort": 80}],
            "livenessProbe": {"httpGet": {"path": "/", "port": 8080}}}],
        "initContainers": [{"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"}]
    },
    "status": {
        "phase": "Running", "reason": "Evicted", "message": "long", "hostIP": "10.0.0.1", "hostIPs": [{"ip": "10.0.0.1"}],
        "podIP": "10.0.1.5", "podIPs": [{"ip": "10.0.1.5"}, {"ip": "fd00::5"}], "startTime": "1970-01-01T00:00:03Z",
        "qosClass": "Burstable", "resourceClaimStatuses": [{"name": "gpu", "resourceClaimName": "web-0-gpu-x"}],
        "conditions": [{"type": "Ready", "status": "True", "observedGeneration": 2,
            "lastProbeTime": null, "lastTransitionTime": "1970-01-01T00:00:04Z", "reason": "r", "message": "m"}],
        "containerStatuses": [{"name": "web", "image": "docker.io/nginx:1.29", "imageID": "sha256:1",
            "containerID": "containerd://abc", "ready": true, "restartCount": 2, "started": true,
            "state": {"running": {"startedAt": "1970-01-01T00:00:05Z"}},
            "lastState": {"terminated": {"exitCode": 137, "signal": 9, "reason": "OOMKilled", "message": "m",
                "startedAt": "1970-01-01T00:00:06Z", "finishedAt": "1970-01-01T00:00:07Z", "containerID": "x"}}}],
        "initContainerStatuses": [{"name": "proxy", "state": {"waiting": {"reason": "PodInitializing"}},
            "lastState": {}}]
    }
}"#;

fn quantity(text: &str) -> QuantityMessage {
    QuantityMessage { string: Some(text.into()) }
}

fn message_spec() -> core::PodSpec {
    let claim =
        core::PersistentVolumeClaimVolumeSource { claim_name: text("data-web-0"), read_only: Some(true) };
    let volume = |name: &str, source| core::Volume { name: text(name), volume_source: Some(source) };
    let web = core::Container {
        name: text("web"),
        image: text("nginx:1.29"),
        command: vec!["nginx".into()],
        env: vec![core::EnvVar { name: text("A"), value: text("b"), value_from: None }],
        resources: Some(core::ResourceRequirements {
            limits: [("cpu".into(), quantity("1"))].into(),
            requests: [("memory".into(), quantity("64Mi")), ("cpu".into(), quantity("100m"))].into(),
            claims: Vec::new(),
        }),
        ports: vec![core::ContainerPort {
            name: text("http"),
            host_port: Some(80),
            container_port: Some(8080),
            protocol: text("TCP"),
            host_ip: text(""),
        }],
        ..Default::default()
    };
    let proxy = core::Container {
        name: text("proxy"),
        image: text("proxy:1"),
        restart_policy: text("Always"),
        ..Default::default()
    };
    let toleration = core::Toleration {
        key: text("k"),
        operator: text("Exists"),
        value: text("v"),
        effect: text("NoExecute"),
        toleration_seconds: Some(300),
    };
    let resource_claim = |name: &str, template: Option<String>| core::PodResourceClaim {
        name: text(name),
        resource_claim_name: None,
        resource_claim_template_name: template,
    };
    core::PodSpec {
        volumes: vec![
            volume("data", core::VolumeSource { persistent_volume_claim: Some(claim), ..Default::default() }),
            volume("conf", core::VolumeSource { config_map: Some(Default::default()), ..Default::default() }),
            volume(
                "scratch",
                core::VolumeSource { ephemeral: Some(Default::default()), ..Default::default() },
            ),
        ],
        resource_claims: vec![resource_claim("gpu", text("gpus")), resource_claim("fpga", None)],
        init_containers: vec![proxy],
        containers: vec![web],
        restart_policy: text("Always"),
        termination_grace_period_seconds: Some(30),
        dns_policy: text("ClusterFirst"),
        node_selector: [("disk".into(), "ssd".into())].into(),
        service_account_name: text("web"),
        service_account: text("old-web"),
        node_name: text("node-1"),
        host_network: Some(true),
        hostname: text("web-0"),
        subdomain: text("web"),
        scheduler_name: text("default-scheduler"),
        tolerations: vec![toleration],
        priority_class_name: text("high"),
        priority: Some(1000),
        runtime_class_name: text("gvisor"),
        overhead: [("cpu".into(), quantity("250m"))].into(),
        ..Default::default()
    }
}

fn message_status() -> core::PodStatus {
    let web = core::ContainerStatus {
        name: text("web"),
        state: Some(core::ContainerState {
            running: Some(core::ContainerStateRunning { started_at: time(5) }),
            ..Default::default()
        }),
        last_state: Some(core::ContainerState {
            terminated: Some(core::ContainerStateTerminated {
                exit_code: Some(137),
                signal: Some(9),
                reason: text("OOMKilled"),
                message: text("m"),
                started_at: time(6),
                finished_at: time(7),
                container_id: text("x"),
            }),
            ..Default::default()
        }),
        ready: Some(true),
        restart_count: Some(2),
        image: text("docker.io/nginx:1.29"),
        image_id: text("sha256:1"),
        container_id: text("containerd://abc"),
        started: Some(true),
        ..Default::default()
    };
    let proxy = core::ContainerStatus {
        name: text("proxy"),
        state: Some(core::ContainerState {
            waiting: Some(core::ContainerStateWaiting { reason: text("PodInitializing"), message: text("") }),
            ..Default::default()
        }),
        last_state: Some(core::ContainerState::default()),
        ..Default::default()
    };
    let ip = |ip: &str| core::PodIp { ip: text(ip) };
    core::PodStatus {
        phase: text("Running"),
        conditions: vec![core::PodCondition {
            r#type: text("Ready"),
            observed_generation: Some(2),
            status: text("True"),
            last_probe_time: None,
            last_transition_time: time(4),
            reason: text("r"),
            message: text("m"),
        }],
        message: text("long"),
        reason: text("Evicted"),
        host_ip: text("10.0.0.1"),
        host_ips: vec![core::HostIp { ip: text("10.0.0.1") }],
        pod_ip: text("10.0.1.5"),
        pod_ips: vec![ip("10.0.1.5"), ip("fd00::5")],
        start_time: time(3),
        init_container_statuses: vec![proxy],
        container_statuses: vec![web],
        qos_class: text("Burstable"),
        resource_claim_statuses: vec![core::PodResourceClaimStatus {
            name: text("gpu"),
            resource_claim_name: text("web-0-gpu-x"),
        }],
        ..Default::default()
    }
}

fn resources(entries: &[(&str, &str)]) -> Resources {
    entries.iter().map(|(name, amount)| (sym(name), Quantity(sym(amount)))).collect()
}

fn statuses() -> [ContainerStatus; 2] {
    let terminated =
        Terminated { reason: sym("OOMKilled"), exit_code: 137, signal: 9, started: 6, finished: 7 };
    let web = ContainerStatus {
        name: sym("web"),
        image: sym("docker.io/nginx:1.29"),
        image_id: sym("sha256:1"),
        container_id: "containerd://abc".into(),
        ready: true,
        restarts: 2,
        state: ContainerState::Running { started: 5 },
        last_state: ContainerState::Terminated(Box::new(terminated)),
    };
    let state = ContainerState::Waiting { reason: sym("PodInitializing") };
    [web, ContainerStatus { name: sym("proxy"), state, ..ContainerStatus::default() }]
}

#[test]
fn pod() {
    let message = core::Pod {
        metadata: Some(message_meta()),
        spec: Some(message_spec()),
        status: Some(message_status()),
    };
    let claim = |volume, claim, read_only, ephemeral| VolumeClaim {
        volume: sym(volume),
        claim: sym(claim),
        read_only,
        ephemeral,
    };
    let web = Container {
        name: sym("web"),
        image: sym("nginx:1.29"),
        restart_policy: sym(""),
        requests: resources(&[("cpu", "100m"), ("memory", "64Mi")]),
        limits: resources(&[("cpu", "1")]),
        ports: [ContainerPort { name: sym("http"), protocol: sym("TCP"), port: 8080 }].into(),
    };
    let proxy = Container {
        name: sym("proxy"),
        image: sym("proxy:1"),
        restart_policy: sym("Always"),
        ..Container::default()
    };
    let [web_status, proxy_status] = statuses();
    let expected = Pod {
        meta: meta(),
        node: sym("node-1"),
        host_network: true,
        hostname: sym("web-0"),
        subdomain: sym("web"),
        priority_class: sym("high"),
        restart_policy: sym("Always"),
        runtime_class: sym("gvisor"),
        scheduler: sym("default-scheduler"),
        service_account: sym("web"),
        node_selector: [(sym("disk"), sym("ssd"))].into(),
        tolerations: [Toleration {
            key: sym("k"),
            operator: sym("Exists"),
            value: sym("v"),
            effect: sym("NoExecute"),
            seconds: Some(300),
        }]
        .into(),
        overhead: resources(&[("cpu", "250m")]),
        claims: [claim("data", "data-web-0", true, false), claim("scratch", "", false, true)].into(),
        resource_claims: [ResourceClaim {
            name: sym("gpu"),
            claim: "web-0-gpu-x".into(),
            template: sym("gpus"),
        }]
        .into(),
        containers: [web].into(),
        init_containers: [proxy].into(),
        phase: sym("Running"),
        reason: sym("Evicted"),
        host_ip: sym("10.0.0.1"),
        pod_ips: ["10.0.1.5".into(), "fd00::5".into()].into(),
        qos_class: sym("Burstable"),
        start_time: Some(3),
        conditions: [Condition { kind: sym("Ready"), status: Status3::True, reason: sym("r"), since: 4 }]
            .into(),
        container_statuses: [web_status].into(),
        init_container_statuses: [proxy_status].into(),
    };
    check(Resource::Pods, JSON, &message, Object::Pod(Arc::new(expected)));
}

#[test]
fn a_single_pod_ip_counts() {
    let status = core::PodStatus { pod_ip: text("10.0.1.5"), ..Default::default() };
    let message = core::Pod { metadata: Some(message_meta()), spec: None, status: Some(status) };
    let expected = Pod { meta: meta(), pod_ips: ["10.0.1.5".into()].into(), ..Pod::default() };
    check(Resource::Pods, r#"{"status": {"podIP": "10.0.1.5"}}"#, &message, Object::Pod(Arc::new(expected)));
}
