//! Nodes, namespaces, leases, and the kinds of which only metadata is read.

use std::sync::Arc;

use k8s_pb::api::coordination::v1 as coordination;
use k8s_pb::api::core::v1 as core;
use k8s_pb::apimachinery::pkg::api::resource::Quantity as QuantityMessage;
use k8s_pb::apimachinery::pkg::apis::meta::v1 as metav1;
use objects::meta::MetaOnly;
use objects::node::{Lease, Namespace, Node, NodeInfo, Taint};
use objects::{Condition, Object, Quantity, Resource, Status3};

use super::{check, message_meta, meta, sym, text, time};

#[test]
fn node() {
    let json = r#"{
        "spec": {"podCIDR": "10.0.1.0/24", "podCIDRs": ["10.0.1.0/24"], "providerID": "kwok://n1", "unschedulable": true,
            "taints": [{"key": "k", "value": "v", "effect": "NoSchedule", "timeAdded": "2026-11-24T00:00:00Z"}]},
        "status": {"capacity": {"cpu": "4", "memory": "16Gi"}, "allocatable": {"cpu": 3.5},
            "phase": "Running", "images": [{"names": ["a"], "sizeBytes": 5}],
            "conditions": [{"type": "Ready", "status": "False", "lastHeartbeatTime": "2026-11-24T00:00:09Z",
                "lastTransitionTime": "2026-11-24T00:00:05Z", "reason": "KubeletNotReady", "message": "long"}],
            "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
            "nodeInfo": {"machineID": "m", "systemUUID": "s", "bootID": "b", "kernelVersion": "6.1", "osImage": "Debian",
                "containerRuntimeVersion": "containerd://2.0", "kubeletVersion": "v1.37.2", "kubeProxyVersion": "v1.37.1",
                "operatingSystem": "linux", "architecture": "amd64"}}
    }"#;
    let quantity = |text: &str| QuantityMessage { string: Some(text.into()) };
    let message = core::Node {
        metadata: Some(message_meta()),
        spec: Some(core::NodeSpec {
            pod_cidr: text("10.0.1.0/24"),
            pod_cid_rs: vec!["10.0.1.0/24".into()],
            provider_id: text("kwok://n1"),
            unschedulable: Some(true),
            taints: vec![core::Taint {
                key: text("k"),
                value: text("v"),
                effect: text("NoSchedule"),
                time_added: time(5),
            }],
            ..Default::default()
        }),
        status: Some(core::NodeStatus {
            capacity: [("cpu".into(), quantity("4")), ("memory".into(), quantity("16Gi"))].into(),
            allocatable: [("cpu".into(), quantity("3.5"))].into(),
            phase: text("Running"),
            conditions: vec![core::NodeCondition {
                r#type: text("Ready"),
                status: text("False"),
                last_heartbeat_time: time(1_795_478_409),
                last_transition_time: time(1_795_478_405),
                reason: text("KubeletNotReady"),
                message: text("long"),
            }],
            addresses: vec![core::NodeAddress { r#type: text("InternalIP"), address: text("10.0.0.1") }],
            node_info: Some(core::NodeSystemInfo {
                machine_id: text("m"),
                system_uuid: text("s"),
                boot_id: text("b"),
                kernel_version: text("6.1"),
                os_image: text("Debian"),
                container_runtime_version: text("containerd://2.0"),
                kubelet_version: text("v1.37.2"),
                kube_proxy_version: text("v1.37.1"),
                operating_system: text("linux"),
                architecture: text("amd64"),
                ..Default::default()
            }),
            images: vec![core::ContainerImage { names: vec!["a".into()], size_bytes: Some(5) }],
            ..Default::default()
        }),
    };
    let expected = Node {
        meta: meta(),
        pod_cidr: sym("10.0.1.0/24"),
        pod_cidrs: [sym("10.0.1.0/24")].into(),
        provider_id: sym("kwok://n1"),
        unschedulable: true,
        taints: [Taint { key: sym("k"), value: sym("v"), effect: sym("NoSchedule") }].into(),
        addresses: [(sym("InternalIP"), sym("10.0.0.1"))].into(),
        capacity: [(sym("cpu"), Quantity(sym("4"))), (sym("memory"), Quantity(sym("16Gi")))].into(),
        allocatable: [(sym("cpu"), Quantity(sym("3.5")))].into(),
        conditions: [Condition {
            kind: sym("Ready"),
            status: Status3::False,
            reason: sym("KubeletNotReady"),
            since: 1_795_478_405,
        }]
        .into(),
        info: NodeInfo {
            kernel_version: sym("6.1"),
            os_image: sym("Debian"),
            container_runtime_version: sym("containerd://2.0"),
            kubelet_version: sym("v1.37.2"),
            kube_proxy_version: sym("v1.37.1"),
            operating_system: sym("linux"),
            architecture: sym("amd64"),
            system_uuid: sym("s"),
        },
    };
    check(Resource::Nodes, json, &message, Object::Node(Arc::new(expected)));
}

#[test]
fn namespace() {
    let json = r#"{"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active", "conditions": [
        {"type": "NamespaceDeletionContentFailure", "status": "True", "lastTransitionTime": "1970-01-01T00:00:07Z",
         "reason": "r"}]}}"#;
    let message = core::Namespace {
        metadata: Some(message_meta()),
        spec: Some(core::NamespaceSpec { finalizers: vec!["kubernetes".into()] }),
        status: Some(core::NamespaceStatus {
            phase: text("Active"),
            conditions: vec![core::NamespaceCondition {
                r#type: text("NamespaceDeletionContentFailure"),
                status: text("True"),
                last_transition_time: time(7),
                reason: text("r"),
                message: text(""),
            }],
        }),
    };
    let kind = sym("NamespaceDeletionContentFailure");
    let conditions = [Condition { kind, status: Status3::True, reason: sym("r"), since: 7 }].into();
    let expected = Namespace { meta: meta(), phase: sym("Active"), conditions };
    check(Resource::Namespaces, json, &message, Object::Namespace(Arc::new(expected)));
}

#[test]
fn lease() {
    let json = r#"{"spec": {"holderIdentity": "node-1", "leaseDurationSeconds": 40, "leaseTransitions": 2,
        "acquireTime": "1969-12-31T23:59:59.999999Z", "renewTime": "2026-11-24T00:00:00.123456Z"}}"#;
    let micro_time = |seconds, nanos| Some(metav1::MicroTime { seconds: Some(seconds), nanos: Some(nanos) });
    let message = coordination::Lease {
        metadata: Some(message_meta()),
        spec: Some(coordination::LeaseSpec {
            holder_identity: text("node-1"),
            lease_duration_seconds: Some(40),
            acquire_time: micro_time(-1, 999_999_000),
            renew_time: micro_time(1_795_478_400, 123_456_000),
            lease_transitions: Some(2),
            ..Default::default()
        }),
    };
    let expected = Lease {
        meta: meta(),
        holder: sym("node-1"),
        duration_seconds: 40,
        acquire_micros: -1,
        renew_micros: 1_795_478_400_123_456,
        transitions: 2,
    };
    check(Resource::Leases, json, &message, Object::Lease(Arc::new(expected)));
}

#[test]
fn config_map_is_metadata_only() {
    let message = core::ConfigMap {
        metadata: Some(message_meta()),
        immutable: Some(true),
        data: [("key".into(), "value".into())].into(),
        ..Default::default()
    };
    let expected = MetaOnly { meta: meta(), kind: sym("") };
    let json = r#"{"data": {"key": "value"}, "binaryData": {"k": "AA=="}, "immutable": true}"#;
    check(Resource::ConfigMaps, json, &message, Object::MetaOnly(Arc::new(expected)));
}

#[test]
fn secret_is_metadata_and_type() {
    let message = core::Secret {
        metadata: Some(message_meta()),
        immutable: Some(false),
        string_data: [("key".into(), "value".into())].into(),
        r#type: text("Opaque"),
        ..Default::default()
    };
    let expected = MetaOnly { meta: meta(), kind: sym("Opaque") };
    let json = r#"{"type": "Opaque", "data": {"password": "aHVudGVyMg=="}, "stringData": {"a": "b"}}"#;
    check(Resource::Secrets, json, &message, Object::MetaOnly(Arc::new(expected)));
}
