//! While nobody gets through to the API server, one resource tries for all of them.
//!
//! Each would find out by itself otherwise: eleven times the requests during the outage, and each of them late after it.

use std::sync::Arc;

use tokio::sync::{Mutex, Notify, OwnedMutexGuard};

/// What the loops of all resources know about an outage together.
#[derive(Default)]
pub(crate) struct Outage {
    turn: Arc<Mutex<()>>,
    over: Notify,
}

/// The right to try; there is one.
pub(crate) type Probe = OwnedMutexGuard<()>;

impl Outage {
    /// Waits for the turn to try (`mine` is the turn that the caller has already), or for the end of the outage: `None`.
    pub(crate) async fn enter(&self, mine: Option<Probe>) -> Option<Probe> {
        if mine.is_some() {
            return mine;
        }
        tokio::select! {
            biased;
            () = self.over.notified() => None,
            turn = self.turn.clone().lock_owned() => Some(turn),
        }
    }

    /// Something was answered: everybody who waits goes on.
    pub(crate) fn over(&self) {
        self.over.notify_waiters();
    }
}
