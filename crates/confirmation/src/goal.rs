//! What a node should run, from what it has written down.

use crate::directive::Wanted;
use crate::record::Record;
use crate::revision::RevisionHash;
use crate::slot::Node;
use crate::trial::Attempt;

/// What should run now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    Nothing,
    Good(RevisionHash),
    Trial(Attempt),
}

impl Goal {
    pub(crate) fn revision(self) -> Option<RevisionHash> {
        match self {
            Self::Nothing => None,
            Self::Good(hash) => Some(hash),
            Self::Trial(attempt) => Some(attempt.revision),
        }
    }
}

/// `running` is what runs now as a good revision, if anything does; `frozen`: people at this node said so, whatever the
/// directive says.
pub(crate) fn goal(record: &Record, node: &Node, running: Option<RevisionHash>, frozen: bool) -> Goal {
    let Some(directive) = record.directive.as_ref().filter(|_| !record.held) else {
        return Goal::Nothing;
    };
    let wished = match directive.wanted(node) {
        // On a first install that is all there is; else a controller has forgotten what runs here, and good is good.
        Wanted::Nothing => fall_back(record, None),
        Wanted::Good(hash) if record.quarantines(hash) => fall_back(record, Some(hash)),
        Wanted::Good(hash) => Goal::Good(hash),
        Wanted::Trial(revision) => {
            let attempt = Attempt { revision, number: directive.attempt };
            if record.quarantines(revision) || record.failed.contains(&attempt) {
                fall_back(record, Some(revision))
            } else if running == Some(revision) {
                // Confirmed once and running since: a confirmed revision is never put back on trial.
                Goal::Good(revision)
            } else {
                Goal::Trial(attempt)
            }
        }
    };
    if !(frozen || directive.frozen) || may_start_frozen(record, wished, running) {
        return wished;
    }
    // What runs on trial is not good because everything else is frozen.
    match running.filter(|hash| record.good.contains(hash) && !condemned(record, *hash)) {
        Some(hash) => Goal::Good(hash),
        None => fall_back(record, None),
    }
}

/// Whether a node must not go on with it for another moment.
pub(crate) fn condemned(record: &Record, hash: RevisionHash) -> bool {
    let given_up = record.directive.as_ref().is_some_and(|directive| {
        let attempt = Attempt { revision: hash, number: directive.attempt };
        directive.revision == hash.as_bytes() && record.failed.contains(&attempt)
    });
    record.held || record.quarantines(hash) || given_up
}

/// What is known to be good and is not `bad`: what all other nodes run, else what this node ran last.
fn fall_back(record: &Record, bad: Option<RevisionHash>) -> Goal {
    let stable = record.directive.as_ref().and_then(|directive| RevisionHash::from_bytes(&directive.stable));
    let known = stable.into_iter().chain(record.good.iter().copied());
    known
        .filter(|hash| Some(*hash) != bad && !record.quarantines(*hash))
        .map(Goal::Good)
        .next()
        .unwrap_or(Goal::Nothing)
}

/// Frozen, a node starts only what it has run before.
fn may_start_frozen(record: &Record, wished: Goal, running: Option<RevisionHash>) -> bool {
    let Some(hash) = wished.revision() else { return true };
    running == Some(hash)
        || record.good.contains(&hash)
        || record.trial.is_some_and(|trial| trial.attempt.revision == hash)
}
