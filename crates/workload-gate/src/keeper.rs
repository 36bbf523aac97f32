//! One workload of this node: drives its `confirmation::Slot` with the disk, the clock and its gate.

use std::time::Duration;

use confirmation::{Action, Attempt, Input, Node, Phase, Record, RevisionHash, Slot};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::clock::NodeClock;
use crate::limits::{GONE, LOOK};
use crate::protocol::{Running, Start, ToGate, WorkloadStatus};
use crate::store::Store;

/// What happens to a workload.
#[derive(Debug)]
pub(crate) enum Message {
    /// Its gate has come, with what runs under it.
    Connected { gate: u64, running: Option<Running>, to_gate: mpsc::Sender<ToGate> },
    /// The process under this gate has ended.
    Ended { gate: u64, id: u64, how: String },
    /// The connection is gone, and with it, in a moment, the process.
    Gone { gate: u64 },
    /// A directive, or a person's word.
    Input(Input),
    /// How is it?
    Status(oneshot::Sender<WorkloadStatus>),
}

pub(crate) struct Keeper {
    name: String,
    cluster: String,
    node: Node,
    store: Store,
    clock: NodeClock,
    slot: Slot,
    gate: Option<Gate>,
    /// The gate went; what ran under it is ended after this.
    gone: Option<Instant>,
    /// The record in memory is newer than the one on the disk, and nobody is going to write it.
    is_dirty: bool,
    last_end: Option<String>,
    /// The number of the last start, and that of what is up.
    started: u64,
    up: Option<u64>,
    /// Tries that were given up in this life.
    reverts: u64,
}

struct Gate {
    id: u64,
    to: mpsc::Sender<ToGate>,
}

impl Keeper {
    /// Goes on from the record on the disk. Nothing is started before a gate has come.
    ///
    /// # Errors
    /// The record cannot be read.
    pub(crate) fn new(
        name: String,
        cluster: String,
        node: Node,
        store: Store,
        clock: NodeClock,
    ) -> std::io::Result<Self> {
        let record = store.record(&name)?;
        let slot = Slot::new(cluster.clone(), node.clone(), record, None, Vec::new());
        Ok(Self {
            name,
            cluster,
            node,
            store,
            clock,
            slot,
            gate: None,
            gone: None,
            is_dirty: false,
            last_end: None,
            started: 0,
            up: None,
            reverts: 0,
        })
    }

    /// Until nobody can send anything any more.
    pub(crate) async fn run(mut self, mut inbox: mpsc::Receiver<Message>) {
        self.give(Input::Tick).await;
        // A moment, not a pause: whoever asks for the state again and again must not put it off.
        let mut due = Instant::now() + self.wake();
        loop {
            tokio::select! {
                message = inbox.recv() => match message {
                    Some(message) => {
                        self.take(message).await;
                        due = due.min(Instant::now() + self.wake());
                    }
                    None => return,
                },
                () = tokio::time::sleep_until(due) => {
                    self.look().await;
                    due = Instant::now() + self.wake();
                }
            }
        }
    }

    async fn take(&mut self, message: Message) {
        match message {
            Message::Connected { gate, running, to_gate } => {
                if self.gate.is_some() || (self.gone.is_some() && running.is_none()) {
                    let why = format!("workload {:?} has a gate on this node already", self.name);
                    let _ = to_gate.try_send(ToGate::Refused { why });
                    return;
                }
                self.gate = Some(Gate { id: gate, to: to_gate });
                self.gone = None;
                self.started = running.as_ref().map_or(self.started, |running| self.started.max(running.id));
                self.up = running.as_ref().map(|running| running.id);
                self.begin_again(running.and_then(|running| running.revision.parse().ok())).await;
            }
            Message::Ended { gate, id, how } if self.is_gate(gate) && self.up == Some(id) => {
                self.up = None;
                self.last_end = Some(how);
                self.give(Input::Ended).await;
            }
            Message::Gone { gate } if self.is_gate(gate) => {
                self.gate = None;
                self.gone = Some(Instant::now() + GONE);
            }
            Message::Ended { .. } | Message::Gone { .. } => {}
            Message::Input(input) => self.give(input).await,
            Message::Status(reply) => {
                let _ = reply.send(self.status());
            }
        }
    }

    async fn look(&mut self) {
        if self.gone.is_some_and(|at| at <= Instant::now()) {
            self.gone = None;
            self.up = None;
            self.begin_again(None).await;
        }
        if self.is_dirty {
            self.write().await;
        }
        self.give(Input::Tick).await;
    }

    /// A slot that knows what runs. Without a gate it has no contents, and so starts nothing.
    async fn begin_again(&mut self, running: Option<RevisionHash>) {
        self.write().await;
        let contents = if self.gate.is_some() { self.store.revisions() } else { Vec::new() };
        let record = self.slot.record().clone();
        self.slot = Slot::new(self.cluster.clone(), self.node.clone(), record, running, contents);
        self.give(Input::Tick).await;
    }

    async fn write(&mut self) {
        let written = self.store.write_aside(&self.name, Box::new(self.slot.record().clone())).await;
        if let Err(error) = &written {
            tracing::warn!(workload = self.name, %error, "the record cannot be written");
        }
        self.is_dirty = written.is_err();
    }

    async fn give(&mut self, input: Input) {
        let mut inputs = vec![input];
        let before = self.slot.record().failed.clone();
        while let Some(input) = inputs.pop() {
            for action in self.slot.step(input, self.clock.now()) {
                inputs.extend(self.act(action).await);
            }
        }
        let is_new = |attempt: &&Attempt| !before.contains(attempt);
        self.reverts += self.slot.record().failed.iter().filter(is_new).count() as u64;
    }

    async fn act(&mut self, action: Action) -> Option<Input> {
        match action {
            Action::Persist(generation, record) => Some(self.persist(generation, record).await),
            Action::Fetch(hash) if self.gate.is_some() && self.store.revisions().contains(&hash) => {
                Some(Input::Fetched(hash))
            }
            Action::Fetch(hash) => Some(Input::FetchFailed(hash)),
            Action::Start(hash, left) => self.start(hash, left),
            Action::Keep(_) => self.up.and_then(|id| self.say(ToGate::Keep { id })),
            Action::Stop(_) => match self.up {
                Some(id) => self.say(ToGate::Stop { id }),
                None => Some(Input::Ended),
            },
            Action::Quiesce(on) => self.say(ToGate::Quiesce { on }),
        }
    }

    async fn persist(&mut self, generation: u64, record: Box<Record>) -> Input {
        match self.store.write_aside(&self.name, record).await {
            Ok(()) => Input::Persisted(generation),
            Err(error) => {
                tracing::warn!(workload = self.name, %error, "the record cannot be written: nothing new is tried");
                Input::PersistFailed
            }
        }
    }

    fn start(&mut self, hash: RevisionHash, left: Option<Duration>) -> Option<Input> {
        let (revision, directory) = match self.store.unpack(hash) {
            Ok(unpacked) => unpacked,
            Err(error) => {
                tracing::warn!(workload = self.name, revision = %hash, %error, "the revision cannot be started");
                self.last_end = Some(format!("not started: {error}"));
                return Some(Input::Ended);
            }
        };
        self.started += 1;
        self.up = Some(self.started);
        let start = Start {
            id: self.started,
            revision: hash.to_string(),
            command: revision.command,
            environment: revision.environment,
            directory: directory.display().to_string(),
            left_ms: left.map(|left| u64::try_from(left.as_millis()).unwrap_or(u64::MAX)),
        };
        tracing::info!(workload = self.name, revision = %hash, on_trial = left.is_some(), "start");
        self.say(ToGate::Start(start))
    }

    /// A gate that is gone has been, or will be, reported as such; one that takes nothing is as good as gone.
    fn say(&mut self, message: ToGate) -> Option<Input> {
        let gate = self.gate.as_ref()?;
        if gate.to.try_send(message).is_err() {
            self.gate = None;
            self.gone = Some(Instant::now() + GONE);
        }
        None
    }

    fn is_gate(&self, id: u64) -> bool {
        self.gate.as_ref().is_some_and(|gate| gate.id == id)
    }

    /// Timers of the runtime stand still while a machine is suspended: the clock is looked at again and again.
    fn wake(&self) -> Duration {
        let now = self.clock.now();
        let due = self.slot.wake_at(now).map(|at| at.saturating_sub(now.up));
        due.unwrap_or(LOOK).clamp(Duration::from_millis(10), LOOK)
    }

    fn status(&self) -> WorkloadStatus {
        let record = self.slot.record();
        let directive = record.directive.as_ref();
        let (phase, revision) = match self.slot.phase() {
            _ if self.gate.is_none() => ("NoGate", None),
            Phase::Idle => ("Idle", None),
            Phase::Waiting => ("Waiting", None),
            Phase::Held => ("Held", None),
            Phase::Trial(hash) => ("Trial", Some(hash)),
            Phase::Good(hash) => ("Good", Some(hash)),
        };
        WorkloadStatus {
            name: self.name.clone(),
            phase: phase.to_owned(),
            revision: revision.map(|hash| hash.to_string()),
            wanted: directive
                .and_then(|said| RevisionHash::from_bytes(&said.revision))
                .map(|hash| hash.to_string()),
            last_known_good: record.last_known_good().map(|hash| hash.to_string()),
            confirm_seconds_left: record.trial.map(|trial| trial.left(self.clock.now()).as_secs()),
            reverts: self.reverts,
            tries_left: record.trial.map(|trial| trial.tries_left),
            rollout: directive.map(|said| said.rollout.clone()),
            serial: directive.map(|said| said.serial),
            attempt: directive.map(|said| said.attempt),
            reverted: directive.is_some_and(|said| {
                let revision = RevisionHash::from_bytes(&said.revision);
                record.failed.iter().any(|one| Some(one.revision) == revision && one.number == said.attempt)
            }),
            held: record.held,
            frozen: directive.is_some_and(|said| said.frozen),
            quiesced: self.slot.is_quiesced(),
            quarantined: record.quarantined.iter().map(ToString::to_string).collect(),
            failed: record.failed.iter().map(|attempt| attempt.revision.to_string()).collect(),
            refused: self.slot.refused().map(|refusal| refusal.to_string()),
            last_end: self.last_end.clone(),
        }
    }
}
