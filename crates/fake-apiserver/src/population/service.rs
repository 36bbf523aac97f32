//! Services and their EndpointSlices.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::app::owner;
use super::{App, Draw, ago};

/// As the endpoint slice controller has it.
const ENDPOINTS_PER_SLICE_MAX: usize = 100;

/// The first address of the services' range; the others end in 2 or more.
const KUBERNETES_ADDRESS: &str = "10.240.0.1";
/// A year.
const KUBERNETES_AGE_SECONDS: u64 = 365 * 86_400;

pub(super) fn service(app: &App, uid: &str, now: Timestamp, draw: &mut Draw) -> Value {
    let headless = app.controller == super::Controller::StatefulSet;
    let address = match headless {
        true => "None".to_owned(),
        false => format!("10.{}.{}.{}", 240 + draw.below(16), draw.below(256), 2 + draw.below(253)),
    };
    json!({
        "metadata": {"name": app.name, "namespace": app.namespace, "uid": uid, "labels": app.labels(),
            "creationTimestamp": ago(now, app.age_seconds)},
        "spec": {
            "type": "ClusterIP", "clusterIP": address, "clusterIPs": [address], "selector": app.selector(),
            "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http"},
                {"name": "metrics", "port": 9090, "protocol": "TCP", "targetPort": 9090}],
            "sessionAffinity": "None", "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
            "internalTrafficPolicy": "Cluster",
        },
        "status": {"loadBalancer": {}},
    })
}

/// What every API server makes of itself: the Service `default/kubernetes` and its slice.
pub(super) fn kubernetes(now: Timestamp, draw: &mut Draw) -> (Value, Value) {
    let created = ago(now, KUBERNETES_AGE_SECONDS);
    let labels = json!({"component": "apiserver", "provider": "kubernetes"});
    let service = json!({
        "metadata": {"name": "kubernetes", "namespace": "default", "uid": draw.uid(), "labels": labels,
            "creationTimestamp": created},
        "spec": {
            "type": "ClusterIP", "clusterIP": KUBERNETES_ADDRESS, "clusterIPs": [KUBERNETES_ADDRESS],
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}],
            "sessionAffinity": "None", "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
            "internalTrafficPolicy": "Cluster",
        },
        "status": {"loadBalancer": {}},
    });
    let slice = json!({
        "metadata": {"name": "kubernetes", "namespace": "default", "uid": draw.uid(), "creationTimestamp": created,
            "labels": {"kubernetes.io/service-name": "kubernetes"}},
        "addressType": "IPv4",
        "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}],
        "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": true}}],
    });
    (service, slice)
}

/// The slices for these pods, in a stable order and under stable names: (name, slice). `service_uid` is their owner's.
pub(crate) fn endpoint_slices(
    app: &App,
    service_uid: &str,
    pods: &[Value],
    created: &str,
) -> Vec<(String, Value)> {
    let with_address: Vec<&Value> = pods.iter().filter(|pod| pod["status"]["podIP"].is_string()).collect();
    let mut chunks: Vec<&[&Value]> = with_address.chunks(ENDPOINTS_PER_SLICE_MAX).collect();
    if chunks.is_empty() {
        chunks.push(&[]);
    }
    let slice = |(number, pods): (usize, &[&Value])| {
        let name = format!("{}-slice{number}", app.name);
        let object = json!({
            "metadata": {
                "name": name, "namespace": app.namespace, "generateName": format!("{}-", app.name),
                "creationTimestamp": created, "ownerReferences": owner("v1", "Service", &app.name, service_uid),
                "labels": {"kubernetes.io/service-name": app.name,
                    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"},
            },
            "addressType": "IPv4",
            "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}, {"name": "metrics", "port": 9090, "protocol": "TCP"}],
            "endpoints": pods.iter().map(|pod| endpoint(pod)).collect::<Vec<_>>(),
        });
        (name, object)
    };
    chunks.into_iter().enumerate().map(slice).collect()
}

fn endpoint(pod: &Value) -> Value {
    let conditions = pod["status"]["conditions"].as_array();
    let ready = conditions
        .is_some_and(|list| list.iter().any(|one| one["type"] == "Ready" && one["status"] == "True"));
    let leaving = !pod["metadata"]["deletionTimestamp"].is_null();
    json!({
        "addresses": [pod["status"]["podIP"]], "nodeName": pod["spec"]["nodeName"],
        "conditions": {"ready": ready && !leaving, "serving": ready, "terminating": leaving},
        "targetRef": {"kind": "Pod", "name": pod["metadata"]["name"], "namespace": pod["metadata"]["namespace"],
            "uid": pod["metadata"]["uid"]},
    })
}
