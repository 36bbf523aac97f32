//! Drives the loop of one resource: does what [`Reflector`] says, tells it what came of it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use budget::retry_after;
use objects::decode::Keep;
use objects::envelope::Identity;
use objects::stream::{ListDecoder, ListItem, WatchDecoder, WatchEvent};
use objects::{Interner, ObjectBytes, Resource};
use tokio::sync::oneshot;

use crate::answer::{Answer, Deadline, Decoder, Meter, Piece};
use crate::calls::{Call, Fill, Request};
use crate::change::{Change, Sink};
use crate::door::Inner;
use crate::failure::{Cause, Failure, Silence};
use crate::gate::{Kind, Slot};
use crate::outage::Probe;
use crate::reflector::{Ask, Input, Next, Reflector, Why};
use crate::status::Phase;
use crate::times;

/// So many objects of one answer are named in the log; all are counted. A server that sends a million of them must not fill the
/// disk with complaints.
const COMPLAINTS_MAX: u32 = 10;

/// What the loops of all resources share.
pub(crate) struct Shared {
    pub(crate) door: Arc<Inner>,
    pub(crate) interner: Arc<Interner>,
    pub(crate) keep: Keep,
    pub(crate) sink: Arc<dyn Sink>,
}

/// The loop of one resource.
pub(crate) struct Drive {
    resource: Resource,
    /// Lines of the log about what could not be decoded in this answer.
    complaints: u32,
    shared: Arc<Shared>,
    reflector: Reflector,
    changes: Vec<Change>,
    /// Held from the first request of a replay to its end, but not while waiting after a failure.
    list_slot: Option<Slot>,
    /// Held from an outage's first failure until something is answered: who has it tries for all.
    probe: Option<Probe>,
    /// Told once, when the next resource may start.
    settled: Option<oneshot::Sender<()>>,
}

impl Drive {
    pub(crate) fn new(
        resource: Resource,
        resume: Option<&str>,
        shared: Arc<Shared>,
        settled: oneshot::Sender<()>,
    ) -> Self {
        let door = &shared.door;
        let watch_list = door.watch_list.load(Ordering::Relaxed);
        let reflector = Reflector::new(resume, watch_list, door.gate.limits().backoff());
        Self {
            resource,
            complaints: 0,
            shared,
            reflector,
            changes: Vec::new(),
            list_slot: None,
            probe: None,
            settled: Some(settled),
        }
    }

    /// Runs until it is dropped.
    pub(crate) async fn run(mut self) {
        let mut next = self.step(Input::Go);
        loop {
            self.publish();
            next = match next {
                Next::Ask(ask) => self.ask(ask).await,
                Next::Wait { wait, why } => {
                    self.list_slot = None;
                    self.settled.take();
                    self.wait(wait, why).await;
                    self.step(Input::Go)
                }
                // Nothing is open that could be read: as if it had ended.
                Next::Read => self.step(Input::Closed),
            };
        }
    }

    async fn wait(&mut self, wait: Duration, why: Why) {
        let door = self.shared.door.clone();
        let begun = door.clock.monotonic();
        if why != Why::Outage {
            self.probe = None;
            tokio::time::sleep(wait).await;
        } else if let Some(probe) = door.outage.enter(self.probe.take()).await {
            self.probe = Some(probe);
            tokio::time::sleep(wait).await;
        } else {
            // Somebody got through. Not all in the same instant, here and in the other processes that waited; and nobody
            // sooner than its own failure says, or a timeout in a short outage would be retried faster than an error.
            let spread = door.gate.limits().backoff().ceiling().mul_f64(door.entropy.fraction());
            let rest = wait.saturating_sub(door.clock.monotonic().saturating_sub(begun));
            tokio::time::sleep(spread.max(rest)).await;
        }
        if why != Why::Renewal {
            door.gate.retry().await;
            door.metrics.retry(self.resource.plural());
        }
    }

    /// Waits for the budget, sends one request and reads the answer to its end.
    async fn ask(&mut self, ask: Ask) -> Next {
        let gate = self.shared.door.gate.clone();
        if self.reflector.is_replay() && self.list_slot.is_none() {
            self.list_slot = Some(gate.slot(Kind::List).await);
        }
        let _watch_slot = match ask.call {
            Call::Watch | Call::WatchList => Some(gate.slot(Kind::Watch).await),
            _ => None,
        };
        gate.request().await;
        let timeout_seconds = self.draw_timeout();
        let next = match self.send(&ask, timeout_seconds).await {
            Ok(answer) => {
                self.probe = None;
                self.read(answer, ask.call, timeout_seconds).await
            }
            Err(failure) => self.fail(failure),
        };
        if !self.reflector.is_replay() {
            self.list_slot = None;
        }
        next
    }

    fn draw_timeout(&self) -> u32 {
        let spread = times::WATCH_SECONDS_MAX - times::WATCH_SECONDS_MIN;
        times::WATCH_SECONDS_MIN + (self.shared.door.entropy.fraction() * f64::from(spread)) as u32
    }

    async fn send(&self, ask: &Ask, timeout_seconds: u32) -> Result<Answer, Failure> {
        let door = &self.shared.door;
        let request = Request::new(
            ask.call,
            self.resource,
            &Fill {
                resource_version: &ask.resource_version,
                continue_token: &ask.continue_token,
                timeout_seconds,
                gzip: door.gzip,
                ..Fill::default()
            },
        );
        let verb = ask.call.row().verb;
        let mut counted =
            Counted { door, verb, resource: self.resource.plural(), code: "cancelled".to_owned() };
        let response = match door.transport.send(request).await {
            Ok(response) => response,
            Err(failure) => {
                counted.code =
                    if matches!(failure.cause, Cause::Timeout(_)) { "timeout" } else { "connection" }
                        .to_owned();
                return Err(failure);
            }
        };
        counted.code = response.status().as_str().to_owned();
        drop(counted);
        door.metrics.flow(response.headers());
        let meter = Meter {
            gate: door.gate.clone(),
            metrics: door.metrics.clone(),
            clock: door.clock.clone(),
            verb,
            resource: self.resource,
        };
        meter.contact();
        door.board.contact(self.resource, door.clock.monotonic());
        let code = response.status();
        if !code.is_server_error() && code != http::StatusCode::TOO_MANY_REQUESTS {
            door.outage.over();
        }
        if code.is_success() {
            door.gate.succeeded();
            return Ok(Answer::new(response, meter));
        }
        let header = response.headers().get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let header = header.and_then(|value| retry_after::parse(value, door.clock.wall()));
        let status = Answer::new(response, meter).status().await;
        Err(Failure::answered(code.as_u16(), status.as_ref(), header))
    }

    /// Reads to the end of the body, or to where the state machine wants something else.
    async fn read(&mut self, mut answer: Answer, call: Call, timeout_seconds: u32) -> Next {
        self.step(Input::Opened);
        self.complaints = 0;
        let opened = self.shared.door.clock.monotonic();
        let lifetime = u64::from(timeout_seconds) + times::WATCH_GRACE.as_secs();
        let watch_end = opened + Duration::from_secs(lifetime);
        let mut deadline = self.deadline(call, opened, watch_end);
        let mut decoder = match call {
            Call::Watch | Call::WatchList => Decoder::Watch(WatchDecoder::new()),
            _ => Decoder::List(ListDecoder::new()),
        };
        loop {
            self.publish();
            let chunk = match answer.chunk(&mut deadline).await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => return self.end(answer, decoder),
                // A watch that outlives its timeoutSeconds is renewed like one that ends on time.
                Err(failure)
                    if failure.cause == Cause::Timeout(Silence::End) && !self.reflector.is_replay() =>
                {
                    return self.step(Input::Closed);
                }
                Err(failure) => return self.fail(failure),
            };
            self.shared.door.board.contact(self.resource, self.shared.door.clock.monotonic());
            let was_replay = self.reflector.is_replay();
            if let Some(next) = self.feed(&chunk, &mut answer, &mut decoder) {
                return next;
            }
            if was_replay && !self.reflector.is_replay() {
                self.list_slot = None;
                self.settled.take();
                deadline = Deadline { idle: times::WATCH_IDLE, end: watch_end };
            }
        }
    }

    fn deadline(&self, call: Call, opened: Duration, watch_end: Duration) -> Deadline {
        match call {
            Call::Watch => Deadline { idle: times::WATCH_IDLE, end: watch_end },
            Call::WatchList => Deadline { idle: times::PAGE_IDLE, end: opened + times::INITIAL_EVENTS },
            _ => Deadline { idle: times::PAGE_IDLE, end: opened + times::PAGE_TOTAL },
        }
    }

    /// Takes in one chunk. Some(next): the state machine wants something else than to read on.
    fn feed(&mut self, chunk: &[u8], answer: &mut Answer, decoder: &mut Decoder) -> Option<Next> {
        let mut next = None;
        let decoded = answer.decode(chunk, decoder, &mut |piece| {
            if next.is_some() {
                return;
            }
            next = match self.input(piece) {
                Input::Failed(failure) => Some(self.fail(failure)),
                input => Some(self.step(input)).filter(|next| *next != Next::Read),
            };
        });
        match (next, decoded) {
            (Some(next), _) => Some(next),
            (None, Ok(())) => None,
            (None, Err(failure)) => Some(self.fail(failure)),
        }
    }

    fn end(&mut self, mut answer: Answer, decoder: Decoder) -> Next {
        let input = match decoder {
            Decoder::Watch(decoder) => decoder.finish().map(|()| Input::Closed),
            Decoder::List(decoder) => decoder.finish().map(Input::PageEnd),
        };
        match input.map_err(Failure::from).and_then(|input| answer.finish().map(|()| input)) {
            Ok(input) => self.step(input),
            Err(failure) => self.fail(failure),
        }
    }

    fn input(&mut self, piece: Piece<'_>) -> Input {
        match piece {
            Piece::Item(ListItem::Object(bytes)) => self.object(bytes, Input::Applied),
            Piece::Item(ListItem::Oversized { .. }) => self.undecodable(Identity::default(), "too large"),
            Piece::Event(WatchEvent::Added(bytes) | WatchEvent::Modified(bytes)) => {
                self.object(bytes, Input::Applied)
            }
            Piece::Event(WatchEvent::Deleted(bytes)) => self.object(bytes, Input::Deleted),
            Piece::Event(WatchEvent::Bookmark { resource_version, initial_events_end }) => {
                Input::Bookmark { resource_version, initial_events_end }
            }
            Piece::Event(WatchEvent::Error(status)) => Input::Failed(Failure::event(&status)),
            Piece::Event(WatchEvent::Undecodable(_)) => {
                self.undecodable(Identity::default(), "damaged event")
            }
        }
    }

    fn object(&mut self, bytes: ObjectBytes<'_>, input: fn(objects::Object) -> Input) -> Input {
        match bytes.object(self.resource, self.shared.keep, &self.shared.interner) {
            Ok(object) => {
                self.shared.door.board.object(self.resource);
                input(object)
            }
            Err(_) => self.undecodable(bytes.identity(), "damaged object"),
        }
    }

    fn undecodable(&mut self, identity: Identity, why: &'static str) -> Input {
        let Identity { namespace, name, resource_version } = identity;
        let resource = self.resource.plural();
        if self.complaints < COMPLAINTS_MAX {
            self.complaints += 1;
            tracing::warn!(resource, namespace, name, why, "cannot decode an object; the others go on");
        }
        self.shared.door.metrics.undecodable(self.resource.plural());
        self.shared.door.board.undecodable(self.resource);
        Input::Undecodable { resource_version }
    }

    fn fail(&mut self, failure: Failure) -> Next {
        let door = &self.shared.door;
        tracing::info!(resource = self.resource.plural(), %failure, "request to the API server failed");
        door.note_congestion(self.resource.plural(), &failure);
        let next = self.step(Input::Failed(failure));
        if !self.reflector.watch_list() {
            // What one resource has learnt about the server saves the others the question.
            self.shared.door.watch_list.store(false, Ordering::Relaxed);
        }
        next
    }

    fn step(&mut self, input: Input) -> Next {
        let door = &self.shared.door;
        let next =
            self.reflector.step(input, door.clock.monotonic(), door.entropy.fraction(), &mut self.changes);
        for change in self.changes.drain(..) {
            self.shared.sink.change(self.resource, change);
        }
        if self.reflector.phase() == Phase::Watching && self.reflector.synced() {
            self.settled.take();
        }
        next
    }

    fn publish(&self) {
        self.shared.door.board.publish(self.resource, &self.reflector);
    }
}

/// Counts a request exactly once, also when it is dropped before its answer.
pub(crate) struct Counted<'a> {
    pub(crate) door: &'a Inner,
    pub(crate) verb: &'static str,
    /// Its plural name; `metrics` for the API server's own.
    pub(crate) resource: &'static str,
    pub(crate) code: String,
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.door.metrics.request(self.verb, self.resource, &self.code);
    }
}
