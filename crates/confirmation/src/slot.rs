//! One workload on one node.

use std::time::Duration;

use crate::directive::{Directive, Refusal};
use crate::goal::{Goal, condemned, goal};
use crate::input::{Action, Input, Now};
use crate::limits::{RESTART_BACKOFF, RESTART_BACKOFF_MAX, RESTART_RESET, RETRY};
use crate::record::Record;
use crate::revision::RevisionHash;
use crate::trial::{Attempt, Trial};
use crate::wave::position;

/// Who this node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.uid`: another one under the same name is another node.
    pub uid: String,
    /// A control-plane node: what breaks it breaks more than a node.
    pub goes_last: bool,
}

impl Node {
    /// Its place among all nodes: its [`position`], or the very last.
    pub fn place(&self, rollout: &str) -> u32 {
        if self.goes_last { u32::MAX } else { position(rollout, &self.uid) }
    }
}

/// What a slot is at, for people and for the hub's counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing runs and nothing is wanted.
    Idle,
    /// Something is wanted and does not run yet (content, time, a write, the end of what ran before).
    Waiting,
    /// It runs on trial.
    Trial(RevisionHash),
    /// It runs and is known to be good.
    Good(RevisionHash),
    /// A person said stop.
    Held,
}

/// The state machine. Everything that must outlive a crash is in its [`Record`].
#[derive(Debug, Clone)]
pub struct Slot {
    cluster: String,
    node: Node,
    record: Record,
    writing: Writing,
    process: Process,
    /// Contents that are on the node.
    contents: Vec<RevisionHash>,
    /// Being fetched, and when to ask again.
    fetching: Option<(RevisionHash, Option<Duration>)>,
    /// What is to be started next, and not before when.
    planned: Option<(RevisionHash, Duration)>,
    /// The next start of a trial is counted down already.
    armed: bool,
    /// Ends in a row, and the last start.
    ends: (u32, Duration),
    outage: bool,
    /// By people at this node; whoever says so says it again after a restart.
    frozen: bool,
    quiesced: bool,
    refused: Option<Refusal>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Process {
    None,
    Up(RevisionHash, Role),
    Stopping,
}

/// As what it was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Good,
    /// On trial, by [`Directive::attempt`].
    Trial(u32),
    /// Found running, and nothing is written down of it: it is stopped.
    Unknown,
}

/// How far the record is from the disk. A generation is one state of it.
#[derive(Debug, Clone, Copy, Default)]
struct Writing {
    generation: u64,
    asked: u64,
    written: u64,
    retry_at: Option<Duration>,
}

impl Slot {
    /// A slot that goes on from a record. `running` is what its workload runs now, as found by who asks; `contents` are the
    /// revisions on the node's disk. The first input is to be a [`Input::Tick`].
    pub fn new(
        cluster: String,
        node: Node,
        record: Record,
        running: Option<RevisionHash>,
        contents: Vec<RevisionHash>,
    ) -> Self {
        // What was started before its trial was replaced is taken for the new one: its gate keeps the older, nearer deadline.
        let role = |hash| match record.trial {
            Some(trial) if trial.attempt.revision == hash => Role::Trial(trial.attempt.number),
            _ if record.good.contains(&hash) => Role::Good,
            _ => Role::Unknown,
        };
        let process = running.map_or(Process::None, |hash| Process::Up(hash, role(hash)));
        Self {
            cluster,
            node,
            record,
            writing: Writing::default(),
            process,
            contents,
            fetching: None,
            planned: None,
            armed: false,
            ends: (0, Duration::ZERO),
            outage: false,
            frozen: false,
            quiesced: false,
            refused: None,
        }
    }

    /// Takes something in; says what is to be done, in this order.
    pub fn step(&mut self, input: Input, now: Now) -> Vec<Action> {
        self.take(input, now);
        let mut actions = Vec::new();
        self.settle(now, &mut actions);
        self.write(now, &mut actions);
        actions
    }

    /// When to send a [`Input::Tick`] if nothing else happens before, as time since boot.
    pub fn wake_at(&self, now: Now) -> Option<Duration> {
        let trial = self.record.trial.filter(Trial::has_begun).map(|trial| now.up + trial.left(now));
        let planned = self.planned.map(|(_, at)| at).filter(|at| *at > now.up);
        let fetch = self.fetching.and_then(|(_, retry)| retry);
        [trial, planned, fetch, self.writing.retry_at].into_iter().flatten().min()
    }

    /// What it is at.
    pub fn phase(&self) -> Phase {
        match self.process {
            _ if self.record.held => Phase::Held,
            Process::Up(hash, Role::Trial(_) | Role::Unknown) => Phase::Trial(hash),
            Process::Up(hash, Role::Good) => Phase::Good(hash),
            Process::None if self.goal() == Goal::Nothing => Phase::Idle,
            Process::None | Process::Stopping => Phase::Waiting,
        }
    }

    /// What is written down, or about to be.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Why the last directive was not followed; none if it was.
    pub fn refused(&self) -> Option<Refusal> {
        self.refused
    }

    /// Whether the workload was told to leave the API server alone.
    pub fn is_quiesced(&self) -> bool {
        self.quiesced
    }

    fn take(&mut self, input: Input, now: Now) {
        match input {
            Input::Directive(directive) => self.follow(*directive, now),
            Input::Tick => {}
            Input::Persisted(generation) => self.writing.written = self.writing.written.max(generation),
            Input::PersistFailed => self.not_written(now),
            Input::Fetched(hash) => {
                self.fetching = None;
                self.contents.push(hash);
            }
            Input::FetchFailed(hash) => self.fetching = Some((hash, Some(now.up + RETRY))),
            Input::Ended => self.ended(now),
            Input::Outage(outage) => self.outage = outage,
            Input::Freeze(frozen) => self.frozen = frozen,
            Input::Hold(held) => self.change(|record| record.held = held),
            Input::Revert => self.revert(),
            Input::Quarantine(hash) => self.change(|record| record.quarantine(hash)),
            Input::Allow(hash) => self.change(|record| {
                record.quarantined.retain(|bad| *bad != hash);
                record.failed.retain(|attempt| attempt.revision != hash);
            }),
        }
    }

    fn follow(&mut self, directive: Directive, now: Now) {
        let known = self.record.directive.as_ref();
        self.refused = directive.admit(&self.cluster, known, self.record.floor, now).err();
        if self.refused.is_some() || known == Some(&directive) {
            return;
        }
        self.change(|record| {
            record.floor = record.floor.max(directive.issued);
            record.directive = Some(directive);
        });
    }

    fn ended(&mut self, now: Now) {
        let before = std::mem::replace(&mut self.process, Process::None);
        let Process::Up(hash, _) = before else { return };
        // By itself: wait longer each time, unless it had run for long.
        let (in_a_row, started) = self.ends;
        let in_a_row = if now.up.saturating_sub(started) >= RESTART_RESET { 0 } else { in_a_row };
        let wait = RESTART_BACKOFF.saturating_mul(1 << in_a_row.min(5)).min(RESTART_BACKOFF_MAX);
        self.ends.0 = in_a_row + 1;
        self.planned = Some((hash, now.up + wait));
    }

    fn revert(&mut self) {
        match (self.record.trial, self.process) {
            (Some(trial), _) => self.give_up(trial),
            (None, Process::Up(hash, _)) => self.change(|record| record.quarantine(hash)),
            _ => {}
        }
    }

    fn not_written(&mut self, now: Now) {
        self.writing.asked = self.writing.written;
        self.writing.retry_at = Some(now.up + RETRY);
    }

    /// Brings what is closer to what should be, one step.
    fn settle(&mut self, now: Now, actions: &mut Vec<Action>) {
        self.judge_trial(now, actions);
        let goal = self.goal();
        match self.process {
            Process::Stopping => {}
            Process::Up(..) if self.runs(goal) => self.planned = None,
            // Neither good nor wanted: not for another moment, whatever comes after it.
            Process::Up(hash, role)
                if role != Role::Good || goal == Goal::Nothing || condemned(&self.record, hash) =>
            {
                self.stop(hash, actions);
                self.plan_revert(goal, now);
            }
            Process::Up(hash, _) => {
                if self.is_ready(goal, now, actions) {
                    self.stop(hash, actions);
                }
            }
            Process::None => {
                if self.is_ready(goal, now, actions) {
                    self.start(goal, now, actions);
                }
            }
        }
        let quiesced = self.outage && matches!(self.phase(), Phase::Good(_));
        if quiesced != self.quiesced {
            self.quiesced = quiesced;
            actions.push(Action::Quiesce(quiesced));
        }
    }

    /// Ends a trial that is won, lost or no longer wanted, and begins the one that is wanted.
    fn judge_trial(&mut self, now: Now, actions: &mut Vec<Action>) {
        if let Some(trial) = self.record.trial {
            let out_of_tries = trial.tries_left == 0 && !self.armed && !self.runs_trial();
            if trial.left(now).is_zero() || out_of_tries {
                self.give_up(trial);
            }
        }
        let goal = self.goal();
        match (self.record.trial, goal) {
            (Some(trial), Goal::Trial(attempt)) if trial.attempt == attempt => {}
            (_, Goal::Trial(attempt)) => {
                let Some(directive) = &self.record.directive else { return };
                let timeout = Duration::from_secs(directive.confirm_timeout);
                let trial = Trial::new(attempt, directive.tries, timeout);
                self.end_trial();
                self.change(|record| record.trial = Some(trial));
            }
            (Some(_), _) => {
                if let Process::Up(hash, Role::Trial(_)) = self.process
                    && goal == Goal::Good(hash)
                {
                    self.process = Process::Up(hash, Role::Good);
                    actions.push(Action::Keep(hash));
                    self.change(|record| {
                        record.keep(hash);
                        record.trial = None;
                    });
                }
                self.end_trial();
            }
            (None, _) => {}
        }
    }

    /// Whether the goal can be started now; if not, asks for what is missing.
    fn is_ready(&mut self, goal: Goal, now: Now, actions: &mut Vec<Action>) -> bool {
        let Some(hash) = goal.revision() else { return false };
        let at = match self.planned {
            Some((planned, at)) if planned == hash => at,
            _ => {
                let at = now.up + self.start_wait(hash);
                self.planned = Some((hash, at));
                at
            }
        };
        self.has_content(hash, now, actions) && now.up >= at && self.is_counted_down(goal, now)
    }

    fn has_content(&mut self, hash: RevisionHash, now: Now, actions: &mut Vec<Action>) -> bool {
        if self.contents.contains(&hash) {
            return true;
        }
        let asked = match self.fetching {
            Some((fetching, retry)) => fetching == hash && retry.is_none_or(|at| now.up < at),
            None => false,
        };
        if !asked {
            self.fetching = Some((hash, None));
            actions.push(Action::Fetch(hash));
        }
        false
    }

    /// A trial starts only after its countdown is on the disk; what is good needs no disk.
    fn is_counted_down(&mut self, goal: Goal, now: Now) -> bool {
        if !matches!(goal, Goal::Trial(_)) {
            return true;
        }
        if !self.armed {
            self.armed = true;
            if let Some(trial) = &mut self.record.trial {
                trial.count_down(now);
            }
            self.writing.generation += 1;
        }
        self.writing.written == self.writing.generation
    }

    fn start(&mut self, goal: Goal, now: Now, actions: &mut Vec<Action>) {
        let Some(hash) = goal.revision() else { return };
        let (role, left) = match goal {
            Goal::Trial(attempt) => {
                (Role::Trial(attempt.number), self.record.trial.map(|trial| trial.left(now)))
            }
            _ => (Role::Good, None),
        };
        if role == Role::Good && self.record.good.first() != Some(&hash) {
            self.change(|record| record.keep(hash));
        }
        self.ends.1 = now.up;
        self.armed = false;
        self.planned = None;
        self.process = Process::Up(hash, role);
        actions.push(Action::Start(hash, left));
    }

    fn stop(&mut self, hash: RevisionHash, actions: &mut Vec<Action>) {
        self.process = Process::Stopping;
        self.ends.0 = 0;
        actions.push(Action::Stop(hash));
    }

    fn plan_revert(&mut self, goal: Goal, now: Now) {
        let spread = self.record.directive.as_ref().map_or(0, |directive| directive.revert_spread);
        self.planned = goal.revision().map(|hash| (hash, now.up + self.share_of(spread)));
    }

    /// The new revision starts over the wave's spread; what ran here before starts at once.
    fn start_wait(&self, hash: RevisionHash) -> Duration {
        match &self.record.directive {
            Some(directive) if directive.revision == hash.as_bytes() && !self.record.good.contains(&hash) => {
                self.share_of(directive.start_spread)
            }
            _ => Duration::ZERO,
        }
    }

    /// This node's moment within a spread: by another hash than its place among the waves, which is what chose it.
    fn share_of(&self, spread_seconds: u64) -> Duration {
        let share = f64::from(position("spread", &self.node.uid)) / 2f64.powi(32);
        Duration::from_secs(spread_seconds).mul_f64(share)
    }

    fn write(&mut self, now: Now, actions: &mut Vec<Action>) {
        let waits = self.writing.retry_at.is_some_and(|at| now.up < at);
        if waits || self.writing.asked == self.writing.generation {
            return;
        }
        self.writing.retry_at = None;
        self.writing.asked = self.writing.generation;
        actions.push(Action::Persist(self.writing.generation, Box::new(self.record.clone())));
    }

    fn goal(&self) -> Goal {
        let running = match self.process {
            Process::Up(hash, Role::Good) => Some(hash),
            Process::Up(..) | Process::None | Process::Stopping => None,
        };
        goal(&self.record, &self.node, running, self.frozen)
    }

    fn runs(&self, goal: Goal) -> bool {
        match (self.process, goal) {
            (Process::Up(hash, Role::Good), Goal::Good(good)) => hash == good,
            (Process::Up(hash, Role::Trial(number)), Goal::Trial(attempt)) => {
                attempt == (Attempt { revision: hash, number })
            }
            _ => false,
        }
    }

    /// Whether what runs is the trial that is written down.
    fn runs_trial(&self) -> bool {
        self.record.trial.is_some_and(|trial| self.runs(Goal::Trial(trial.attempt)))
    }

    /// Ends a trial that nobody wants any more. If it had begun, its time is not given again: that needs another attempt.
    fn end_trial(&mut self) {
        match self.record.trial {
            Some(trial) if trial.has_begun() => self.give_up(trial),
            Some(_) => self.change(|record| record.trial = None),
            None => {}
        }
        self.armed = false;
    }

    fn give_up(&mut self, trial: Trial) {
        self.armed = false;
        self.change(|record| {
            record.give_up(trial.attempt);
            record.trial = None;
        });
    }

    fn change(&mut self, how: impl FnOnce(&mut Record)) {
        how(&mut self.record);
        self.writing.generation += 1;
    }
}
