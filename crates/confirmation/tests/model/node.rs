//! One machine: a disk, a process under a gate, and an agent that may be dead.

use std::collections::HashMap;
use std::time::Duration;

use confirmation::{Action, Directive, Input, Node, Now, Record, RevisionHash, Slot};
use rand_chacha::ChaCha8Rng;

use crate::controller::{EPOCH, TIMEOUT_MAX};
use crate::world::below;

/// What a machine does in a second.
const TICK: Duration = Duration::from_secs(1);

pub(crate) struct Machine {
    pub(crate) node: Node,
    slot: Option<Slot>,
    disk: Option<Vec<u8>>,
    contents: Vec<RevisionHash>,
    process: Option<Process>,
    boot: u128,
    up: Duration,
    elapsed: Duration,
    /// Seconds by which its clock is wrong.
    pub(crate) clock: i64,
    pub(crate) disk_full: bool,
    /// Nothing fails any more.
    pub(crate) is_calm: bool,
    /// What the world answers to the agent, and when (by `elapsed`).
    answers: Vec<(Duration, Input)>,
    /// Which disk this is.
    life: u64,
    /// Revisions that a true directive called good for this node.
    good: Vec<RevisionHash>,
    /// Time on trial, by disk, revision and attempt.
    ran: HashMap<(u64, RevisionHash, u32), Duration>,
    pub(crate) reverts: u64,
    pub(crate) keeps: u64,
    pub(crate) starts: u64,
}

/// The gated process. Its gate stops it when its time is up, also when no agent is left.
struct Process {
    hash: RevisionHash,
    /// Of a trial: its attempt, and when the gate stops it (by `up`).
    trial: Option<(u32, Duration)>,
    /// The disk that its trial is written down on: another one knows nothing of it.
    life: u64,
}

impl Machine {
    pub(crate) fn new(n: u64) -> Self {
        Self {
            node: Node { name: format!("n{n}"), uid: format!("u{n}"), goes_last: n == 2 },
            slot: None,
            disk: None,
            contents: Vec::new(),
            process: None,
            boot: 1,
            up: Duration::ZERO,
            elapsed: Duration::ZERO,
            clock: 0,
            disk_full: false,
            is_calm: false,
            answers: Vec::new(),
            life: 0,
            good: Vec::new(),
            ran: HashMap::new(),
            reverts: 0,
            keeps: 0,
            starts: 0,
        }
    }

    pub(crate) fn running(&self) -> Option<RevisionHash> {
        self.process.as_ref().map(|process| process.hash)
    }

    pub(crate) fn slot(&self) -> Option<&Slot> {
        self.slot.as_ref()
    }

    pub(crate) fn start_agent(&mut self, rng: &mut ChaCha8Rng) {
        if self.slot.is_some() {
            return;
        }
        let record = self.disk.as_deref().and_then(|bytes| Record::from_bytes(bytes).ok());
        let (node, running) = (self.node.clone(), self.running());
        let slot = Slot::new("c".into(), node, record.unwrap_or_default(), running, self.contents.clone());
        self.slot = Some(slot);
        self.give(Input::Tick, rng);
    }

    /// A write that was under way is on the disk or is not; nobody learns which.
    pub(crate) fn crash_agent(&mut self) {
        self.slot = None;
        self.answers.clear();
    }

    pub(crate) fn reboot(&mut self) {
        self.crash_agent();
        self.process = None;
        self.boot += 1;
        self.up = Duration::ZERO;
    }

    pub(crate) fn lose_disk(&mut self) {
        self.crash_agent();
        self.disk = None;
        self.contents.clear();
        self.life += 1;
    }

    /// The workload ends by itself.
    pub(crate) fn end_process(&mut self) {
        if self.process.take().is_some() && self.slot.is_some() {
            self.answers.retain(|(_, input)| *input != Input::Ended);
            self.answers.push((self.elapsed, Input::Ended));
        }
    }

    /// A true directive came in.
    pub(crate) fn hear(&mut self, directive: Directive, rng: &mut ChaCha8Rng) {
        if self.slot.is_none() {
            return;
        }
        let hash = |bytes: &[u8]| RevisionHash::from_bytes(bytes);
        self.good.extend(hash(&directive.stable));
        if directive.confirmed.contains(&directive.rollout, &self.node) {
            self.good.extend(hash(&directive.revision));
        }
        self.give(Input::Directive(Box::new(directive)), rng);
    }

    pub(crate) fn give(&mut self, input: Input, rng: &mut ChaCha8Rng) {
        let now = self.now();
        let Some(slot) = &mut self.slot else { return };
        if let Input::Allow(hash) = input {
            // A person gave it another chance.
            self.ran.retain(|(_, ran, _), _| *ran != hash);
        }
        let actions = slot.step(input, now);
        for action in actions {
            self.act(action, rng);
        }
    }

    /// One second passes: the process runs, the gate and the agent look at their clocks.
    pub(crate) fn tick(&mut self, rng: &mut ChaCha8Rng, seed: u64) {
        self.charge(seed);
        let wake = self.slot.as_ref().and_then(|slot| slot.wake_at(self.now()));
        self.up += TICK;
        self.elapsed += TICK;
        while let Some(at) = self.answers.iter().position(|(at, _)| *at <= self.elapsed) {
            let (_, input) = self.answers.remove(at);
            self.give(input, rng);
        }
        if wake.is_some_and(|at| at <= self.up) {
            self.give(Input::Tick, rng);
        }
        // The agent was given the chance to be the one who does it.
        if self.process.as_ref().and_then(|process| process.trial).is_some_and(|(_, end)| self.up >= end) {
            assert!(self.slot.is_none(), "seed {seed}: the gate had to stop what the agent should");
            self.end_process();
        }
    }

    fn now(&self) -> Now {
        let wall = (EPOCH + self.elapsed.as_secs()).saturating_add_signed(self.clock);
        Now { boot: self.boot, up: self.up, wall: Duration::from_secs(wall) }
    }

    fn act(&mut self, action: Action, rng: &mut ChaCha8Rng) {
        let soon = self.elapsed + Duration::from_secs(below(rng, 3));
        match action {
            Action::Persist(..) if self.disk_full => self.answers.push((soon, Input::PersistFailed)),
            Action::Persist(generation, record) => {
                self.disk = Some(record.to_bytes());
                self.answers.push((soon, Input::Persisted(generation)));
            }
            Action::Fetch(hash) if self.disk_full || (!self.is_calm && below(rng, 5) == 0) => {
                self.answers.push((soon, Input::FetchFailed(hash)));
            }
            Action::Fetch(hash) => {
                self.contents.push(hash);
                self.answers.push((soon, Input::Fetched(hash)));
            }
            Action::Start(hash, left) => self.start(hash, left, rng),
            Action::Keep(hash) => self.keep(hash),
            Action::Stop(hash) => {
                let process = self.process.take();
                assert!(process.is_none_or(|process| process.hash == hash), "stopped another one");
                self.answers.retain(|(_, input)| *input != Input::Ended);
                self.answers.push((soon, Input::Ended));
                self.reverts += u64::from(!self.good.contains(&hash));
            }
            Action::Quiesce(_) => {}
        }
    }

    fn start(&mut self, hash: RevisionHash, left: Option<Duration>, rng: &mut ChaCha8Rng) {
        assert_eq!(self.running(), None, "two at once");
        assert!(self.contents.contains(&hash), "started without its content");
        self.starts += 1;
        let trial = self.slot.as_ref().and_then(|slot| slot.record().trial);
        let trial = left.map(|left| (trial.expect("a trial is written down").attempt.number, self.up + left));
        assert!(trial.is_some() || self.good.contains(&hash), "started for good what nobody called good");
        self.process = Some(Process { hash, trial, life: self.life });
        if !self.is_calm && below(rng, 8) == 0 {
            self.end_process();
        }
    }

    fn keep(&mut self, hash: RevisionHash) {
        assert!(self.good.contains(&hash), "kept what nobody called good");
        self.keeps += 1;
        if let Some(process) = self.process.as_mut().filter(|process| process.hash == hash) {
            process.trial = None;
        }
    }

    /// No more than the longest deadline for one attempt on one disk.
    fn charge(&mut self, seed: u64) {
        let Some(Process { hash, trial: Some((attempt, _)), life }) = self.process else { return };
        if self.good.contains(&hash) {
            return;
        }
        let ran = self.ran.entry((life, hash, attempt)).or_default();
        *ran += TICK;
        assert!(ran.as_secs() <= TIMEOUT_MAX, "seed {seed}: {hash:?} ran past its deadline on trial");
    }
}
