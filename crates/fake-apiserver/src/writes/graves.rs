//! Pods and namespaces on their way out: what a kubelet or the namespace controller would end, ended here after a
//! (shortened) time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::error::ApiError;
use crate::store::{Decision, Store};

/// How often due pods are looked for.
const TICK: Duration = Duration::from_millis(100);

/// What waits for its end. Never more than there are objects with a deletion timestamp.
#[derive(Debug, Clone)]
pub(crate) struct Graves {
    waiting: Arc<Mutex<BTreeSet<Grave>>>,
    grace_max: Duration,
}

/// (due on the monotonic clock, resource in the core group, key, uid)
type Grave = (Duration, &'static str, Box<str>, Box<str>);

impl Graves {
    pub(crate) fn new(grace_max: Duration) -> Self {
        Self { waiting: Arc::default(), grace_max }
    }

    /// The object goes when its grace period is over, or when a test server has waited long enough.
    pub(crate) fn bury(&self, store: &Store, plural: &'static str, key: &str, uid: &str, grace_seconds: i64) {
        let grace = Duration::from_secs(grace_seconds.max(0) as u64).min(self.grace_max);
        self.waiting.lock().insert((store.clock.monotonic() + grace, plural, key.into(), uid.into()));
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
        while let Some((_, plural, key, uid)) = self.next_due(store) {
            let Some(kind) = store.resource("", plural) else { continue };
            if plural == "namespaces" {
                super::delete::empty_namespace(store, &key);
            }
            // What is gone, or another object of the same name: nothing to do.
            let _ = store.write(&kind, &key, |object| {
                let mut value = object.ok_or_else(ApiError::no_such_path)?.value();
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

    fn next_due(&self, store: &Store) -> Option<Grave> {
        let now = store.clock.monotonic();
        let mut waiting = self.waiting.lock();
        if waiting.first().is_some_and(|(due, ..)| *due <= now) { waiting.pop_first() } else { None }
    }
}
