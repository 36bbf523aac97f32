//! A running `plimsoll`, ended when the test ends.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::Duration;

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
