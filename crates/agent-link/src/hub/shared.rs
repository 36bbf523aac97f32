//! The publisher, shared between whoever publishes and all streams.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use environment::{Clock, Entropy};
use fanout::{AgentMessage, HubAction, Limits, Peer, Publisher, SessionId, Stats};
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use crate::wire::{OUTBOUND_MESSAGES_MAX, Outbound, Receiver};

/// Changes gather for so long before they are sent: a relist of the hub becomes few messages, and an agent, which has its
/// own sources for what is urgent, does not notice.
const GATHER: Duration = Duration::from_millis(50);
/// The same for what everybody follows: a name must be known everywhere within 50 ms of its change, and what came within
/// this time makes one message.
const NAMES_GATHER: Duration = Duration::from_millis(5);
/// How long the poller sleeps when nothing waits for time.
const IDLE: Duration = Duration::from_secs(60);

pub(crate) struct Shared {
    state: Mutex<State>,
    changed: Notify,
    names_changed: Notify,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    limits: Limits,
    pub(crate) counters: Counters,
    reports: Reports,
}

/// Where reports of nodes go: the node's name, and what it says.
pub(crate) type Reports = mpsc::Sender<(String, Bytes)>;

/// What happens before there is a session.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) connections: AtomicU64,
    pub(crate) handshakes_failed: AtomicU64,
    pub(crate) strangers: AtomicU64,
    pub(crate) queues_full: AtomicU64,
    pub(crate) reports_dropped: AtomicU64,
}

struct State {
    publisher: Publisher,
    outlets: BTreeMap<SessionId, Outlet>,
}

struct Outlet {
    sender: Outbound,
    ended: CancellationToken,
}

/// A stream's place in the publisher; the stream ends when `ended` is cancelled.
pub(super) struct Opened {
    pub(super) id: SessionId,
    pub(super) receiver: Receiver,
    pub(super) ended: CancellationToken,
}

impl Shared {
    pub(super) fn new(
        publisher: Publisher,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        limits: Limits,
        reports: Reports,
    ) -> Self {
        Self {
            state: Mutex::new(State { publisher, outlets: BTreeMap::new() }),
            changed: Notify::new(),
            names_changed: Notify::new(),
            clock,
            entropy,
            limits,
            counters: Counters::default(),
            reports,
        }
    }

    /// Publishes; what that causes is sent a little later, together with what follows.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Publisher) -> T) -> T {
        let result = change(&mut self.state.lock().publisher);
        self.changed.notify_one();
        result
    }

    /// As [`Shared::change`], for what everybody follows.
    pub(super) fn change_names<T>(&self, change: impl FnOnce(&mut Publisher) -> T) -> T {
        let result = change(&mut self.state.lock().publisher);
        self.names_changed.notify_one();
        result
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn stats(&self) -> Stats {
        self.state.lock().publisher.stats()
    }

    pub(super) fn open(&self, peer: Peer, ended: CancellationToken) -> Opened {
        let (sender, receiver) = mpsc::channel(OUTBOUND_MESSAGES_MAX);
        let mut state = self.state.lock();
        let id = state.publisher.connected(peer, self.clock.monotonic());
        state.outlets.insert(id, Outlet { sender, ended: ended.clone() });
        drop(state);
        self.changed.notify_one();
        Opened { id, receiver, ended }
    }

    pub(super) fn message(&self, id: SessionId, message: AgentMessage) {
        let now = self.clock.monotonic();
        let mut state = self.state.lock();
        let actions = state.publisher.on_message(id, message, now, &mut || self.entropy.fraction());
        self.perform(&mut state, actions, now);
    }

    pub(super) fn closed(&self, id: SessionId) {
        let now = self.clock.monotonic();
        let mut state = self.state.lock();
        state.outlets.remove(&id);
        let actions = state.publisher.disconnected(id, now);
        self.perform(&mut state, actions, now);
    }

    pub(super) fn set_stands_by(&self, stands_by: bool) {
        let now = self.clock.monotonic();
        let mut state = self.state.lock();
        let actions = state.publisher.set_stands_by(stands_by, now, &mut || self.entropy.fraction());
        self.perform(&mut state, actions, now);
    }

    pub(super) fn shut_down(&self) {
        let now = self.clock.monotonic();
        let mut state = self.state.lock();
        let actions = state.publisher.shut_down(now, &mut || self.entropy.fraction());
        self.perform(&mut state, actions, now);
    }

    /// Calls the publisher when time or a change demands it.
    pub(super) async fn poll_forever(self: Arc<Self>, stop: CancellationToken) {
        loop {
            let now = self.clock.monotonic();
            let due = {
                let mut state = self.state.lock();
                let actions = state.publisher.poll(now);
                self.perform(&mut state, actions, now);
                state.publisher.next_wakeup(now)
            };
            let wait = due.map_or(IDLE, |due| due.saturating_sub(now));
            if wait.is_zero() {
                // More sessions wait than one poll serves: others get the lock first.
                tokio::task::yield_now().await;
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
                () = self.changed.notified() => tokio::select! {
                    () = tokio::time::sleep(GATHER) => {}
                    () = self.names_changed.notified() => tokio::time::sleep(NAMES_GATHER).await,
                },
                () = self.names_changed.notified() => tokio::time::sleep(NAMES_GATHER).await,
            }
        }
    }

    fn perform(&self, state: &mut State, actions: Vec<HubAction>, now: Duration) {
        let mut actions = std::collections::VecDeque::from(actions);
        while let Some(action) = actions.pop_front() {
            match action {
                HubAction::Send(id, message) => {
                    let Some(outlet) = state.outlets.get(&id) else { continue };
                    if outlet.sender.try_send(Ok(message)).is_ok() {
                        continue;
                    }
                    // The queue holds more than the protocol ever sends to somebody who takes it, or the stream is gone.
                    self.counters.queues_full.fetch_add(1, Ordering::Relaxed);
                    if let Some(outlet) = state.outlets.remove(&id) {
                        outlet.ended.cancel();
                    }
                    actions.extend(state.publisher.disconnected(id, now));
                }
                HubAction::Report(node, value) => {
                    // The newest one of each node counts, and it comes again after the next `Hello`.
                    let sent = self.reports.try_send((node.into(), value));
                    if matches!(sent, Err(mpsc::error::TrySendError::Full(_))) {
                        self.counters.reports_dropped.fetch_add(1, Ordering::Relaxed);
                    }
                }
                HubAction::Close(id, reason) => {
                    tracing::debug!(session = id.0, ?reason, "session ended");
                    // The sender goes with it: the stream ends after what is queued.
                    if let Some(outlet) = state.outlets.remove(&id) {
                        outlet.ended.cancel();
                    }
                }
            }
        }
    }
}
