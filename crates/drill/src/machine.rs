//! One node: the production state machine of the agent, and the process that it holds.

use std::time::Duration;

use confirmation::{Action, Attempt, Input, Node, Now, Phase, Record, RevisionHash, Slot};

/// What an action of the agent leads to, for the world to bring about.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Give this input later.
    Later(Duration, Input),
    /// The workload began to run this.
    Started(RevisionHash),
    /// It runs nothing any more.
    Stopped,
}

/// Written with fsync.
const WRITE: Duration = Duration::from_millis(5);
/// A revision over the fan-out.
const FETCH: Duration = Duration::from_millis(300);
/// From SIGTERM to the end: how long after [`Effect::Stopped`] the agent learns of it.
pub(crate) const STOP: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Machine {
    slot: Slot,
    running: Option<RevisionHash>,
}

/// What a node tells the hub when it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Said {
    pub(crate) runs_new: bool,
    pub(crate) reverted: bool,
}

impl Machine {
    /// A node that runs `stable` already.
    pub(crate) fn new(cluster: &str, node: Node, stable: Option<RevisionHash>) -> Self {
        let record = Record { good: stable.into_iter().collect(), ..Default::default() };
        let contents = stable.into_iter().collect();
        let slot = Slot::new(cluster.to_owned(), node, record, stable, contents);
        Self { slot, running: stable }
    }

    pub(crate) fn give(&mut self, input: Input, at: Duration) -> Vec<Effect> {
        let now = Now { boot: 1, up: at, wall: at };
        let actions = self.slot.step(input, now);
        actions.into_iter().filter_map(|action| self.act(action)).collect()
    }

    /// When it wants to be woken.
    pub(crate) fn wake_at(&self, at: Duration) -> Option<Duration> {
        self.slot.wake_at(Now { boot: 1, up: at, wall: at })
    }

    pub(crate) fn said(&self, attempt: Attempt) -> Said {
        Said {
            runs_new: self.running == Some(attempt.revision),
            reverted: self.slot.record().failed.contains(&attempt),
        }
    }

    pub(crate) fn running(&self) -> Option<RevisionHash> {
        self.running
    }

    /// Runs something on trial.
    pub(crate) fn is_on_trial(&self) -> bool {
        matches!(self.slot.phase(), Phase::Trial(_))
    }

    fn act(&mut self, action: Action) -> Option<Effect> {
        match action {
            Action::Persist(generation, _) => Some(Effect::Later(WRITE, Input::Persisted(generation))),
            Action::Fetch(hash) => Some(Effect::Later(FETCH, Input::Fetched(hash))),
            Action::Start(hash, _) => {
                self.running = Some(hash);
                Some(Effect::Started(hash))
            }
            Action::Stop(_) => {
                self.running = None;
                Some(Effect::Stopped)
            }
            Action::Keep(_) | Action::Quiesce(_) => None,
        }
    }
}
