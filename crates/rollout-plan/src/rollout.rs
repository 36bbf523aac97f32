//! One rollout: what is said to the nodes next, from the plan, what was seen, and the time.

use std::time::Duration;

use confirmation::{Directive, RevisionHash, Wave};

use crate::count::NodeCount;
use crate::gate::GateState;
use crate::limits::{DETECTION, MASS_REVERT_MIN, MASS_REVERT_SHARE};
use crate::observation::{Command, Identity, Observation, Phase};
use crate::order::{grow, size};
use crate::plan::{Plan, PlanError, Step};
use crate::stop::Stop;

/// A bake that nobody wrote: the masking horizon and a detection window.
const BAKE: Step = Step::Bake { at_least: Duration::ZERO, min_samples: 1 };

/// The state machine.
#[derive(Debug, Clone)]
pub struct Rollout {
    plan: Plan,
    identity: Identity,
    revision: RevisionHash,
    stable: Option<RevisionHash>,
    gates: Vec<GateState>,
    attempt: u32,
    step: usize,
    /// When the step began, and when its nodes ran.
    entered: Option<Duration>,
    settled: Option<Duration>,
    assigned: Wave,
    confirmed: Wave,
    confirm_timeout: Duration,
    paused: bool,
    frozen: bool,
    promoted: bool,
    full: bool,
    stop: Option<Stop>,
    running: u32,
    /// Where bakes were put in because somebody said pause.
    held_at: Vec<u32>,
    /// The plan's, before bakes were put in.
    steps: String,
}

/// A [`Rollout`] on the disk.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Saved {
    /// 32 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub revision: Vec<u8>,
    /// 32 bytes, or none on a first install.
    #[prost(bytes = "vec", tag = "2")]
    pub stable: Vec<u8>,
    /// The number of this try.
    #[prost(uint32, tag = "3")]
    pub attempt: u32,
    #[prost(uint32, tag = "4")]
    step: u32,
    #[prost(message, required, tag = "5")]
    assigned: Wave,
    #[prost(message, required, tag = "6")]
    confirmed: Wave,
    #[prost(string, tag = "7")]
    stop_reason: String,
    #[prost(string, tag = "8")]
    stop_sentence: String,
    #[prost(uint64, tag = "9")]
    confirm_timeout: u64,
    #[prost(uint32, repeated, tag = "10")]
    held_at: Vec<u32>,
    /// Of the plan: `step` counts in it.
    #[prost(string, tag = "11")]
    steps: String,
}

impl Rollout {
    /// A rollout of `revision` where `stable` runs now, or nothing.
    ///
    /// # Errors
    /// The plan cannot be meant.
    pub fn new(
        mut plan: Plan,
        identity: Identity,
        revision: RevisionHash,
        stable: Option<RevisionHash>,
    ) -> Result<Self, PlanError> {
        plan.check()?;
        let steps = format!("{:?}", plan.steps);
        confirm_before_waiting(&mut plan.steps);
        Ok(Self {
            steps,
            gates: vec![GateState::default(); plan.gates.len()],
            plan,
            identity,
            revision,
            stable,
            attempt: 1,
            step: 0,
            entered: None,
            settled: None,
            assigned: Wave::none(),
            confirmed: Wave::none(),
            confirm_timeout: Duration::ZERO,
            paused: false,
            frozen: false,
            promoted: false,
            full: false,
            stop: None,
            running: 0,
            held_at: Vec::new(),
        })
    }

    /// The same with another number for its first try: nodes refuse a number under which they gave this revision up.
    #[must_use]
    pub fn numbered(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// A person said something.
    pub fn command(&mut self, command: Command) {
        match command {
            Command::Pause => self.hold(|this| this.paused = true),
            Command::Resume => self.paused = false,
            Command::Promote { full } => {
                self.promoted = true;
                self.full |= full;
            }
            Command::Abort => self.stop(Stop::Aborted),
            Command::Retry => self.retry(),
            Command::Freeze(true) => self.hold(|this| this.frozen = true),
            Command::Freeze(false) => self.frozen = false,
        }
    }

    /// Looks at what is known, and goes a step if it may.
    pub fn observe(&mut self, seen: &Observation<'_>) {
        self.running = seen.running;
        // No node at all is a cluster that is not known, not one in which all is well.
        if self.stop.is_some() || self.is_done() || seen.nodes.is_empty() {
            return;
        }
        if self.entered.is_none() {
            self.enter(seen);
        }
        let judged = self.judge_gates(seen).and_then(|()| self.judge_nodes(seen));
        if let Err(stop) = judged.and_then(|()| self.proceed(seen)) {
            self.stop(stop);
        }
    }

    /// What the nodes are to be told. The serial and the times are the controller's.
    pub fn directive(&self, serial: u64, issued: u64, not_after: u64) -> Directive {
        let stopped = self.stop.is_some();
        Directive {
            cluster: self.identity.cluster.clone(),
            rollout: self.identity.rollout.clone(),
            workload: self.identity.workload.clone(),
            serial,
            issued,
            not_after,
            revision: self.revision.as_bytes().to_vec(),
            attempt: self.attempt,
            stable: self.stable.map(|hash| hash.as_bytes().to_vec()).unwrap_or_default(),
            assigned: if stopped { Wave::none() } else { self.assigned.clone() },
            confirmed: if stopped { Wave::none() } else { self.confirmed.clone() },
            quarantined: if stopped { vec![self.revision.as_bytes().to_vec()] } else { Vec::new() },
            frozen: self.is_frozen(),
            confirm_timeout: self.confirm_timeout.max(self.plan.confirm_timeout).as_secs(),
            start_spread: self.plan.start_spread.as_secs(),
            revert_spread: self.plan.revert_spread.as_secs(),
            tries: self.plan.tries,
        }
    }

    /// For people.
    pub fn phase(&self) -> Phase {
        match (&self.stop, self.plan.steps.get(self.step)) {
            (Some(_), _) if self.running > 0 => Phase::Reverting,
            (Some(_), _) => Phase::Degraded,
            (None, None) => Phase::Healthy,
            _ if self.is_frozen() => Phase::Frozen,
            (None, Some(Step::Pause(_))) => Phase::Paused,
            _ if self.paused => Phase::Paused,
            (None, Some(Step::Bake { .. })) => Phase::Baking,
            (None, Some(Step::SetNodes(_))) => Phase::Progressing,
        }
    }

    /// What must outlive the controller.
    pub fn save(&self) -> Saved {
        Saved {
            revision: self.revision.as_bytes().to_vec(),
            stable: self.stable.map(|hash| hash.as_bytes().to_vec()).unwrap_or_default(),
            attempt: self.attempt,
            step: u32::try_from(self.step).unwrap_or(u32::MAX),
            assigned: self.assigned.clone(),
            confirmed: self.confirmed.clone(),
            stop_reason: self.stop.as_ref().map(|stop| stop.reason().to_owned()).unwrap_or_default(),
            stop_sentence: self.stop.as_ref().map(ToString::to_string).unwrap_or_default(),
            confirm_timeout: self.confirm_timeout.as_secs(),
            held_at: self.held_at.clone(),
            steps: self.steps.clone(),
        }
    }

    /// Goes on from there: the present step begins anew, and nothing is forgotten that nodes were told.
    ///
    /// # Errors
    /// The plan cannot be meant.
    pub fn restore(plan: Plan, identity: Identity, saved: &Saved) -> Result<Self, PlanError> {
        let revision = RevisionHash::from_bytes(&saved.revision).unwrap_or(RevisionHash::of(b""));
        let mut this = Self::new(plan, identity, revision, RevisionHash::from_bytes(&saved.stable))?;
        this.attempt = saved.attempt;
        (this.assigned, this.confirmed) = (saved.assigned.clone(), saved.confirmed.clone());
        this.confirm_timeout = Duration::from_secs(saved.confirm_timeout);
        // Other steps than those in which it was counted are gone through from the first; waves only grow.
        if saved.steps == this.steps {
            for &at in &saved.held_at {
                let at = (at as usize).min(this.plan.steps.len());
                this.plan.steps.insert(at, BAKE);
            }
            this.held_at.clone_from(&saved.held_at);
            this.step = (saved.step as usize).min(this.plan.steps.len());
        }
        if !saved.stop_reason.is_empty() {
            let (reason, sentence) = (saved.stop_reason.clone(), saved.stop_sentence.clone());
            this.stop = Some(Stop::Earlier { reason, sentence });
        }
        Ok(this)
    }

    /// Why it stopped.
    pub fn stopped(&self) -> Option<&Stop> {
        self.stop.as_ref()
    }

    /// The number of this try.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// `status.currentStepIndex`.
    pub fn step(&self) -> usize {
        self.step
    }

    /// The plan, with the bakes that were put in.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What each gate has seen.
    pub fn gates(&self) -> &[GateState] {
        &self.gates
    }

    /// Nodes that are given the revision, confirmed or not.
    pub fn assigned(&self) -> &Wave {
        &self.assigned
    }

    fn is_done(&self) -> bool {
        self.step >= self.plan.steps.len()
    }

    fn is_frozen(&self) -> bool {
        self.frozen || self.stop.as_ref().is_some_and(|stop| stop.reason() == "MassRevert")
    }

    /// What is on trial is baked and confirmed all the same: nodes would not wait for a person to come back.
    fn hold(&mut self, how: impl FnOnce(&mut Self)) {
        how(self);
        let next = self.plan.steps.get(self.step + 1);
        if matches!(self.plan.steps.get(self.step), Some(Step::SetNodes(_)))
            && !matches!(next, Some(Step::Bake { .. }))
        {
            self.plan.steps.insert(self.step + 1, BAKE);
            self.held_at.push(u32::try_from(self.step + 1).unwrap_or(u32::MAX));
        }
    }

    fn is_held(&self) -> bool {
        self.paused || self.is_frozen()
    }

    fn stop(&mut self, stop: Stop) {
        self.stop.get_or_insert(stop);
    }

    fn retry(&mut self) {
        if self.stop.take().is_none() {
            return;
        }
        self.attempt += 1;
        (self.step, self.entered, self.settled) = (0, None, None);
        (self.assigned, self.confirmed) = (Wave::none(), Wave::none());
        (self.promoted, self.full) = (false, false);
        self.gates = vec![GateState::default(); self.plan.gates.len()];
    }

    /// Begins the present step.
    fn enter(&mut self, seen: &Observation<'_>) {
        self.entered = Some(seen.now);
        self.settled = None;
        self.gates.iter_mut().for_each(GateState::next_step);
        let Some(Step::SetNodes(count)) = self.plan.steps.get(self.step).copied() else { return };
        let horizon = seen.horizon.unwrap_or_default();
        self.confirm_timeout = self.plan.confirm_timeout(self.step, horizon);
        let nodes = count.of(total(seen));
        self.assigned = match count {
            NodeCount::ALL => Wave::all(),
            _ => grow(&self.assigned, seen.nodes, nodes),
        };
    }

    fn judge_gates(&mut self, seen: &Observation<'_>) -> Result<(), Stop> {
        // While nodes start and stop, a cost is nobody's.
        let nodes = self.settled.map(|_| seen.running);
        for (at, gate) in self.plan.gates.iter().enumerate() {
            let state = &mut self.gates[at];
            let failed = |failure| Stop::Gate { gate: gate.name.clone(), failure };
            for (_, sample) in seen.samples.iter().filter(|(of, _)| *of == at) {
                state.take(gate, *sample, nodes, seen.now).map_err(failed)?;
            }
            state.look(gate, seen.now).map_err(failed)?;
        }
        Ok(())
    }

    fn judge_nodes(&self, seen: &Observation<'_>) -> Result<(), Stop> {
        let (reverted, given) = (seen.reverted, self.given(seen));
        let share = f64::from(reverted) / f64::from(given.max(1));
        if reverted >= MASS_REVERT_MIN && share >= MASS_REVERT_SHARE {
            return Err(Stop::MassRevert { reverted, given });
        }
        let tolerated = self.tolerated(given);
        if reverted > tolerated {
            return Err(Stop::NodesReverted { reverted, given, tolerated });
        }
        Ok(())
    }

    /// How many nodes of a wave may be silent or gone back: of one or two, not one.
    fn tolerated(&self, given: u32) -> u32 {
        self.plan.max_unavailable.min(given / 3)
    }

    fn proceed(&mut self, seen: &Observation<'_>) -> Result<(), Stop> {
        let after = seen.now.saturating_sub(self.entered.unwrap_or(seen.now));
        let given = self.given(seen);
        let missing = given.saturating_sub(seen.running);
        if self.settled.is_none() && missing <= self.tolerated(given) {
            self.settled = Some(seen.now);
            // What came while nodes were starting says little of the step.
            self.gates.iter_mut().for_each(GateState::next_step);
        }
        let Some(settled) = self.settled else {
            return match after > self.plan.progress_deadline {
                true => Err(Stop::ProgressDeadlineExceeded { running: seen.running, given, after }),
                false => Ok(()),
            };
        };
        // As soon as it is certain that more nodes would be too many, without waiting for the end of the step.
        let foreseen = self.foresee(seen)?;
        let watched = seen.now.saturating_sub(settled);
        match self.missing(seen, watched, foreseen) {
            None => self.advance(seen),
            Some(Missing::Time) => {}
            Some(Missing::Knowledge(missing)) if after > self.deadline(seen) => {
                return Err(Stop::Inconclusive { missing, after });
            }
            Some(Missing::Knowledge(_)) => {}
        }
        Ok(())
    }

    /// What is missing before the present step is over; in the end, what the forecast lacks.
    fn missing(
        &self,
        seen: &Observation<'_>,
        watched: Duration,
        foreseen: Option<Missing>,
    ) -> Option<Missing> {
        let step = self.plan.steps.get(self.step).copied()?;
        if let Step::Pause(time) = step {
            let is_over = self.promoted || self.full || time.is_some_and(|time| watched >= time);
            return (!is_over).then_some(Missing::Time);
        }
        let min_samples = match step {
            Step::Bake { min_samples, .. } => min_samples.max(1),
            _ => 1,
        };
        if watched < self.soak(seen) {
            return Some(Missing::Time);
        }
        if matches!(step, Step::Bake { .. }) && seen.horizon.is_none() {
            return Some(Missing::Knowledge("how long DNS caches could hide a failure".into()));
        }
        for (gate, state) in self.plan.gates.iter().zip(&self.gates) {
            if state.samples < min_samples {
                let missing = format!("gate {:?} has {} of {min_samples} samples", gate.name, state.samples);
                return Some(Missing::Knowledge(missing));
            }
        }
        foreseen
    }

    /// Whether the next number of nodes, and all of them, would stay within the gates' bounds.
    fn foresee(&self, seen: &Observation<'_>) -> Result<Option<Missing>, Stop> {
        let next = self.plan.steps[self.step + 1..].iter().find_map(|step| match step {
            Step::SetNodes(count) => Some(count.of(total(seen))),
            _ => None,
        });
        let Some(next) = next else { return Ok(None) };
        for (gate, state) in self.plan.gates.iter().zip(&self.gates).filter(|(gate, _)| gate.predict) {
            let failed = |failure| Stop::Gate { gate: gate.name.clone(), failure };
            if !state.foresee(gate, &[next, total(seen)]).map_err(failed)? {
                let missing =
                    format!("gate {:?} cannot yet rule out that {next} or all nodes are too many", gate.name);
                return Ok(Some(Missing::Knowledge(missing)));
            }
        }
        Ok(None)
    }

    fn advance(&mut self, seen: &Observation<'_>) {
        if matches!(self.plan.steps.get(self.step), Some(Step::Bake { .. })) {
            self.confirmed = self.assigned.clone();
        }
        if self.is_held() && matches!(self.plan.steps.get(self.step + 1), Some(Step::SetNodes(_))) {
            return;
        }
        self.step += 1;
        // A promotion is for the step at which it was said, also by a controller that had not yet looked at it.
        self.promoted = false;
        if !self.is_done() {
            self.enter(seen);
        }
    }

    fn soak(&self, seen: &Observation<'_>) -> Duration {
        let soak = self.plan.soak(self.step, seen.horizon.unwrap_or_default());
        if self.full { soak.min(DETECTION) } else { soak }
    }

    fn deadline(&self, seen: &Observation<'_>) -> Duration {
        self.plan.progress_deadline + self.soak(seen)
    }

    fn given(&self, seen: &Observation<'_>) -> u32 {
        size(&self.assigned, seen.nodes)
    }
}

enum Missing {
    Time,
    Knowledge(String),
}

fn total(seen: &Observation<'_>) -> u32 {
    u32::try_from(seen.nodes.len()).unwrap_or(u32::MAX)
}

/// Nodes are on trial until a bake is over: a plan must not wait for a person, or end, before that.
fn confirm_before_waiting(steps: &mut Vec<Step>) {
    let mut at = 0;
    while at < steps.len() {
        let waits_next = matches!(steps.get(at + 1), None | Some(Step::Pause(_)));
        if matches!(steps[at], Step::SetNodes(_)) && waits_next {
            steps.insert(at + 1, BAKE);
        }
        at += 1;
    }
}
