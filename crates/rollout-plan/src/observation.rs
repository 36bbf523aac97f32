//! What goes into a rollout, and what people read of it.

use std::time::Duration;

use crate::gate::Sample;
use crate::order::Candidate;

/// Which rollout, of what, where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// UID of the namespace `kube-system`.
    pub cluster: String,
    /// `namespace/name` of the `DaemonRollout`.
    pub rollout: String,
    /// The name that the workload gave to `plimsoll gate`.
    pub workload: String,
}

/// What is known now.
#[derive(Debug, Clone)]
pub struct Observation<'a> {
    /// Since the Unix epoch, on the controller's clock.
    pub now: Duration,
    /// All nodes.
    pub nodes: &'a [Candidate],
    /// Nodes that said that they run the revision.
    pub running: u32,
    /// Nodes of the present attempt that said that they went back.
    pub reverted: u32,
    /// New answers, by the gate's place in the plan.
    pub samples: &'a [(usize, Sample)],
    /// How long DNS caches could hide a dead control plane; none if nobody knows.
    pub horizon: Option<Duration>,
}

/// What a person says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Go no step further.
    Pause,
    /// Go on.
    Resume,
    /// Leave the present pause; with `full`, leave out all pauses and bake no longer than [`DETECTION`]. Gates and
    /// predictions hold all the same.
    Promote {
        /// To the end.
        full: bool,
    },
    /// Back to what was, everywhere, now. Wins over everything.
    Abort,
    /// From the beginning, after a stop.
    Retry,
    /// No node starts what it does not run already; or again.
    Freeze(bool),
}

/// `status.phase`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nodes of a step are getting going, or are watched.
    Progressing,
    /// A bake is on.
    Baking,
    /// At a pause of the plan, or by hand.
    Paused,
    /// By hand, or after a mass failure.
    Frozen,
    /// Stopped; nodes go back.
    Reverting,
    /// Stopped; all nodes have gone back.
    Degraded,
    /// All nodes run it, confirmed.
    Healthy,
}
