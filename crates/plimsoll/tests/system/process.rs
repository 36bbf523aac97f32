//! A running `plimsoll`, ended when the test ends.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

/// How long anything in these tests may take before it counts as failed. Debug builds on two busy cores are slow.
pub(crate) const DEADLINE: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(100);

pub(crate) struct Plimsoll {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Plimsoll {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments).stdout(Stdio::piped()).spawn().expect("the binary starts");
        let stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        Self { child, stdout }
    }

    /// The next line of standard output.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("standard output is text");
        line
    }

    /// Sends a signal by name ("INT", "KILL").
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status().expect("kill is there");
        assert!(sent.success(), "kill -s {name} {pid}");
    }

    /// Waits for the end; the exit code.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        let ended = until("the process ends", || self.child.try_wait().expect("it is our child"));
        ended.code()
    }
}

impl Drop for Plimsoll {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let mut rest = String::new();
        let _ = self.stdout.read_to_string(&mut rest);
    }
}

/// A test double of an API server with two nodes, named node-00000 and node-00001, and a hub that agents can follow.
pub(crate) struct TwoNodes {
    pub(crate) processes: Vec<Plimsoll>,
    /// Where agents connect.
    pub(crate) agents: String,
    /// The hub's telemetry port, host:port.
    pub(crate) telemetry: String,
}

impl TwoNodes {
    /// Writes the kubeconfig, and starts a hub with it and further flags.
    pub(crate) fn start(kubeconfig: &str, flags: &[&str]) -> Self {
        let double = ["fake-apiserver", "--nodes", "2", "--pods-per-node", "1", "--listen", "127.0.0.1:0"];
        let mut server = Plimsoll::start(&[&double[..], &["--write-kubeconfig", kubeconfig]].concat());
        server.line();
        let hub = ["hub", "--kubeconfig", kubeconfig, "--port", "0", "--telemetry-port", "0"];
        let link = ["--agents-listen", "127.0.0.1:0", "--insecure-loopback"];
        let mut hub = Plimsoll::start(&[&hub[..], &link, flags].concat());
        let places: Value = serde_json::from_str(&hub.line()).expect("one JSON object");
        let agents = places["agents"].as_str().expect("it serves agents").to_owned();
        let telemetry = places["hubTelemetry"].as_str().expect("it has one");
        let telemetry = telemetry.trim_start_matches("http://").trim_end_matches("/metrics").to_owned();
        Self { processes: vec![server, hub], agents, telemetry }
    }
}

/// Runs to the end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the binary starts")
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command
        .args(arguments)
        .env_remove("PLIMSOLL_KUBECONFIG")
        .env_remove("NODE_NAME")
        .env_remove("KUBECONFIG");
    command
}

/// Asks again and again until there is an answer; the one place in which these tests sleep, because real processes do not
/// share a clock that could be paused.
#[expect(clippy::disallowed_methods, reason = "waits for another process")]
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let tries = DEADLINE.as_millis() / POLL.as_millis();
    for _ in 0..tries {
        if let Some(answer) = ask() {
            return answer;
        }
        std::thread::sleep(POLL);
    }
    panic!("not within {DEADLINE:?}: {what}");
}
