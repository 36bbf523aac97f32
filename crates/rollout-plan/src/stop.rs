//! Why a rollout stopped, as conditions and sentences.

use std::time::Duration;

use crate::gate::Failure;

/// What stopped it. The first reason stays.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Stop {
    /// A gate said no, or nothing.
    #[error("gate {gate:?}: {failure}")]
    Gate {
        /// `gates[].name`.
        gate: String,
        /// What it saw.
        failure: Failure,
    },
    /// Nodes went back by themselves.
    #[error("{reverted} of {given} nodes went back to the old revision; {tolerated} may")]
    NodesReverted {
        /// How many.
        reverted: u32,
        /// Of how many.
        given: u32,
        /// `maxUnavailable`.
        tolerated: u32,
    },
    /// So many that nothing else may go on either.
    #[error("{reverted} of {given} nodes went back to the old revision: everything is frozen")]
    MassRevert {
        /// How many.
        reverted: u32,
        /// Of how many.
        given: u32,
    },
    /// The step did not get its nodes going.
    #[error("{running} of {given} nodes run the revision after {} s", .after.as_secs())]
    ProgressDeadlineExceeded {
        /// How many.
        running: u32,
        /// Of how many.
        given: u32,
        /// Since the step began.
        after: Duration,
    },
    /// Too few answers to say yes.
    #[error("nothing is certain after {} s: {missing}", .after.as_secs())]
    Inconclusive {
        /// What would be needed.
        missing: String,
        /// Since the step began.
        after: Duration,
    },
    /// A person.
    #[error("aborted by hand")]
    Aborted,
    /// Before the controller was restarted.
    #[error("{sentence}")]
    Earlier {
        /// The reason of then.
        reason: String,
        /// The sentence of then.
        sentence: String,
    },
}

impl Stop {
    /// The reason of the condition `Degraded`.
    pub fn reason(&self) -> &str {
        match self {
            Self::Gate { failure, .. } => match failure {
                Failure::NoData(_) | Failure::NotANumber | Failure::FromTheFuture(_) => "NoData",
                Failure::MeasuredOverBudget { .. } => "MeasuredOverBudget",
                Failure::PredictedOverBudget { superlinear: true, .. } => "SuperlinearCost",
                Failure::PredictedOverBudget { .. } => "PredictedOverBudget",
            },
            Self::NodesReverted { .. } => "NodesReverted",
            Self::MassRevert { .. } => "MassRevert",
            Self::ProgressDeadlineExceeded { .. } => "ProgressDeadlineExceeded",
            Self::Inconclusive { .. } => "Inconclusive",
            Self::Aborted => "ManuallyAborted",
            Self::Earlier { reason, .. } => reason,
        }
    }
}
