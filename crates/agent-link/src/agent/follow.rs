//! The loop around the subscriber.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use environment::Entropy;
use fanout::message::{FromAgent, Report};
use fanout::{AgentAction, AgentMessage, HubMessage, Phase, View};
use futures::StreamExt as _;
use futures::future::BoxFuture;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::connect::{Dialer, Stream, explain};
use super::{Shared, Update};

/// The dialer comes back with the outcome: it remembers addresses.
type Attempt = BoxFuture<'static, (Box<Dialer>, Result<Box<Stream>, String>)>;

/// Who gets what comes.
pub(super) enum Consumer {
    /// The whole set of a small feed, whenever it changes.
    View(View, watch::Sender<View>),
    /// Each change, once, in order.
    Updates(mpsc::Sender<Update>),
}

struct Follower {
    reports: watch::Receiver<Bytes>,
    /// Nobody reports any more.
    reporters_gone: bool,
    shared: Arc<Shared>,
    entropy: Arc<dyn Entropy>,
    consumer: Consumer,
    /// Updates that the consumer has no room for: while there are some, the stream is not read. One message makes one.
    waiting: VecDeque<Update>,
    /// At home while no attempt runs.
    dialer: Option<Box<Dialer>>,
    attempt: Option<Attempt>,
    stream: Option<Box<Stream>>,
    /// Times that the hub said "come back", as of the last end.
    come_backs: u64,
}

enum Event {
    Time,
    Dialed(Box<Dialer>, Result<Box<Stream>, String>),
    Message(Option<Result<HubMessage, tonic::Status>>),
    /// The consumer takes the next update, or is gone.
    Room,
    /// The node has something to report, or never will again.
    Report(bool),
}

pub(super) async fn follow(
    shared: Arc<Shared>,
    dialer: Dialer,
    entropy: Arc<dyn Entropy>,
    consumer: Consumer,
    reports: watch::Receiver<Bytes>,
    stop: CancellationToken,
) {
    let mut follower = Follower {
        reports,
        reporters_gone: false,
        shared,
        entropy,
        consumer,
        waiting: VecDeque::new(),
        dialer: Some(Box::new(dialer)),
        attempt: None,
        stream: None,
        come_backs: 0,
    };
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => return,
            event = follower.next() => event,
        };
        follower.handle(event);
    }
}

impl Follower {
    async fn next(&mut self) -> Event {
        let now = self.shared.clock.monotonic();
        let due = self.shared.subscriber.lock().next_wakeup();
        let wait = due.saturating_sub(now);
        // The last attempt may still hold the dialer when the next is due.
        let wait = if wait.is_zero() { Duration::from_millis(1) } else { wait };
        let can_report = self.stream.is_some() && !self.reporters_gone;
        let attempt = async {
            match self.attempt.as_mut() {
                Some(attempt) => attempt.await,
                None => std::future::pending().await,
            }
        };
        let message = async {
            match self.stream.as_mut() {
                Some(stream) if self.waiting.is_empty() => stream.inbound.next().await,
                _ => std::future::pending().await,
            }
        };
        let room = async {
            match &self.consumer {
                // An error means that nobody takes anything any more, which `hand_over` finds out, too.
                Consumer::Updates(sender) if !self.waiting.is_empty() => drop(sender.reserve().await),
                _ => std::future::pending().await,
            }
        };
        let report = async {
            match can_report {
                true => self.reports.changed().await.is_ok(),
                false => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = report => Event::Report(changed),
            () = tokio::time::sleep(wait) => Event::Time,
            (dialer, outcome) = attempt => Event::Dialed(dialer, outcome),
            message = message => Event::Message(message),
            () = room => Event::Room,
        }
    }

    fn handle(&mut self, event: Event) {
        let now = self.shared.clock.monotonic();
        let entropy = self.entropy.clone();
        let mut draw = || entropy.fraction();
        let shared = self.shared.clone();
        let actions = match event {
            Event::Time => shared.subscriber.lock().poll(now, &mut draw),
            Event::Dialed(dialer, outcome) => {
                self.attempt = None;
                self.dialer = Some(dialer);
                match outcome {
                    Ok(stream) => {
                        let actions = shared.subscriber.lock().connected(now);
                        // No greeting: the subscriber gave this attempt up.
                        self.stream = (!actions.is_empty()).then_some(stream);
                        if !self.reports.borrow().is_empty() {
                            self.reports.mark_changed();
                        }
                        actions
                    }
                    Err(reason) => {
                        self.down(now, reason);
                        Vec::new()
                    }
                }
            }
            Event::Message(Some(Ok(message))) => shared.subscriber.lock().on_message(message, now, &mut draw),
            Event::Message(Some(Err(status))) => {
                self.down(now, explain(&status));
                Vec::new()
            }
            Event::Report(false) => {
                self.reporters_gone = true;
                Vec::new()
            }
            Event::Report(true) => {
                let value = self.reports.borrow_and_update().clone();
                let message = AgentMessage { kind: Some(FromAgent::Report(Report { value })) };
                vec![AgentAction::Send(message)]
            }
            Event::Room => {
                self.hand_over();
                Vec::new()
            }
            Event::Message(None) => {
                self.down(now, "the hub ended the stream".to_owned());
                Vec::new()
            }
        };
        self.perform(actions, now);
        self.hand_over();
    }

    fn perform(&mut self, actions: Vec<AgentAction>, now: Duration) {
        for action in actions {
            match action {
                AgentAction::Connect => {
                    if let Some(mut dialer) = self.dialer.take() {
                        self.attempt = Some(Box::pin(async move {
                            let outcome = dialer.dial().await.map(Box::new);
                            (dialer, outcome)
                        }));
                    }
                }
                AgentAction::Send(message) => {
                    let sent = self.stream.as_ref().map(|stream| stream.outbound.try_send(message));
                    if let Some(Err(_)) = sent {
                        return self.down(now, "the hub takes no messages".to_owned());
                    }
                }
                AgentAction::Disconnect(reason) => self.down(now, reason),
                AgentAction::Changed(transfer) => match &mut self.consumer {
                    Consumer::View(..) if transfer.changes.is_empty() => {}
                    Consumer::View(view, sender) => {
                        view.apply(&transfer.changes);
                        sender.send_replace(view.clone());
                    }
                    Consumer::Updates(_) => self.waiting.push_back(Update::Changes(transfer)),
                },
                AgentAction::Pulse(value) => self.waiting.push_back(Update::Pulse(value)),
            }
        }
    }

    /// As many updates as the consumer has room for. Without one they go nowhere.
    fn hand_over(&mut self) {
        let Consumer::Updates(sender) = &self.consumer else { return self.waiting.clear() };
        while let Some(update) = self.waiting.pop_front() {
            match sender.try_send(update) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(update)) => return self.waiting.push_front(update),
                Err(mpsc::error::TrySendError::Closed(_)) => return self.waiting.clear(),
            }
        }
    }

    /// The stream or the attempt is over, whoever ended it. A dialer that is still at it comes home by itself.
    fn down(&mut self, now: Duration, reason: String) {
        self.stream = None;
        let (was_up, come_backs) = {
            let mut subscriber = self.shared.subscriber.lock();
            let was_up = matches!(subscriber.phase(), Phase::Connected { .. });
            subscriber.disconnected(now, &mut || self.entropy.fraction());
            (was_up, subscriber.stats().come_backs)
        };
        let mut down = self.shared.down.lock();
        if come_backs > std::mem::replace(&mut self.come_backs, come_backs) {
            tracing::info!(reason, "the hub says to come back later");
        } else if was_up || down.1.as_ref() != Some(&reason) {
            // Once for each outage, and for each new reason.
            tracing::warn!(reason, "no hub; the node's own metrics go on, and the hub is tried again");
        } else {
            tracing::debug!(reason, "no hub");
        }
        if was_up {
            down.0 = now;
        }
        down.1 = Some(reason);
    }
}
