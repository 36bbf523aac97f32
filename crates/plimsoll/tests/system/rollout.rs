//! A rollout over real agents and gates, by a hub beside a test double of an API server; gates ask a test double of
//! Prometheus.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use serde_json::Value;
use tempfile::TempDir;

use super::process::{Plimsoll, TwoNodes, run, until};

/// Answers every query with one number, dated now.
pub(crate) struct Prometheus {
    pub(crate) address: String,
    value: Arc<AtomicU64>,
}

impl Prometheus {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let value = Arc::new(AtomicU64::new(0));
        let answer = value.clone();
        environment::thread("prometheus", move || {
            for stream in listener.incoming().flatten() {
                let mut reader = BufReader::new(stream);
                let mut line = String::new();
                while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                    line.clear();
                }
                #[expect(clippy::disallowed_methods, reason = "the hub's clock is the machine's")]
                let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64();
                let value = answer.load(Ordering::Relaxed);
                let body = format!(
                    r#"{{"status":"success","data":{{"resultType":"scalar","result":[{now},"{value}"]}}}}"#
                );
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                let _ = reader.get_mut().write_all(format!("{head}{body}").as_bytes());
            }
        })
        .unwrap();
        Self { address, value }
    }
}

struct Cluster {
    folder: TempDir,
    prometheus: Prometheus,
    telemetry: String,
    _processes: Vec<Plimsoll>,
}

impl Cluster {
    /// A hub, and an agent and a gate for each of two nodes.
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        assert!(run(&["rollout", "keygen", &at("keys")]).status.success());
        std::fs::create_dir(at("rollouts")).unwrap();
        let kubeconfig = at("kubeconfig");
        let (rollouts, state, key) = (at("rollouts"), at("hub"), at("keys/rollout.key"));
        let flags =
            ["--rollouts-dir", rollouts.as_str(), "--rollouts-state-dir", &state, "--rollouts-key", &key];
        let TwoNodes { mut processes, agents, telemetry } = TwoNodes::start(&kubeconfig, &flags);
        // The test double numbers its nodes.
        for node in ["node-00000", "node-00001"] {
            let (state, run_dir) = (at(&format!("state-{node}")), at(&format!("run-{node}")));
            let mut agent = Plimsoll::start(&[
                "agent",
                "--node-name",
                node,
                "--listen",
                "127.0.0.1:0",
                "--hub",
                &agents,
                "--insecure-loopback",
                "--gate-state-dir",
                &state,
                "--gate-run-dir",
                &run_dir,
                "--gate-keys",
                &at("keys/rollout.pub"),
            ]);
            agent.line();
            processes.push(agent);
            processes.push(Plimsoll::start(&[
                "gate",
                "--name",
                "w",
                "--gate-dir",
                &format!("{run_dir}/gate"),
            ]));
        }
        Self { prometheus: Prometheus::start(), folder, telemetry, _processes: processes }
    }

    /// Writes the document as an editor does: whole.
    fn apply(&self, revision: &str, wishes: &str) {
        let text = format!(
            "apiVersion: plimsoll.dev/v1alpha1
kind: DaemonRollout
metadata: {{name: w, namespace: ns}}
spec:
  workload: w
  revision: {{command: [sleep, '1000'], template: {revision}}}
  maskingHorizon: 0s
  confirm: {{startSpread: 0s, revertSpread: 0s}}
  strategy: {{canary: {{steps: [{{setNodes: 1}}, {{setNodes: 100%}}]}}}}
  gates: [{{name: cost, prometheus: {{address: '{}', query: 'sum(x{{a=\"b\"}})'}}, max: 10, interval: 1s}}]
{wishes}",
            self.prometheus.address
        );
        let file = self.folder.path().join("rollouts/w.yaml");
        std::fs::write(file.with_extension("new"), text).unwrap();
        std::fs::rename(file.with_extension("new"), &file).unwrap();
        let linted = run(&["rollout", "lint", file.to_str().unwrap()]);
        assert!(linted.status.success(), "{}", String::from_utf8_lossy(&linted.stderr));
    }

    fn status(&self) -> Option<Value> {
        let output = run(&["rollout", "--hub", &self.telemetry, "list", "--json"]);
        let rollouts: Value = serde_json::from_slice(&output.stdout).ok()?;
        rollouts.as_array()?.iter().find(|one| one["name"] == "ns/w").cloned()
    }

    fn wait_for(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        until(what, || self.status().filter(|status| is_it(status)))
    }

    fn explain(&self) -> String {
        let output = run(&["rollout", "--hub", &self.telemetry, "explain", "ns/w"]);
        String::from_utf8(output.stdout).unwrap()
    }
}

fn phase(status: &Value) -> &str {
    status["phase"].as_str().unwrap_or_default()
}

#[test]
fn a_good_revision_arrives_and_a_bad_one_goes_back() {
    let cluster = Cluster::start();
    cluster.apply("one", "");
    cluster.wait_for("the first node runs it", |status| status["activeNodes"] == 1);
    assert!(cluster.explain().contains("1 of 2 nodes may run it, 1 do"));
    cluster.wait_for("both nodes run it", |status| status["activeNodes"] == 2);
    let (_, metrics) = super::scrape::get(&format!("http://{}/metrics", cluster.telemetry)).unwrap();
    assert!(metrics.contains("plimsoll_rollout_nodes{rollout=\"ns/w\",state=\"active\"} 2"), "{metrics}");
    assert!(metrics.contains("plimsoll_gate_state{rollout=\"ns/w\",gate=\"cost\"} 1"), "{metrics}");
    let healthy = cluster.wait_for("it is confirmed everywhere", |status| phase(status) == "Healthy");
    let first = healthy["updateRevision"].clone();

    cluster.apply("two", "");
    cluster.wait_for("the first node tries the second", |status| {
        status["updateRevision"] != first && status["activeNodes"] == 1
    });
    cluster.prometheus.value.store(11, Ordering::Relaxed);
    // A slip of the hand in the document does not end the watch.
    std::fs::write(cluster.folder.path().join("rollouts/w.yaml"), "apiVersion: plimsoll").unwrap();
    let stopped = cluster.wait_for("it is stopped", |status| phase(status) == "Degraded");
    assert_eq!((&stopped["reason"], &stopped["stableRevision"]), (&"MeasuredOverBudget".into(), &first));
    assert!(cluster.explain().contains("measured 11.0 against a limit of 10.0"), "{}", cluster.explain());

    // Applied again, by a tool that knows nothing: nothing changes.
    cluster.prometheus.value.store(0, Ordering::Relaxed);
    cluster.apply("one", "");
    cluster.apply("two", "  paused: false\n");
    cluster
        .wait_for("it is still stopped", |status| phase(status) == "Degraded" && status["activeNodes"] == 0);
    assert!(Path::new(&cluster.folder.path().join("hub/rollouts/ns_w")).exists());
}
