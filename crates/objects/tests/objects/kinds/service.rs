//! Services and endpoint slices.

use std::sync::Arc;

use k8s_pb::api::core::v1 as core;
use k8s_pb::api::discovery::v1 as discovery;
use k8s_pb::apimachinery::pkg::util::intstr;
use objects::service::{Endpoint, EndpointSlice, Service, ServicePort};
use objects::{Object, Resource};

use super::{check, message_meta, meta, sym, text};

#[test]
fn service() {
    let json = r#"{
        "spec": {"type": "LoadBalancer", "clusterIP": "10.96.0.7", "clusterIPs": ["10.96.0.7", "fd00::7"],
            "externalIPs": ["192.0.2.1"], "externalName": "db.example", "loadBalancerIP": "192.0.2.2",
            "publishNotReadyAddresses": true, "selector": {"app": "web"}, "sessionAffinity": "None",
            "ports": [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": "web", "nodePort": 30080},
                      {"port": 70000}, {"port": -1}]},
        "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.3", "hostname": "lb.example", "ports": []}]}}
    }"#;
    let number = |port| core::ServicePort { port: Some(port), ..Default::default() };
    let http = core::ServicePort {
        name: text("http"),
        protocol: text("TCP"),
        port: Some(80),
        target_port: Some(intstr::IntOrString { r#type: Some(1), int_val: Some(0), str_val: text("web") }),
        node_port: Some(30_080),
        ..Default::default()
    };
    let ingress = core::LoadBalancerIngress {
        ip: text("192.0.2.3"),
        hostname: text("lb.example"),
        ..Default::default()
    };
    let message = core::Service {
        metadata: Some(message_meta()),
        spec: Some(core::ServiceSpec {
            ports: vec![http, number(70_000), number(-1)],
            selector: [("app".into(), "web".into())].into(),
            cluster_ip: text("10.96.0.7"),
            cluster_ips: vec!["10.96.0.7".into(), "fd00::7".into()],
            r#type: text("LoadBalancer"),
            external_ips: vec!["192.0.2.1".into()],
            session_affinity: text("None"),
            load_balancer_ip: text("192.0.2.2"),
            external_name: text("db.example"),
            publish_not_ready_addresses: Some(true),
            ..Default::default()
        }),
        status: Some(core::ServiceStatus {
            load_balancer: Some(core::LoadBalancerStatus { ingress: vec![ingress] }),
            ..Default::default()
        }),
    };
    let port = |name, protocol, port| ServicePort { name: sym(name), protocol: sym(protocol), port };
    let expected = Service {
        meta: meta(),
        kind: sym("LoadBalancer"),
        cluster_ips: ["10.96.0.7".into(), "fd00::7".into()].into(),
        external_ips: ["192.0.2.1".into()].into(),
        external_name: sym("db.example"),
        load_balancer_ip: sym("192.0.2.2"),
        ingress: [(sym("192.0.2.3"), sym("lb.example"))].into(),
        publish_not_ready: true,
        ports: [port("http", "TCP", 80), port("", "", u16::MAX), port("", "", 0)].into(),
    };
    check(Resource::Services, json, &message, Object::Service(Arc::new(expected)));
}

#[test]
fn a_single_cluster_ip_counts() {
    let message = core::Service {
        metadata: Some(message_meta()),
        spec: Some(core::ServiceSpec { cluster_ip: text("None"), ..Default::default() }),
        ..Default::default()
    };
    let expected = Service { meta: meta(), cluster_ips: ["None".into()].into(), ..Service::default() };
    check(
        Resource::Services,
        r#"{"spec": {"clusterIP": "None"}}"#,
        &message,
        Object::Service(Arc::new(expected)),
    );
}

#[test]
fn endpoint_slice() {
    let json = r#"{
        "addressType": "IPv4", "ports": [{"name": "http", "protocol": "TCP", "port": 8080, "appProtocol": "h2c"}],
        "endpoints": [{"addresses": ["10.0.1.5"], "conditions": {"ready": true, "serving": false},
            "hostname": "web-0", "nodeName": "node-1", "zone": "z1", "hints": {"forZones": [{"name": "z1"}]},
            "targetRef": {"kind": "Pod", "namespace": "shop", "name": "web-0", "uid": "u"}}, {"addresses": []}]
    }"#;
    let message = discovery::EndpointSlice {
        metadata: Some(message_meta()),
        address_type: text("IPv4"),
        endpoints: vec![
            discovery::Endpoint {
                addresses: vec!["10.0.1.5".into()],
                conditions: Some(discovery::EndpointConditions {
                    ready: Some(true),
                    serving: Some(false),
                    terminating: None,
                }),
                hostname: text("web-0"),
                target_ref: Some(core::ObjectReference {
                    kind: text("Pod"),
                    namespace: text("shop"),
                    name: text("web-0"),
                    uid: text("u"),
                    ..Default::default()
                }),
                node_name: text("node-1"),
                zone: text("z1"),
                ..Default::default()
            },
            discovery::Endpoint::default(),
        ],
        ports: vec![discovery::EndpointPort {
            name: text("http"),
            protocol: text("TCP"),
            port: Some(8080),
            app_protocol: text("h2c"),
        }],
    };
    let endpoint = Endpoint {
        addresses: ["10.0.1.5".into()].into(),
        ready: Some(true),
        serving: Some(false),
        terminating: None,
        hostname: sym("web-0"),
        node: sym("node-1"),
        zone: sym("z1"),
        target_kind: sym("Pod"),
        target_namespace: sym("shop"),
        target_name: "web-0".into(),
    };
    let expected = EndpointSlice {
        meta: meta(),
        address_type: sym("IPv4"),
        ports: [ServicePort { name: sym("http"), protocol: sym("TCP"), port: 8080 }].into(),
        endpoints: [endpoint, Endpoint::default()].into(),
    };
    check(Resource::EndpointSlices, json, &message, Object::EndpointSlice(Arc::new(expected)));
}
