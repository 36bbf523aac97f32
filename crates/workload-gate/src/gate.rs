//! The entry point of a gated workload: runs what the node's agent says, and stops it in time, whoever is dead.

use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use environment::since_boot;
use rustix::process::{Pid, Signal, getppid, kill_process_group, set_parent_process_death_signal};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, Command};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::limits::{GRACE, LOOK, RECONNECT, RECONNECT_MAX};
use crate::protocol::{FromGate, Messages, Running, Start, ToGate, send};
use crate::server::{GATE_SOCKET, SENTINEL};

/// What `plimsoll gate` is given.
#[derive(Debug, Clone)]
pub struct GateConfig {
    /// The workload's name.
    pub name: String,
    /// The folder with the agent's socket.
    pub dir: PathBuf,
    /// What runs if a revision brings no command of its own.
    pub command: Vec<String>,
    /// This program: it starts itself as the parent's shadow, and becomes the workload.
    pub program: PathBuf,
}

/// The gate's state.
pub struct Gate {
    config: GateConfig,
    process: Option<Process>,
    agent: Option<Agent>,
    try_at: Instant,
    pause: Duration,
}

struct Process {
    child: Child,
    /// Its process group: it and what it has started.
    group: Option<Pid>,
    running: Running,
    /// By [`up`]: on trial, it is stopped then.
    deadline: Option<Duration>,
    /// SIGTERM is sent; SIGKILL follows then.
    kill_at: Option<Instant>,
}

struct Agent {
    messages: Messages<OwnedReadHalf>,
    writing: OwnedWriteHalf,
}

/// What happened.
enum Event {
    Said(ToGate),
    AgentGone,
    Exited(String),
    Look,
    Shutdown,
}

impl Gate {
    /// A gate that has not begun.
    pub fn new(config: GateConfig) -> Self {
        Self { config, process: None, agent: None, try_at: Instant::now(), pause: RECONNECT }
    }

    /// Until `shutdown`; the process is stopped first.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut is_ending = false;
        while !(is_ending && self.process.is_none()) {
            self.look().await;
            let sleep = self.sleep();
            let event = tokio::select! {
                () = shutdown.cancelled(), if !is_ending => Event::Shutdown,
                event = next_message(&mut self.agent) => event,
                event = next_exit(&mut self.process) => event,
                () = tokio::time::sleep(sleep) => Event::Look,
            };
            match event {
                Event::Said(message) if !is_ending => self.obey(message).await,
                Event::Said(_) | Event::Look => {}
                Event::AgentGone => self.lose_agent(),
                Event::Exited(how) => self.exited(how).await,
                Event::Shutdown => {
                    is_ending = true;
                    self.stop();
                }
            }
        }
    }

    async fn obey(&mut self, message: ToGate) {
        if !matches!(message, ToGate::Refused { .. }) {
            self.pause = RECONNECT;
        }
        match message {
            ToGate::Start(start) => self.start(start).await,
            ToGate::Keep { id } => {
                if let Some(process) = self.process.as_mut().filter(|process| process.running.id == id) {
                    process.deadline = None;
                }
            }
            ToGate::Stop { id } if self.process.as_ref().is_some_and(|process| process.running.id == id) => {
                self.stop()
            }
            // It has ended by itself in the meantime, and that was said; said again, so that nobody waits.
            ToGate::Stop { id } => self.say(&FromGate::Ended { id, how: "it had ended".into() }).await,
            ToGate::Quiesce { on } => self.quiesce(on),
            ToGate::Refused { why } => {
                tracing::warn!("the agent refused this gate: {why}");
                self.lose_agent();
            }
        }
    }

    async fn start(&mut self, start: Start) {
        if self.process.is_some() {
            tracing::error!("the agent asked for a second process; the first one goes on");
            return;
        }
        self.quiesce(false);
        match self.spawn(&start) {
            Ok(child) => {
                let deadline = start.left_ms.map(|left| since_boot() + Duration::from_millis(left));
                let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
                let running = Running { revision: start.revision, id: start.id };
                self.process = Some(Process { child, group, running, deadline, kill_at: None });
            }
            Err(error) => {
                let how = format!("could not be started: {error}");
                tracing::warn!("{how}");
                self.say(&FromGate::Ended { id: start.id, how }).await;
            }
        }
    }

    fn spawn(&self, start: &Start) -> io::Result<Child> {
        let command = if start.command.is_empty() { &self.config.command } else { &start.command };
        if command.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "neither the revision nor the gate has a command",
            ));
        }
        let parent = std::process::id().to_string();
        Command::new(&self.config.program)
            .args(["gate", "--name", &self.config.name, "--shadow-of", &parent, "--"])
            .args(command)
            .envs(&start.environment)
            .env("PLIMSOLL_REVISION", &start.revision)
            .env("PLIMSOLL_REVISION_DIR", &start.directory)
            .env("PLIMSOLL_QUIESCE_FILE", self.quiesce_file())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
    }

    /// SIGTERM to the process and its children, and SIGKILL after [`GRACE`].
    fn stop(&mut self) {
        let Some(process) = &mut self.process else { return };
        if process.kill_at.is_some() {
            return;
        }
        process.kill_at = Some(Instant::now() + GRACE);
        process.signal(Signal::TERM);
    }

    async fn exited(&mut self, how: String) {
        let Some(process) = self.process.take() else { return };
        // What it has started and left behind goes with it.
        process.signal(Signal::KILL);
        self.say(&FromGate::Ended { id: process.running.id, how }).await;
    }

    /// Everything that is due by a clock.
    async fn look(&mut self) {
        let sentinel = self.config.dir.join(SENTINEL).exists();
        if let Some(process) = &self.process {
            if process.kill_at.is_some_and(|at| at <= Instant::now()) {
                process.signal(Signal::KILL);
            }
            if sentinel || process.deadline.is_some_and(|deadline| deadline <= since_boot()) {
                self.stop();
            }
        }
        if self.agent.is_none() && self.try_at <= Instant::now() {
            self.connect().await;
        }
    }

    async fn connect(&mut self) {
        self.pause = (self.pause * 2).min(RECONNECT_MAX);
        self.try_at = Instant::now() + self.pause;
        let socket = self.config.dir.join(GATE_SOCKET);
        let stream = match UnixStream::connect(&socket).await {
            Ok(stream) => stream,
            Err(error) => {
                tracing::debug!(socket = %socket.display(), %error, "no agent");
                return;
            }
        };
        let (reading, writing) = stream.into_split();
        self.agent = Some(Agent { messages: Messages::of(reading), writing });
        let running = self.process.as_ref().map(|process| process.running.clone());
        self.say(&FromGate::Hello { workload: self.config.name.clone(), running }).await;
    }

    async fn say(&mut self, message: &FromGate) {
        let Some(agent) = &mut self.agent else { return };
        if send(&mut agent.writing, message).await.is_err() {
            self.lose_agent();
        }
    }

    /// The process goes on: what is on trial until its deadline, what is good until somebody says otherwise.
    fn lose_agent(&mut self) {
        self.agent = None;
        self.try_at = Instant::now() + self.pause;
    }

    fn sleep(&self) -> Duration {
        let deadline = self.process.as_ref().and_then(|process| process.deadline);
        let due = deadline.map(|deadline| deadline.saturating_sub(since_boot())).unwrap_or(LOOK);
        let retry = if self.agent.is_none() { self.try_at - Instant::now() } else { LOOK };
        due.min(retry).clamp(Duration::from_millis(10), LOOK)
    }

    fn quiesce(&self, on: bool) {
        let file = self.quiesce_file();
        let done = if on { std::fs::write(&file, b"") } else { std::fs::remove_file(&file) };
        match done {
            Err(error) if on => {
                tracing::warn!(file = %file.display(), %error, "the workload is not told to be quiet")
            }
            _ => {}
        }
    }

    fn quiesce_file(&self) -> PathBuf {
        std::env::temp_dir().join(format!("plimsoll-{}.quiesce", self.config.name))
    }
}

impl Process {
    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // It may have ended in this moment.
            let _ = kill_process_group(group, signal);
        }
    }
}

async fn next_message(agent: &mut Option<Agent>) -> Event {
    let Some(agent) = agent else { return std::future::pending().await };
    match agent.messages.next().await {
        Ok(Some(message)) => Event::Said(message),
        Ok(None) => Event::AgentGone,
        Err(error) => {
            tracing::warn!(%error, "the agent cannot be understood");
            Event::AgentGone
        }
    }
}

async fn next_exit(process: &mut Option<Process>) -> Event {
    let Some(process) = process else { return std::future::pending().await };
    let how = match process.child.wait().await {
        Ok(status) => how(status),
        Err(error) => format!("its end is not known: {error}"),
    };
    Event::Exited(how)
}

fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}

/// Becomes the workload, as a process that the kernel kills when its gate is gone. Comes back only if it could not.
pub fn become_workload(gate: u32, command: &[String]) -> io::Error {
    if let Err(error) = set_parent_process_death_signal(Some(Signal::KILL)) {
        return error.into();
    }
    // The gate may have died before that was said.
    let parent = getppid().map(|parent| parent.as_raw_nonzero().get());
    if parent != i32::try_from(gate).ok() {
        return io::Error::new(io::ErrorKind::BrokenPipe, "the gate is gone");
    }
    let Some((program, arguments)) = command.split_first() else {
        return io::Error::new(io::ErrorKind::InvalidInput, "no command");
    };
    std::process::Command::new(program).args(arguments).exec()
}
