//! What people see of a rollout.

use std::fmt::Write as _;

use confirmation::RevisionHash;
use rollout_plan::{NodeCount, Step};
use serde::{Deserialize, Serialize};

use crate::kept::Past;
use crate::steered::Steered;

/// As `status` of a `DaemonRollout`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RolloutStatus {
    /// `namespace/name`, or the file of a document that cannot be meant.
    pub name: String,
    /// Progressing, Baking, Paused, Frozen, Reverting, Degraded, Healthy, or Refused.
    pub phase: String,
    /// Counted from one.
    pub step: usize,
    /// Of so many.
    pub steps: usize,
    /// What the step is.
    pub step_is: String,
    /// Of the whole cluster.
    pub nodes: u32,
    /// Nodes that may run it.
    pub assigned_nodes: u32,
    /// Nodes that say that they do.
    pub active_nodes: u32,
    /// Nodes that gave it up.
    pub reverted_nodes: u32,
    /// What is rolled out.
    pub update_revision: String,
    /// What is gone back to.
    pub stable_revision: Option<String>,
    /// Of the last directive.
    pub serial: u64,
    /// Why it stopped: the condition's reason.
    pub reason: Option<String>,
    /// And the sentence; or what else a person has to know.
    pub message: Option<String>,
    /// Each gate.
    pub gates: Vec<GateStatus>,
    /// What was rolled out, newest first.
    #[serde(default)]
    pub history: Vec<PastRevision>,
    /// For the controller that comes after this one, in hexadecimal; it belongs into the object, and is nothing for people.
    #[serde(skip)]
    pub kept: String,
}

/// A revision that was rolled out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastRevision {
    /// Its name.
    pub revision: String,
    /// InProgress, Healthy, or the reason of its stop.
    pub outcome: String,
    /// When it became that, in seconds since the epoch.
    pub at: u64,
}

/// One gate of a rollout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GateStatus {
    /// Its name.
    pub name: String,
    /// The last answer; not there before the first.
    pub measured: Option<f64>,
    /// What it must not pass.
    pub limit: f64,
    /// Answers in this step.
    pub samples: u32,
    /// Of them, past the limit.
    pub failures: u32,
    /// With all nodes, at most; not there if nothing can be said, or nothing was asked for.
    pub predicted_at_full_size: Option<f64>,
    /// The last question had an answer, and within the limit.
    pub holds: bool,
    /// Why the last question had no answer.
    pub unanswered: Option<String>,
}

impl RolloutStatus {
    pub(crate) fn of(name: &str, steered: &Steered) -> Self {
        let (rollout, counts) = (&steered.rollout, steered.counts);
        let steps = &rollout.plan().steps;
        Self {
            name: name.to_owned(),
            phase: format!("{:?}", rollout.phase()),
            step: (rollout.step() + 1).min(steps.len()),
            steps: steps.len(),
            step_is: steps.get(rollout.step()).map_or_else(|| "done".to_owned(), describe),
            nodes: counts.total,
            assigned_nodes: counts.assigned,
            active_nodes: counts.running,
            reverted_nodes: counts.reverted,
            update_revision: steered.hash.to_string(),
            stable_revision: steered.stable.map(|hash| hash.to_string()),
            serial: steered.kept.serial,
            reason: rollout.stopped().map(|stop| stop.reason().to_owned()),
            message: steered.problem.clone().or_else(|| rollout.stopped().map(ToString::to_string)),
            gates: gates(steered),
            history: steered.kept.history.iter().filter_map(past).collect(),
            kept: steered.kept.to_text(),
        }
    }

    pub(crate) fn refused(file: &str, why: &str) -> Self {
        Self {
            name: file.to_owned(),
            phase: "Refused".to_owned(),
            reason: Some("InvalidSpec".to_owned()),
            message: Some(why.to_owned()),
            ..Self::default()
        }
    }

    /// Why it is where it is: everything that was measured, its limit, what is predicted.
    pub fn explain(&self) -> String {
        let mut text = format!("{}: {}\n", self.name, self.phase);
        let _ = writeln!(
            text,
            "  step {} of {}: {}; {} of {} nodes may run it, {} do, {} gave it up",
            self.step,
            self.steps,
            self.step_is,
            self.assigned_nodes,
            self.nodes,
            self.active_nodes,
            self.reverted_nodes
        );
        let short = |hash: &str| hash.get(..12).unwrap_or(hash).to_owned();
        let stable = self.stable_revision.as_deref().map_or("nothing (first install)".to_owned(), short);
        let _ = writeln!(text, "  revision {}, goes back to {stable}", short(&self.update_revision));
        if let Some(message) = &self.message {
            let _ = writeln!(text, "  {}: {message}", self.reason.as_deref().unwrap_or("note"));
        }
        for gate in &self.gates {
            let measured = gate.measured.map_or("nothing".to_owned(), |value| format!("{value}"));
            let _ = write!(
                text,
                "  gate {}: measured {measured}, limit {}, {} of {} samples past it in this step",
                gate.name, gate.limit, gate.failures, gate.samples
            );
            if let Some(predicted) = gate.predicted_at_full_size {
                let _ = write!(text, "; with all nodes up to {predicted:.3}");
            }
            if let Some(why) = &gate.unanswered {
                let _ = write!(text, "; last question: {why}");
            }
            text.push('\n');
        }
        text
    }
}

fn past(past: &Past) -> Option<PastRevision> {
    let revision = RevisionHash::from_bytes(&past.revision)?.to_string();
    Some(PastRevision { revision, outcome: past.outcome.clone(), at: past.at })
}

fn gates(steered: &Steered) -> Vec<GateStatus> {
    let plan = steered.rollout.plan();
    let states = plan.gates.iter().zip(steered.rollout.gates()).zip(&steered.unanswered);
    states
        .map(|((gate, state), unanswered)| GateStatus {
            name: gate.name.clone(),
            // JSON has no number for infinity.
            measured: state.last().map(|sample| sample.value).filter(|value| value.is_finite()),
            limit: gate.bound.limit(),
            samples: state.samples,
            failures: state.failures,
            predicted_at_full_size: state.predict(steered.counts.total).map(|prediction| prediction.upper),
            holds: unanswered.is_none() && state.last().is_some_and(|sample| gate.bound.holds(sample.value)),
            unanswered: unanswered.clone(),
        })
        .collect()
}

fn describe(step: &Step) -> String {
    match step {
        Step::SetNodes(NodeCount::ALL) => "all nodes".to_owned(),
        Step::SetNodes(count) => format!("setNodes {count}"),
        Step::Bake { at_least, min_samples } => {
            format!("bake for {} s or the masking horizon, {min_samples} samples", at_least.as_secs())
        }
        Step::Pause(None) => "pause until promoted".to_owned(),
        Step::Pause(Some(time)) => format!("pause for {} s", time.as_secs()),
    }
}
