//! The API server goes away and the hub is killed: what is known stays, says its age, and comes back from disk without a LIST.

use std::path::Path;

use serde_json::Value;

use super::process::{Plimsoll, until};
use super::scrape::{count, get, sample};

const NODES: usize = 3;
/// What the hub keeps.
const KINDS: usize = 11;

/// The embedded API server as a process; where it listens and where its admin port is.
fn fake_apiserver(listen: &str, kubeconfig: &Path) -> (Plimsoll, Value) {
    let nodes = NODES.to_string();
    let arguments =
        ["fake-apiserver", "--nodes", &nodes, "--pods-per-node", "4", "--churn", "0", "--listen", listen];
    let file = ["--write-kubeconfig", kubeconfig.to_str().unwrap()];
    let mut process = Plimsoll::start(&[&arguments[..], &file].concat());
    let places = serde_json::from_str(&process.line()).expect("one JSON object");
    (process, places)
}

/// A hub on free ports; its places.
fn hub(folder: &Path) -> (Plimsoll, Value) {
    let kubeconfig = folder.join("kubeconfig");
    let data = folder.join("data");
    let mut process = Plimsoll::start(&[
        "hub",
        "--kubeconfig",
        kubeconfig.to_str().unwrap(),
        "--data-dir",
        data.to_str().unwrap(),
        "--port",
        "0",
        "--telemetry-port",
        "0",
    ]);
    let places = serde_json::from_str(&process.line()).expect("one JSON object");
    (process, places)
}

fn text(places: &Value, key: &str) -> String {
    places[key].as_str().unwrap_or_else(|| panic!("no {key} in {places}")).to_owned()
}

/// Everything that the API server was asked so far.
fn requests(apiserver: &Value) -> Vec<Value> {
    let answer = get(&format!("{}/requests", text(apiserver, "admin"))).unwrap().1;
    let mut answer: Value = serde_json::from_str(&answer).unwrap();
    serde_json::from_value(answer["requests"].take()).unwrap()
}

fn nodes_known(places: &Value) -> usize {
    get(&text(places, "hubMetrics")).map_or(0, |(_, body)| count(&body, "kube_node_info"))
}

fn is_ready(places: &Value) -> Option<()> {
    let (status, _) = get(&text(places, "hubTelemetry").replace("/metrics", "/readyz"))?;
    (status == 200).then_some(())
}

#[test]
fn the_last_state_outlives_the_api_server_and_the_hub() {
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    let (mut apiserver, at) = fake_apiserver("127.0.0.1:0", &kubeconfig);
    let (mut first, places) = hub(folder.path());
    until("the hub is ready", || is_ready(&places));
    assert_eq!(nodes_known(&places), NODES);

    // A clean stop writes the snapshot; the next start makes no LIST and no initial-events watch.
    first.signal("TERM");
    assert_eq!(first.wait(), Some(0));
    let before = requests(&at).len();
    let (second, places) = hub(folder.path());
    until("the second hub is ready", || is_ready(&places));
    let new = until("every kind is watched again", || {
        let new = requests(&at).split_off(before);
        (new.len() > KINDS).then_some(new)
    });
    for request in new {
        let resumed =
            request["verb"] == "watch" && !request["uri"].as_str().unwrap().contains("sendInitialEvents");
        // Whether it is still the same cluster.
        let identity =
            request["verb"] == "get" && request["uri"] == "/api/v1/namespaces/kube-system?resourceVersion=0";
        assert!(resumed || identity, "{request}");
    }

    // Without the API server: the same state, and its age.
    apiserver.signal("KILL");
    let _ = apiserver.wait();
    let telemetry = text(&places, "hubTelemetry");
    until("the age grows", || {
        let own = get(&telemetry)?.1;
        sample(&own, "plimsoll_state_age_seconds{resource=\"nodes\"}").filter(|age| *age > 2.0)
    });
    assert_eq!(nodes_known(&places), NODES);
    assert_eq!(get(&telemetry.replace("/metrics", "/livez")).unwrap().0, 200);

    // Without the API server and after a crash: the snapshot.
    second.signal("KILL");
    drop(second);
    let (_third, places) = hub(folder.path());
    until("the third hub serves the snapshot", || (nodes_known(&places) == NODES).then_some(()));
    assert_eq!(get(&text(&places, "hubTelemetry").replace("/metrics", "/livez")).unwrap().0, 200);
}
