//! Every shape of service that the DNS specification or a server's code tells apart, as objects to create.

use serde_json::{Value, json};

/// Where all of it lives; `empty` has nothing in it.
pub(super) const NAMESPACE: &str = "shapes";
pub(super) const EMPTY: &str = "shapes-empty";
/// 200 addresses fit into no UDP answer.
const MANY: u8 = 200;

/// A service and its slices.
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) spec: Value,
    pub(super) slices: Vec<Value>,
}

/// All of them.
pub(super) fn shapes() -> Vec<Shape> {
    let mut all = cluster_ips();
    all.extend(headless());
    all.extend(external_names());
    all
}

fn cluster_ips() -> Vec<Shape> {
    let http = || json!([{"name": "http", "port": 80, "protocol": "TCP"}]);
    vec![
        shape(
            "plain",
            json!({"clusterIP": "10.96.200.1", "ports": http()}),
            vec![slice(&[
                ready("10.240.1.1"),
                ready("10.240.1.2"),
                hostname(ready("10.240.1.3"), "three"),
                unready("10.240.1.4"),
            ])],
        ),
        shape(
            "two-ports",
            json!({"clusterIP": "10.96.200.2", "ports": [
                {"name": "http", "port": 80, "protocol": "TCP"}, {"name": "dns", "port": 53, "protocol": "UDP"},
                {"name": "dns-tcp", "port": 53, "protocol": "TCP"}, {"name": "sctp", "port": 99, "protocol": "SCTP"},
            ]}),
            vec![slice(&[ready("10.240.2.1")])],
        ),
        shape(
            "unnamed-port",
            json!({"clusterIP": "10.96.200.3", "ports": [{"port": 80, "protocol": "TCP"}]}),
            vec![unnamed_port(slice(&[ready("10.240.3.1")]))],
        ),
        shape("no-slices", json!({"clusterIP": "10.96.200.4", "ports": http()}), vec![]),
        shape(
            "nobody-ready",
            json!({"clusterIP": "10.96.200.5", "ports": http()}),
            vec![slice(&[unready("10.240.5.1")])],
        ),
        shape(
            "dual-stack",
            json!({"clusterIP": "10.96.200.6", "clusterIPs": ["10.96.200.6", "fd00:10:96::206"],
            "ipFamilyPolicy": "RequireDualStack", "ipFamilies": ["IPv4", "IPv6"], "ports": http()}),
            vec![slice(&[ready("10.240.6.1")]), ipv6(slice(&[ready("fd00:10:240::61")]))],
        ),
        shape(
            "ipv6-only",
            json!({"clusterIP": "fd00:10:96::207", "clusterIPs": ["fd00:10:96::207"],
            "ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv6"], "ports": http()}),
            vec![ipv6(slice(&[ready("fd00:10:240::71"), ready("fd00:10:240:0:1::")]))],
        ),
        shape(
            "node-port",
            json!({"type": "NodePort", "clusterIP": "10.96.200.8", "ports": http()}),
            vec![slice(&[ready("10.240.8.1")])],
        ),
        shape(
            "load-balancer",
            json!({"type": "LoadBalancer", "clusterIP": "10.96.200.9", "externalIPs": ["192.0.2.9"],
            "ports": http()}),
            vec![slice(&[ready("10.240.9.1")])],
        ),
        // An endpoint of two services, of two slices, and twice in one.
        shape(
            "shared",
            json!({"clusterIP": "10.96.200.10", "ports": http()}),
            vec![
                slice(&[ready("10.240.1.1"), ready("10.240.10.1")]),
                slice(&[ready("10.240.10.1"), ready("10.240.10.1")]),
            ],
        ),
        shape(
            "leaving",
            json!({"clusterIP": "10.96.200.11", "ports": http()}),
            vec![slice(&[terminating("10.240.11.1"), unknown("10.240.11.2")])],
        ),
        shape(
            "a23456789-b23456789-c23456789-d23456789-e23456789-f23456789-abc",
            json!({"clusterIP": "10.96.200.12", "ports": [{"name": "a23456789-bcdef", "port": 80, "protocol": "TCP"}]}),
            vec![named_port(slice(&[ready("10.240.12.1")]), "a23456789-bcdef")],
        ),
    ]
}

fn headless() -> Vec<Shape> {
    let ports = || json!([{"name": "http", "port": 80, "protocol": "TCP"}, {"name": "peer", "port": 7000, "protocol": "TCP"}]);
    let none = || json!({"clusterIP": "None", "ports": ports()});
    let many: Vec<Value> = (1..=MANY).map(|low| ready(&format!("10.241.0.{low}"))).collect();
    vec![
        shape(
            "h-plain",
            none(),
            vec![slice(&[ready("10.240.21.1"), ready("10.240.21.2"), unready("10.240.21.3")])],
        ),
        // As a StatefulSet has it; two addresses may share one hostname.
        shape(
            "h-hostnames",
            none(),
            vec![slice(&[
                hostname(ready("10.240.22.1"), "web-0"),
                hostname(ready("10.240.22.2"), "web-1"),
                hostname(ready("10.240.22.3"), "web-1"),
                hostname(unready("10.240.22.4"), "web-2"),
                ready("10.240.22.5"),
            ])],
        ),
        shape("h-nobody-ready", none(), vec![slice(&[unready("10.240.23.1")])]),
        shape("h-no-slices", none(), vec![]),
        shape("h-no-ports", json!({"clusterIP": "None"}), vec![no_ports(slice(&[ready("10.240.25.1")]))]),
        shape(
            "h-unnamed-port",
            json!({"clusterIP": "None", "ports": [{"port": 80, "protocol": "TCP"}]}),
            vec![unnamed_port(slice(&[ready("10.240.26.1")]))],
        ),
        shape(
            "h-not-ready-published",
            json!({"clusterIP": "None", "publishNotReadyAddresses": true, "ports": ports()}),
            vec![slice(&[published("10.240.27.1")])],
        ),
        shape(
            "h-dual-stack",
            json!({"clusterIP": "None", "clusterIPs": ["None"], "ipFamilyPolicy": "RequireDualStack",
            "ipFamilies": ["IPv4", "IPv6"], "ports": ports()}),
            vec![
                slice(&[hostname(ready("10.240.28.1"), "both")]),
                ipv6(slice(&[hostname(ready("fd00:10:240::281"), "both")])),
            ],
        ),
        shape(
            "h-two-slices",
            none(),
            vec![slice(&[ready("10.240.29.1")]), slice(&[ready("10.240.29.1"), ready("10.240.29.2")])],
        ),
        shape("h-many", none(), vec![slice(&many)]),
    ]
}

fn external_names() -> Vec<Shape> {
    let names = [
        ("x-outside", "www.example.net"),
        ("x-inside", "plain.shapes.svc.cluster.local"),
        ("x-headless", "h-plain.shapes.svc.cluster.local"),
        ("x-missing", "nothing.shapes.svc.cluster.local"),
        ("x-chain", "x-inside.shapes.svc.cluster.local"),
        ("x-loop", "x-loop.shapes.svc.cluster.local"),
        ("x-address", "192.0.2.1"),
    ];
    names
        .map(|(name, target)| shape(name, json!({"type": "ExternalName", "externalName": target}), vec![]))
        .into()
}

fn shape(name: &'static str, spec: Value, slices: Vec<Value>) -> Shape {
    Shape { name, spec, slices }
}

/// A slice with the ports that most shapes have; its name and labels follow from its service.
fn slice(endpoints: &[Value]) -> Value {
    json!({"addressType": "IPv4", "endpoints": endpoints, "ports": [
        {"name": "http", "port": 8080, "protocol": "TCP"}, {"name": "peer", "port": 7000, "protocol": "TCP"}]})
}

fn with(mut slice: Value, field: &str, value: Value) -> Value {
    slice[field] = value;
    slice
}

fn ipv6(slice: Value) -> Value {
    with(slice, "addressType", json!("IPv6"))
}

fn unnamed_port(slice: Value) -> Value {
    with(slice, "ports", json!([{"name": "", "port": 8080, "protocol": "TCP"}]))
}

fn named_port(slice: Value, name: &str) -> Value {
    with(slice, "ports", json!([{"name": name, "port": 8080, "protocol": "TCP"}]))
}

fn no_ports(slice: Value) -> Value {
    with(slice, "ports", json!([]))
}

fn ready(address: &str) -> Value {
    endpoint(address, json!({"ready": true, "serving": true, "terminating": false}))
}

fn unready(address: &str) -> Value {
    endpoint(address, json!({"ready": false, "serving": false, "terminating": false}))
}

fn terminating(address: &str) -> Value {
    endpoint(address, json!({"ready": false, "serving": true, "terminating": true}))
}

/// What the slice controller writes for `publishNotReadyAddresses`.
fn published(address: &str) -> Value {
    endpoint(address, json!({"ready": true, "serving": false, "terminating": false}))
}

/// Conditions that nobody set: ready.
fn unknown(address: &str) -> Value {
    endpoint(address, json!({}))
}

fn endpoint(address: &str, conditions: Value) -> Value {
    json!({"addresses": [address], "conditions": conditions})
}

fn hostname(mut endpoint: Value, name: &str) -> Value {
    endpoint["hostname"] = json!(name);
    endpoint
}
