//! A rollout as a custom resource: read by the hub that leads, steered with `plimsoll rollout`, taken over by another hub.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::process::{DEADLINE, Plimsoll, run, until};
use super::rollout::Prometheus;

const GROUP: &str = "/apis/plimsoll.dev/v1alpha1";

struct Cluster {
    folder: TempDir,
    server: String,
    agents: String,
    _server: Plimsoll,
}

/// Sends JSON, and reads the answer's status and body.
fn send(method: &str, server: &str, path: &str, body: &Value) -> (u16, Value) {
    let mut stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let body = if body.is_null() { String::new() } else { body.to_string() };
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: {server}\r\nAccept: application/json\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or_default())
}

fn is_made((status, body): (u16, Value)) {
    assert_eq!(status, 201, "{body}");
}

impl Cluster {
    /// An API server that has our kinds, and agents and gates of two nodes that look for a hub.
    fn start() -> (Self, Vec<Plimsoll>) {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        assert!(run(&["rollout", "keygen", &at("keys")]).status.success());
        let kubeconfig = at("kubeconfig");
        let double = ["fake-apiserver", "--nodes", "2", "--pods-per-node", "1", "--listen", "127.0.0.1:0"];
        let mut process = Plimsoll::start(&[&double[..], &["--write-kubeconfig", &kubeconfig]].concat());
        let said: Value = serde_json::from_str(&process.line()).unwrap();
        let server = said["url"].as_str().unwrap().trim_start_matches("http://").to_owned();
        let kinds = std::fs::read_to_string("../../deploy/rollout/crds.yaml").unwrap();
        for kind in kinds.split("\n---\n") {
            let kind: Value = serde_saphyr::from_str(kind).unwrap();
            is_made(send("POST", &server, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &kind));
        }
        // A port that two hubs have, one after the other.
        let agents = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let mut processes = Vec::new();
        for node in ["node-00000", "node-00001"] {
            let (state, run_dir) = (at(&format!("state-{node}")), at(&format!("run-{node}")));
            let who = ["agent", "--node-name", node, "--listen", "127.0.0.1:0", "--hub", &agents];
            let gate = ["--insecure-loopback", "--gate-state-dir", &state, "--gate-run-dir", &run_dir];
            let keys = at("keys/rollout.pub");
            let mut agent = Plimsoll::start(&[&who[..], &gate[..], &["--gate-keys", &keys]].concat());
            agent.line();
            processes.push(agent);
            let sockets = format!("{run_dir}/gate");
            processes.push(Plimsoll::start(&["gate", "--name", "w", "--gate-dir", &sockets]));
        }
        (Self { folder, server, agents, _server: process }, processes)
    }

    fn at(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// A hub with a folder of its own; its telemetry port.
    fn hub(&self, name: &str, agents: &str) -> (Plimsoll, String) {
        let ports =
            ["hub", "--port", "0", "--telemetry-port", "0", "--agents-listen", agents, "--insecure-loopback"];
        let (kubeconfig, state, key) = (self.at("kubeconfig"), self.at(name), self.at("keys/rollout.key"));
        let rollouts = ["--rollouts-objects", "--rollouts-state-dir", &state, "--rollouts-key", &key];
        let mut hub = Plimsoll::start(&[&ports[..], &["--kubeconfig", &kubeconfig], &rollouts[..]].concat());
        let places: Value = serde_json::from_str(&hub.line()).unwrap();
        let telemetry = places["hubTelemetry"].as_str().unwrap();
        (hub, telemetry.trim_start_matches("http://").trim_end_matches("/metrics").to_owned())
    }

    fn status(&self) -> Value {
        let path = format!("{GROUP}/namespaces/default/daemonrollouts/w");
        send("GET", &self.server, &path, &Value::Null).1["status"].take()
    }

    fn wait_for(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        until(what, || Some(self.status()).filter(|status| is_it(status)))
    }

    fn verb(&self, words: &[&str]) -> std::process::Output {
        let kubeconfig = self.at("kubeconfig");
        run(&[&["rollout", "--kubeconfig", &kubeconfig], words].concat())
    }
}

fn rollout(prometheus: &str) -> Value {
    json!({
        "apiVersion": "plimsoll.dev/v1alpha1",
        "kind": "DaemonRollout",
        "metadata": {"name": "w", "namespace": "default"},
        "spec": {
            "workload": "w",
            "revision": {"command": ["sleep", "1000"]},
            "maskingHorizon": "0s",
            "confirm": {"startSpread": "0s", "revertSpread": "0s"},
            "strategy": {"canary": {"steps": [{"setNodes": 1}, {"pause": {}}, {"setNodes": "100%"}]}},
            "gates": [{
                "name": "cost",
                "prometheus": {"address": prometheus, "query": "x"},
                "max": 10,
                "interval": 1,
            }],
        },
    })
}

#[test]
fn one_hub_leads_another_takes_over_and_an_abort_is_for_ever() {
    let (cluster, _nodes) = Cluster::start();
    let (first, telemetry) = cluster.hub("hub-1", &cluster.agents);
    let rollouts = format!("{GROUP}/namespaces/default/daemonrollouts");
    let prometheus = Prometheus::start();
    is_made(send("POST", &cluster.server, &rollouts, &rollout(&prometheus.address)));
    let steers = |hub: &str| {
        let listed = run(&["rollout", "--hub", hub, "list", "--json"]).stdout;
        String::from_utf8(listed).unwrap().contains("default/w")
    };
    until("the first hub leads", || steers(&telemetry).then_some(()));
    let (beside, other) = cluster.hub("hub-2", "127.0.0.1:0");
    cluster.wait_for("the first node runs it", |status| status["activeNodes"] == 1);
    cluster.wait_for("the rollout pauses", |status| status["phase"] == "Paused");
    assert_eq!((steers(&telemetry), steers(&other)), (true, false), "one of the two steers");

    // Both die. One comes with nothing on its disk.
    drop(first);
    drop(beside);
    let (_third, _) = cluster.hub("hub-3", &cluster.agents);
    let promoted = cluster.verb(&["promote", "w"]);
    assert!(promoted.status.success(), "{}", String::from_utf8_lossy(&promoted.stderr));
    let going = cluster.wait_for("it goes on where it was", |status| status["activeNodes"] == 2);
    assert!(going["currentStepIndex"].as_u64() > Some(3), "{going}");
    let condition = |status: &Value, name: &str| {
        let all = status["conditions"].as_array().unwrap();
        all.iter().find(|one| one["type"] == name).unwrap()["status"].clone()
    };
    assert_eq!(
        (condition(&going, "Progressing"), condition(&going, "Paused")),
        ("True".into(), "False".into())
    );
    assert_eq!(cluster.verb(&["status", "w"]).status.code(), Some(2), "undecided");

    assert!(cluster.verb(&["abort", "default/w"]).status.success());
    let stopped = cluster
        .wait_for("all give it up", |status| status["phase"] == "Degraded" && status["activeNodes"] == 0);
    assert_eq!(
        (condition(&stopped, "Degraded"), condition(&stopped, "Healthy")),
        ("True".into(), "False".into())
    );
    assert_eq!(cluster.verb(&["status", "w"]).status.code(), Some(1));
    let events = send("GET", &cluster.server, "/api/v1/namespaces/default/events", &Value::Null).1;
    let reasons: Vec<&str> =
        events["items"].as_array().unwrap().iter().filter_map(|event| event["reason"].as_str()).collect();
    assert!(reasons.contains(&"RolloutAborted") && reasons.contains(&"RolloutStepCompleted"), "{reasons:?}");
    assert_eq!(cluster.verb(&["pause", "nobody"]).status.code(), Some(64));
}
