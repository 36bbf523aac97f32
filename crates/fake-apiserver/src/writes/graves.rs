//! Pods on their way out: what a kubelet would end, ended here after a (shortened) grace period.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::store::{Decision, Store};

/// How often due pods are looked for.
const TICK: Duration = Duration::from_millis(100);

/// Pods that wait for their end. Never more than there are pods with a deletion timestamp.
#[derive(Debug, Clone)]
pub(crate) struct Graves {
    /// (due on the monotonic clock, key, uid)
    waiting: Arc<Mutex<BTreeSet<(Duration, Box<str>, Box<str>)>>>,
    grace_max: Duration,
}

impl Graves {
    pub(crate) fn new(grace_max: Duration) -> Self {
        Self { waiting: Arc::default(), grace_max }
    }

    /// The pod goes when its grace period is over, or when a patient test server has waited long enough.
    pub(crate) fn bury(&self, store: &Store, key: &str, uid: &str, grace_seconds: i64) {
        let grace = Duration::from_secs(grace_seconds.max(0) as u64).min(self.grace_max);
        self.waiting.lock().insert((store.clock.monotonic() + grace, key.into(), uid.into()));
    }

    /// Ends pods for as long as the server runs.
    pub(crate) async fn run(self, store: Store) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            self.end_due(&store);
        }
    }

    fn end_due(&self, store: &Store) {
        let now = store.clock.monotonic();
        let Some(pods) = store.resource("", "pods") else { return };
        loop {
            let due = {
                let mut waiting = self.waiting.lock();
                if waiting.first().is_none_or(|(due, ..)| now < *due) {
                    return;
                }
                waiting.pop_first()
            };
            let Some((_, key, uid)) = due else { return };
            // A pod that is gone, or another one of the same name: nothing to do.
            let _ = store.write(&pods, &key, |pod| {
                let Some(pod) = pod else { return Err(crate::error::ApiError::no_such_path()) };
                let mut value = pod.value();
                if value["metadata"]["uid"].as_str() != Some(&uid) {
                    return Ok(Decision::Keep);
                }
                let held = value["metadata"]["finalizers"].as_array().is_some_and(|list| !list.is_empty());
                if held {
                    value["metadata"]["deletionGracePeriodSeconds"] = 0.into();
                    return Ok(Decision::Put(value));
                }
                Ok(Decision::Delete)
            });
        }
    }
}
