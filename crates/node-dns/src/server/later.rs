//! Queries from UDP that have to be asked elsewhere: a task each, as many as there is room for.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};
use tokio_util::task::TaskTracker;

use super::udp::{Later, PENDING_MAX};
use crate::metrics::Protocol;
use crate::pipeline::Shared;

/// Takes queries from the threads until the last of these has ended, then answers those it has.
pub(crate) async fn run(shared: Arc<Shared>, mut queue: mpsc::Receiver<Later>) {
    let slots = Arc::new(Semaphore::new(PENDING_MAX));
    let tracker = TaskTracker::new();
    loop {
        // While all slots are taken the queue fills, and the threads say SERVFAIL.
        let Ok(slot) = slots.clone().acquire_owned().await else { break };
        let Some(Later { query, client, reply }) = queue.recv().await else { break };
        let shared = shared.clone();
        environment::spawn(
            "dns query",
            tracker.track_future(async move {
                let answer = shared.clone().ask(query, client, Protocol::Udp, reply.tally.clone()).await;
                if !answer.is_empty() && !reply.send(&answer, client) {
                    shared.metrics.unsent.inc();
                }
                drop(slot);
            }),
        );
    }
    tracker.close();
    tracker.wait().await;
}
