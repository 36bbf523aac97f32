//! One question that is asked again and again while a rollout is on. No answer is a bad answer.

use std::time::Duration;

use crate::limits::{FUTURE, INTERVAL, PREDICT_SAMPLES_MIN, STALE_INTERVALS};
use crate::predict::{Costs, Prediction};
use crate::sequential::Sequence;

/// What is measured and how much of it is too much.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// Its name, as in `gates[].name`.
    pub name: String,
    /// What must hold for each sample.
    pub bound: Bound,
    /// One sample past this stops the rollout at once.
    pub hard: Option<f64>,
    /// A sample is due this often.
    pub interval: Duration,
    /// Samples within one step that may miss the bound.
    pub failure_limit: u32,
    /// Also judge what the next step and all nodes would cost, by a bound on each prediction.
    pub predict: bool,
}

/// The bound itself is good.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// Not more.
    Max(f64),
    /// Not less.
    Min(f64),
}

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// When it was true, on the controller's clock, as time since any fixed moment.
    pub at: Duration,
    /// What was measured, in the gate's unit.
    pub value: f64,
}

/// Why a gate stopped a rollout.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Failure {
    /// No answer for too long.
    #[error("no data for {} s", .0.as_secs())]
    NoData(Duration),
    /// Not a number.
    #[error("the answer was not a number")]
    NotANumber,
    /// Dated ahead of the clock.
    #[error("the answer is dated {} s in the future", .0.as_secs())]
    FromTheFuture(Duration),
    /// Past the bound more often than it may be.
    #[error("measured {} against a limit of {}", Short(*.value), Short(*.limit))]
    MeasuredOverBudget {
        /// The last one.
        value: f64,
        /// The bound.
        limit: f64,
    },
    /// The bound would be passed later.
    #[error("predicted up to {} with {nodes} nodes against a limit of {}{}", Short(*.upper), Short(*.limit), if *.superlinear { ", growing faster than the nodes" } else { "" })]
    PredictedOverBudget {
        /// The upper end of what it may be.
        upper: f64,
        /// With so many nodes.
        nodes: u32,
        /// The bound.
        limit: f64,
        /// The cost per node grows with the nodes.
        superlinear: bool,
    },
}

/// Three digits are enough for a sentence.
struct Short(f64);

impl std::fmt::Display for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.0.is_finite() || self.0 == 0.0 {
            return write!(f, "{}", self.0);
        }
        let digits = 2 - self.0.abs().log10().floor() as i32;
        write!(f, "{:.*}", usize::try_from(digits).unwrap_or(0), self.0)
    }
}

/// What a gate has seen.
#[derive(Debug, Clone, Default)]
pub struct GateState {
    /// When it was first asked.
    since: Option<Duration>,
    last: Option<Sample>,
    sequence: Sequence,
    /// Samples in this step, and those past the bound.
    pub samples: u32,
    /// Of them.
    pub failures: u32,
    /// What a prediction is made of, from the beginning of the rollout.
    costs: Costs,
}

impl Bound {
    /// The number.
    pub fn limit(self) -> f64 {
        match self {
            Self::Max(limit) | Self::Min(limit) => limit,
        }
    }

    /// Whether it holds. Nothing holds for what is not a number.
    pub fn holds(self, value: f64) -> bool {
        match self {
            Self::Max(limit) => value <= limit,
            Self::Min(limit) => value >= limit,
        }
    }
}

impl Gate {
    /// What contradicts itself in it.
    ///
    /// # Errors
    /// A sentence.
    pub fn check(&self) -> Result<(), &'static str> {
        if self.name.is_empty() {
            return Err("it has no name: give it one");
        }
        if !self.bound.limit().is_finite() {
            return Err("its limit is not a number: write one");
        }
        if self.hard.is_some_and(|hard| self.bound.holds(hard)) {
            return Err("its hard limit lies within its limit: it must lie past it");
        }
        if self.predict && matches!(self.bound, Bound::Min(_)) {
            return Err("a prediction needs an upper limit: costs grow");
        }
        if !INTERVAL.contains(&self.interval) {
            return Err("its interval must be from 1 s to 300 s");
        }
        Ok(())
    }
}

impl GateState {
    /// Begins to count anew: another step. What predictions are made of stays.
    pub fn next_step(&mut self) {
        (self.sequence, self.samples, self.failures) = (Sequence::default(), 0, 0);
    }

    /// The newest answer.
    pub fn last(&self) -> Option<Sample> {
        self.last
    }

    /// Takes an answer. `nodes` is how many ran the revision, if that did not just change.
    ///
    /// # Errors
    /// The rollout must stop.
    pub fn take(
        &mut self,
        gate: &Gate,
        sample: Sample,
        nodes: Option<u32>,
        now: Duration,
    ) -> Result<(), Failure> {
        if self.last.is_some_and(|last| sample.at <= last.at) {
            // The same one again, or an older one: no news. Staleness is seen by `look`.
            return Ok(());
        }
        if sample.at > now + FUTURE {
            return Err(Failure::FromTheFuture(sample.at - now));
        }
        if sample.value.is_nan() {
            return Err(Failure::NotANumber);
        }
        self.last = Some(sample);
        self.samples += 1;
        if let Some(nodes) = nodes
            && gate.predict
            && sample.value.is_finite()
        {
            self.costs.take(nodes, sample.value);
        }
        let failed = !gate.bound.holds(sample.value);
        self.failures += u32::from(failed);
        self.sequence.take(failed);
        let is_hard = gate.hard.is_some_and(|hard| match gate.bound {
            Bound::Max(_) => sample.value >= hard,
            Bound::Min(_) => sample.value <= hard,
        });
        if is_hard || self.failures > gate.failure_limit || self.sequence.is_bad() {
            return Err(Failure::MeasuredOverBudget { value: sample.value, limit: gate.bound.limit() });
        }
        Ok(())
    }

    /// Looks at the clock: an answer is due.
    ///
    /// # Errors
    /// None came for too long.
    pub fn look(&mut self, gate: &Gate, now: Duration) -> Result<(), Failure> {
        let since = *self.since.get_or_insert(now);
        let last = self.last.map_or(since, |last| last.at.max(since));
        let silent = now.saturating_sub(last);
        match silent > gate.interval * STALE_INTERVALS {
            true => Err(Failure::NoData(silent)),
            false => Ok(()),
        }
    }

    /// What `nodes` would cost; none without enough answers at the present number.
    pub fn predict(&self, nodes: u32) -> Option<Prediction> {
        if self.costs.samples_here() < PREDICT_SAMPLES_MIN {
            return None;
        }
        self.costs.predict(nodes)
    }

    /// Whether the step after this one, and all nodes, would stay within the bound. `Ok(false)`: not known yet, because too
    /// few answers came, or because they leave room for more than the bound.
    ///
    /// # Errors
    /// They would not.
    pub fn foresee(&self, gate: &Gate, nodes: &[u32]) -> Result<bool, Failure> {
        for &nodes in nodes {
            let Some(prediction) = self.predict(nodes) else { return Ok(false) };
            if gate.bound.holds(prediction.upper) {
                continue;
            }
            if gate.bound.holds(prediction.estimate) {
                return Ok(false);
            }
            let Prediction { upper, superlinear, .. } = prediction;
            return Err(Failure::PredictedOverBudget {
                upper,
                nodes,
                limit: gate.bound.limit(),
                superlinear,
            });
        }
        Ok(true)
    }
}
