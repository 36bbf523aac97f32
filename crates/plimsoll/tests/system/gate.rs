//! A gated workload on a node: real processes, sockets and files; directives are signed here and brought by hand.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use confirmation::{Directive, Revision, SigningKey, Token, Wave};
use serde_json::Value;
use tempfile::TempDir;

use super::process::{Plimsoll, run, until};

/// The shortest that a node accepts.
const CONFIRM_TIMEOUT: u64 = 10;

struct NodeUnderTest {
    folder: TempDir,
    key: SigningKey,
    agent: Option<Plimsoll>,
    gate: Option<Plimsoll>,
    serial: u64,
}

impl NodeUnderTest {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::from_seed(&[3; 32]).unwrap();
        std::fs::write(folder.path().join("keys"), format!("{}\n", key.public())).unwrap();
        let mut node = Self { folder, key, agent: None, gate: None, serial: 0 };
        node.start_agent();
        node
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn start_agent(&mut self) {
        let (state, run_dir, keys) = (self.path("state"), self.path("run"), self.path("keys"));
        let mut agent = Plimsoll::start(&[
            "agent",
            "--node-name",
            "n1",
            "--listen",
            "127.0.0.1:0",
            "--gate-state-dir",
            &state,
            "--gate-run-dir",
            &run_dir,
            "--gate-keys",
            &keys,
            "--cluster-uid",
            "c",
            "--node-uid",
            "u1",
        ]);
        assert!(agent.line().contains("agentMetrics"));
        self.agent = Some(agent);
    }

    fn start_gate(&mut self) {
        let gate_dir = self.path("run/gate");
        self.gate =
            Some(Plimsoll::start(&["gate", "--name", "w", "--gate-dir", &gate_dir, "--", "sleep", "1000"]));
    }

    /// A revision that leaves its process id in a file of its name, and runs on.
    fn load(&self, name: &str) -> Vec<u8> {
        let script = format!("echo $$ > {}; exec sleep 1000", self.path(name));
        let command = ["sh", "-c", &script].map(str::to_owned).to_vec();
        let revision = Revision { command, ..Default::default() };
        let file = self.path("revision");
        std::fs::write(&file, revision.encode_bounded().unwrap()).unwrap();
        self.node(&["load", &file]);
        revision.hash().as_bytes().to_vec()
    }

    fn tell(&mut self, revision: &[u8], stable: &[u8], confirmed: bool) {
        self.serial += 1;
        #[expect(clippy::disallowed_methods, reason = "the agent's clock is the machine's")]
        let issued = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let directive = Directive {
            cluster: "c".into(),
            rollout: "ns/w".into(),
            workload: "w".into(),
            serial: self.serial,
            issued,
            not_after: issued + 600,
            revision: revision.to_vec(),
            attempt: 1,
            stable: stable.to_vec(),
            assigned: Wave::all(),
            confirmed: if confirmed { Wave::all() } else { Wave::none() },
            confirm_timeout: CONFIRM_TIMEOUT,
            tries: 3,
            ..Default::default()
        };
        let file = self.path("token");
        std::fs::write(&file, Token::sign(&directive, &self.key).to_bytes()).unwrap();
        self.node(&["tell", &file]);
    }

    fn node(&self, arguments: &[&str]) -> String {
        let run_dir = self.path("run");
        let output = run(&[&["node", "--run-dir", &run_dir], arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn status(&self) -> Value {
        let workloads: Value = serde_json::from_str(&self.node(&["status", "--json"])).unwrap();
        workloads[0].clone()
    }

    fn wait_for(&self, phase: &str) -> Value {
        until(phase, || Some(self.status()).filter(|status| status["phase"] == phase))
    }

    /// The process of a revision, once it has said who it is.
    fn process(&self, name: &str) -> PathBuf {
        let file = self.path(name);
        let id = until("the revision's process", || {
            std::fs::read_to_string(&file).ok().filter(|id| id.ends_with('\n'))
        });
        PathBuf::from(format!("/proc/{}", id.trim()))
    }
}

fn wait_until_gone(process: &Path) {
    until("the process is gone", || (!process.exists()).then_some(()));
}

#[test]
fn an_unconfirmed_revision_is_reverted_and_a_confirmed_one_outlives_its_agent() {
    let mut node = NodeUnderTest::new();
    let (old, new) = (node.load("old"), node.load("new"));
    node.start_gate();
    node.tell(&old, &[], true);
    node.wait_for("Good");
    let old_process = node.process("old");

    // Nobody confirms the new one.
    node.tell(&new, &old, false);
    let new_process = node.process("new");
    wait_until_gone(&old_process);
    assert_eq!(node.wait_for("Trial")["triesLeft"], 2);
    std::fs::remove_file(node.path("old")).unwrap();
    wait_until_gone(&new_process);
    let old_process = node.process("old");
    assert_eq!(node.wait_for("Good")["failed"].as_array().unwrap().len(), 1);

    // A good one goes on without its agent, and the agent finds it again.
    node.agent.as_ref().unwrap().signal("KILL");
    node.agent = None;
    node.start_agent();
    node.wait_for("Good");
    assert!(old_process.exists());
}

#[test]
fn a_trial_ends_in_time_although_the_agent_is_dead() {
    let mut node = NodeUnderTest::new();
    let new = node.load("new");
    node.start_gate();
    node.tell(&new, &[], false);
    let process = node.process("new");
    node.agent.as_ref().unwrap().signal("KILL");
    node.agent = None;
    wait_until_gone(&process);
    // The agent that comes back knows that it failed, and does not try again.
    node.start_agent();
    assert_eq!(node.wait_for("Idle")["failed"].as_array().unwrap().len(), 1);
}

#[test]
fn a_person_at_the_node_has_the_last_word() {
    let mut node = NodeUnderTest::new();
    let good = node.load("good");
    node.start_gate();
    node.tell(&good, &[], true);
    let process = node.process("good");

    // A file, for whoever has no program of ours.
    let sentinel = node.path("run/gate/stop");
    std::fs::write(&sentinel, "").unwrap();
    wait_until_gone(&process);
    node.wait_for("Held");
    std::fs::remove_file(node.path("good")).unwrap();
    std::fs::remove_file(&sentinel).unwrap();
    let process = node.process("good");

    std::fs::remove_file(node.path("good")).unwrap();
    assert!(node.node(&["stop", "w"]).contains("until `plimsoll node allow w`"));
    wait_until_gone(&process);
    node.node(&["allow", "w"]);
    let process = node.process("good");

    // The gate's end is the workload's end, also the hard one.
    node.gate.as_ref().unwrap().signal("KILL");
    wait_until_gone(&process);
    node.wait_for("NoGate");
    let hash = node.status()["lastKnownGood"].as_str().unwrap().to_owned();
    node.node(&["quarantine", "w", &hash]);
    node.start_gate();
    node.wait_for("Idle");
}

#[test]
fn nothing_but_a_trusted_key_and_a_known_workload_is_heard() {
    let mut node = NodeUnderTest::new();
    let run_dir = node.path("run");
    let refused = |arguments: &[&str], expected: &str| {
        let output = run(&[&["node", "--run-dir", &run_dir], arguments].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(64), "{said}");
        assert!(said.contains(expected), "{said}");
    };
    refused(&["stop", "nobody"], "no workload \"nobody\" is known on this node");
    refused(&["quarantine", "w", "abc"], "a revision is 64 hexadecimal digits");
    std::fs::write(node.path("token"), b"nonsense").unwrap();
    refused(&["tell", &node.path("token")], "the bytes are no token");
    refused(&["load", &node.path("token")], "these bytes are no revision");
    node.key = SigningKey::from_seed(&[4; 32]).unwrap();
    let token = Token::sign(&Directive::default(), &node.key).to_bytes();
    std::fs::write(node.path("token"), token).unwrap();
    refused(&["tell", &node.path("token")], "not trusted here");
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(node.path("run/node.sock")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    node.agent.as_ref().unwrap().signal("KILL");
    node.agent.as_mut().unwrap().wait();
    refused(&["status"], "touch");
}

#[test]
fn what_cannot_be_kept_is_said_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    assert!(run(&["rollout", "keygen", &at("keys")]).status.success());
    let refused = |arguments: &[&str], expected: &str| {
        let output = run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(64), "{said}");
        assert!(said.contains(expected), "{said}");
    };
    refused(&["rollout", "keygen", &at("keys")], "has a key already");
    let (state, private, public) = (at("state"), at("keys/rollout.key"), at("keys/rollout.pub"));
    let agent = |keys: &str, expected: &str| {
        refused(&["agent", "--node-name", "n", "--gate-state-dir", &state, "--gate-keys", keys], expected);
    };
    agent(&private, "is not 64 hexadecimal digits");
    agent(&public, "needs --cluster-uid and --node-uid");
    let hub = ["hub", "--agents-listen", "127.0.0.1:0", "--insecure-loopback", "--rollouts-dir", &state];
    refused(
        &[&hub[..], &["--rollouts-state-dir", &state, "--rollouts-key", &public]].concat(),
        "it is no key",
    );
}
