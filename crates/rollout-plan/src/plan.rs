//! What was asked for: steps, gates, deadlines. And whether it can be meant.

use std::time::Duration;

use crate::count::NodeCount;
use crate::gate::Gate;
use crate::limits::{CONFIRM_SLACK, DETECTION, GATES_MAX, STEPS_MAX};

/// One step of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many nodes run the new revision, on trial.
    SetNodes(NodeCount),
    /// Watch what is on trial; confirm it in the end. Never shorter than the masking horizon and [`DETECTION`].
    Bake {
        /// No shorter than this either.
        at_least: Duration,
        /// And not before each gate has given so many samples.
        min_samples: u32,
    },
    /// Wait; without a time, for somebody to say `promote`.
    Pause(Option<Duration>),
}

/// A rollout as it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// In this order.
    pub steps: Vec<Step>,
    /// All of them hold all the time; one that does not stops the rollout.
    pub gates: Vec<Gate>,
    /// Nodes of a wave that may be silent or gone back without stopping the rollout.
    pub max_unavailable: u32,
    /// No step takes longer to get its nodes going.
    pub progress_deadline: Duration,
    /// From the first start on a node to its revert, if that is longer than what the steps need.
    pub confirm_timeout: Duration,
    /// The nodes of a wave start spread over this.
    pub start_spread: Duration,
    /// Nodes that go back start the old revision spread over this.
    pub revert_spread: Duration,
    /// Starts that a revision on trial has on a node.
    pub tries: u32,
}

/// Why a plan cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Nothing to do.
    #[error("there is no setNodes step: a plan says at least how many nodes go first")]
    NoSteps,
    /// [`STEPS_MAX`], [`GATES_MAX`].
    #[error("{count} {what} are more than {max}: fewer, larger ones are needed")]
    TooMany {
        /// `steps` or `gates`.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        max: usize,
    },
    /// A step that takes nodes away again.
    #[error(
        "step {step} (setNodes {now}) is not more than what comes before it (setNodes {before}): a rollout only grows; use abort to go back"
    )]
    Shrinks {
        /// Counted from one.
        step: usize,
        /// What it says.
        now: NodeCount,
        /// What an earlier one says.
        before: NodeCount,
    },
    /// The first wave is more than one node.
    #[error("the first step is setNodes {0}: nothing is known yet, so it must be 1")]
    FirstIsNotOne(NodeCount),
    /// A bake or a pause before anything runs.
    #[error("step {0} comes before the first setNodes: there is nothing to watch yet")]
    NothingToWatch(usize),
    /// A plan that ends before all nodes.
    #[error("the last setNodes is {0}, not 100%: new nodes would never get the revision")]
    DoesNotEnd(NodeCount),
    /// A rollout that nothing can stop.
    #[error("there is no gate: a rollout that nothing can stop is not begun")]
    NoGates,
    /// Two gates under one name.
    #[error("two gates are called {0:?}: each needs its own name")]
    SameGate(String),
    /// A gate that contradicts itself.
    #[error("gate {name:?}: {problem}")]
    Gate {
        /// Its name.
        name: String,
        /// What is wrong and what to do.
        problem: &'static str,
    },
    /// A wait that is out of its bounds.
    #[error("{field} is {seconds} s: it must be {expected}")]
    Time {
        /// The field.
        field: &'static str,
        /// What it says.
        seconds: u64,
        /// What it may say.
        expected: &'static str,
    },
    /// A try to start nothing.
    #[error("confirm.tries is 0: a revision that may not be started cannot be tried")]
    NoTries,
}

impl Plan {
    /// One node, doubling to eight, then shares; a bake after the first, after eight and in the end.
    pub fn doubling(gates: Vec<Gate>) -> Self {
        let bake = Step::Bake { at_least: Duration::ZERO, min_samples: 5 };
        let nodes = |count| Step::SetNodes(NodeCount::Nodes(count));
        let share = |percent| Step::SetNodes(NodeCount::Percent(percent));
        let steps = vec![
            nodes(1),
            bake,
            nodes(2),
            nodes(4),
            nodes(8),
            bake,
            share(1),
            share(10),
            bake,
            share(100),
            bake,
        ];
        Self {
            steps,
            gates,
            max_unavailable: 1,
            progress_deadline: Duration::from_secs(1_800),
            confirm_timeout: Duration::from_secs(600),
            start_spread: Duration::from_secs(10),
            revert_spread: Duration::from_secs(60),
            tries: 3,
        }
    }

    /// Whether it can be meant.
    ///
    /// # Errors
    /// The first reason why not, as a sentence.
    pub fn check(&self) -> Result<(), PlanError> {
        let many = |what, count, max| match count > max {
            true => Err(PlanError::TooMany { what, count, max }),
            false => Ok(()),
        };
        many("steps", self.steps.len(), STEPS_MAX)?;
        many("gates", self.gates.len(), GATES_MAX)?;
        self.check_steps()?;
        self.check_gates()?;
        self.check_times()
    }

    /// How long a step is watched before the next one: a bake for what it says, the masking horizon and [`DETECTION`].
    pub fn soak(&self, step: usize, horizon: Duration) -> Duration {
        match self.steps.get(step) {
            Some(Step::Bake { at_least, .. }) => (*at_least).max(horizon + DETECTION),
            Some(Step::SetNodes(_)) => DETECTION,
            _ => Duration::ZERO,
        }
    }

    /// From a node's first start in this step to its revert: what is left of the steps up to the confirmation, and the same
    /// again, because nodes and people are slow.
    pub fn confirm_timeout(&self, step: usize, horizon: Duration) -> Duration {
        let mut needed = Duration::ZERO;
        for (at, step) in self.steps.iter().enumerate().skip(step) {
            needed += self.soak(at, horizon);
            match step {
                Step::SetNodes(_) => needed += self.start_spread,
                Step::Bake { .. } | Step::Pause(_) => break,
            }
        }
        self.confirm_timeout.max(needed * CONFIRM_SLACK)
    }

    fn check_steps(&self) -> Result<(), PlanError> {
        let mut before: Option<NodeCount> = None;
        for (at, step) in self.steps.iter().enumerate() {
            match (step, before) {
                (Step::SetNodes(first), None) if first.of(u32::MAX) != 1 => {
                    return Err(PlanError::FirstIsNotOne(*first));
                }
                (Step::SetNodes(now), Some(before)) if !grows(before, *now) => {
                    return Err(PlanError::Shrinks { step: at + 1, now: *now, before });
                }
                (Step::SetNodes(count), _) => before = Some(*count),
                (_, None) => return Err(PlanError::NothingToWatch(at + 1)),
                _ => {}
            }
        }
        match before {
            None => Err(PlanError::NoSteps),
            Some(NodeCount::ALL) => Ok(()),
            Some(last) => Err(PlanError::DoesNotEnd(last)),
        }
    }

    fn check_gates(&self) -> Result<(), PlanError> {
        if self.gates.is_empty() {
            return Err(PlanError::NoGates);
        }
        for (at, gate) in self.gates.iter().enumerate() {
            if self.gates[..at].iter().any(|other| other.name == gate.name) {
                return Err(PlanError::SameGate(gate.name.clone()));
            }
            gate.check().map_err(|problem| PlanError::Gate { name: gate.name.clone(), problem })?;
        }
        Ok(())
    }

    fn check_times(&self) -> Result<(), PlanError> {
        let within = |field, time: Duration, from: u64, to: u64, expected| {
            let seconds = time.as_secs();
            match (from..=to).contains(&seconds) {
                true => Ok(()),
                false => Err(PlanError::Time { field, seconds, expected }),
            }
        };
        within("progressDeadlineSeconds", self.progress_deadline, 60, 86_400, "from a minute to a day")?;
        within("confirm.timeout", self.confirm_timeout, 10, 86_400, "from ten seconds to a day")?;
        within("confirm.startSpread", self.start_spread, 0, 3_600, "an hour at most")?;
        within("confirm.revertSpread", self.revert_spread, 0, 3_600, "an hour at most")?;
        for step in &self.steps {
            if let Step::Bake { at_least, .. } = step {
                within(
                    "bake.atLeast",
                    *at_least,
                    0,
                    36_000,
                    "ten hours at most, because nodes are on trial for that long",
                )?;
            }
        }
        if self.tries == 0 {
            return Err(PlanError::NoTries);
        }
        Ok(())
    }
}

/// A share follows any number: how many nodes that is, is known only in the cluster, where it is never less.
fn grows(before: NodeCount, now: NodeCount) -> bool {
    match (before, now) {
        (NodeCount::Nodes(before), NodeCount::Nodes(now)) => now > before,
        (NodeCount::Percent(before), NodeCount::Percent(now)) => now > before,
        (NodeCount::Nodes(_), NodeCount::Percent(_)) => true,
        (NodeCount::Percent(_), NodeCount::Nodes(_)) => false,
    }
}
