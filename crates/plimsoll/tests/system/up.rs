//! `plimsoll up`: the main job of the README.

use std::net::TcpListener;

use serde_json::Value;

use super::process::{Plimsoll, until};
use super::scrape::{count, get, sample};

const NODES: usize = 5;
const PODS_PER_NODE: usize = 4;

fn url<'a>(places: &'a Value, key: &str) -> &'a str {
    places[key].as_str().unwrap_or_else(|| panic!("no {key} in {places}"))
}

#[test]
fn everything_answers_and_stops() {
    // The first choice of the page's port is taken: `up` must take another one.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().port().to_string();
    let (nodes, pods) = (NODES.to_string(), PODS_PER_NODE.to_string());
    let arguments = [
        "up",
        "--output",
        "json",
        "--nodes",
        &nodes,
        "--pods-per-node",
        &pods,
        "--churn",
        "0",
        "--page-port",
        &taken,
    ];
    let mut up = Plimsoll::start(&arguments);
    let places: Value = serde_json::from_str(&up.line()).expect("one JSON object");

    let (status, state) = get(url(&places, "hubMetrics")).unwrap();
    assert_eq!((status, count(&state, "kube_node_info")), (200, NODES), "{state}");
    assert!(count(&state, "kube_pod_info") >= NODES * PODS_PER_NODE / 2, "{state}");

    let telemetry = url(&places, "hubTelemetry");
    let ready = telemetry.replace("/metrics", "/readyz");
    assert_eq!(get(&ready).unwrap().0, 200);
    let own = get(telemetry).unwrap().1;
    assert!(sample(&own, "plimsoll_state_age_seconds{resource=\"pods\"}").is_some(), "{own}");
    assert!(own.contains("plimsoll_api_budget_"), "{own}");

    let node = get(url(&places, "agentMetrics")).unwrap().1;
    assert!(sample(&node, "node_load1").is_some(), "{node}");
    assert!(count(&node, "node_cpu_seconds_total") >= 8, "{node}");

    let zone: std::net::SocketAddr = url(&places, "dns").parse().unwrap();
    let namespace = "default.svc.cluster.local";
    until("the cluster's names are known", || {
        let client = super::resolver::Client::new(zone);
        (client.udp(namespace)?.rcode == "NOERROR").then_some(())
    });

    let page = url(&places, "page");
    assert!(get(page).unwrap().1.contains("<title>Plimsoll</title>"));
    until("the agent is connected to the hub", || {
        let status = get(&format!("{}/status.json", page.trim_end_matches('/')))?.1;
        let status: Value = serde_json::from_str(&status).ok()?;
        (status["hub"]["agents"]["connected"] == 1).then_some(())
    });

    // As `timeout -s INT` does it: to the process, and to its group.
    up.signal("INT");
    up.signal("INT");
    assert_eq!(up.wait(), Some(0));
}
