//! The body of an answer: read as it comes, charged to the budget, unpacked, cut into objects.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use environment::Clock;
use http_body_util::BodyExt;
use kube::client::Body;
use objects::stream::{ListDecoder, ListItem, StreamError, WatchDecoder, WatchEvent};
use objects::{Resource, Status};

use crate::failure::{Cause, Failure, Silence, connection_text};
use crate::gate::Gate;
use crate::gunzip::{Damaged, Gunzip};
use crate::metrics::Metrics;
use crate::times;

/// An error answer is a `Status` of some hundred bytes. What is longer than this is a page of a proxy, and is not read.
const ERROR_BODY_BYTES_MAX: usize = 64 << 10;

/// The body of an answer.
pub(crate) struct Answer {
    body: Body,
    gunzip: Option<Gunzip>,
    meter: Meter,
}

/// Counts and charges what arrives.
pub(crate) struct Meter {
    pub(crate) gate: Arc<Gate>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) verb: &'static str,
    pub(crate) resource: Resource,
}

/// When reading has taken too long. Times of the monotonic clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    /// Between two reads.
    pub(crate) idle: Duration,
    /// In all.
    pub(crate) end: Duration,
}

/// Cuts a body into what a resource consists of.
pub(crate) enum Decoder {
    List(ListDecoder),
    Watch(WatchDecoder),
}

/// One thing cut out of a body.
pub(crate) enum Piece<'a> {
    Item(ListItem<'a>),
    Event(WatchEvent<'a>),
}

impl Answer {
    pub(crate) fn new(response: http::Response<Body>, meter: Meter) -> Self {
        let encoding = response.headers().get(http::header::CONTENT_ENCODING);
        let gunzip = encoding
            .is_some_and(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"gzip"))
            .then(Gunzip::new);
        Self { body: response.into_body(), gunzip, meter }
    }

    /// The next bytes as they came over the wire; `None` at the end. Waits for the budget first, and that wait moves the
    /// deadline: what we hold up ourselves is not the server's silence.
    pub(crate) async fn chunk(&mut self, deadline: &mut Deadline) -> Result<Option<Bytes>, Failure> {
        deadline.end += self.meter.gate.read().await;
        loop {
            let now = self.meter.clock.monotonic();
            let left = deadline.end.saturating_sub(now);
            let silence = if left <= deadline.idle { Silence::End } else { Silence::Body };
            let frame = match tokio::time::timeout(left.min(deadline.idle), self.body.frame()).await {
                Err(_) => return Err(Failure::new(Cause::Timeout(silence))),
                Ok(None) => return Ok(None),
                Ok(Some(Err(error))) => return Err(Failure::new(Cause::Connection(connection_text(&error)))),
                Ok(Some(Ok(frame))) => frame,
            };
            let Ok(bytes) = frame.into_data() else { continue };
            self.meter.arrived(bytes.len() as u64);
            return Ok(Some(bytes));
        }
    }

    /// Hands over what `chunk` completes.
    pub(crate) fn decode(
        &mut self,
        chunk: &[u8],
        decoder: &mut Decoder,
        each: &mut dyn FnMut(Piece<'_>),
    ) -> Result<(), Failure> {
        match &mut self.gunzip {
            None => decoder.feed(chunk, each),
            Some(gunzip) => gunzip.feed(chunk, &mut |plain| decoder.feed(plain, each)),
        }
    }

    /// At the end of the body: whether it was whole, as far as its compression can tell.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        self.gunzip.as_mut().map_or(Ok(()), Gunzip::finish).map_err(Failure::from)
    }

    /// Reads what an error answer says, as far as it is short and comes soon.
    pub(crate) async fn status(mut self) -> Option<Status> {
        let end = self.meter.clock.monotonic() + times::ERROR_BODY;
        let mut deadline = Deadline { idle: times::ERROR_BODY, end };
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = self.chunk(&mut deadline).await {
            let mut keep = |plain: &[u8]| -> Result<(), Failure> {
                body.extend_from_slice(&plain[..plain.len().min(ERROR_BODY_BYTES_MAX - body.len())]);
                Ok(())
            };
            match &mut self.gunzip {
                None => keep(&chunk),
                Some(gunzip) => gunzip.feed(&chunk, &mut keep),
            }
            .ok()?;
            if body.len() >= ERROR_BODY_BYTES_MAX {
                return None;
            }
        }
        Status::decode(&body)
    }
}

impl Meter {
    fn arrived(&self, bytes: u64) {
        self.gate.charge(bytes);
        self.metrics.bytes(self.verb, self.resource.plural(), bytes);
        self.contact();
    }

    /// The server has said something.
    pub(crate) fn contact(&self) {
        self.metrics.contact(self.resource.plural(), self.clock.wall().as_secs_f64());
    }
}

impl Decoder {
    fn feed(&mut self, plain: &[u8], each: &mut dyn FnMut(Piece<'_>)) -> Result<(), Failure> {
        match self {
            Self::List(decoder) => decoder.feed(plain, &mut |item| each(Piece::Item(item))),
            Self::Watch(decoder) => decoder.feed(plain, &mut |event| each(Piece::Event(event))),
        }
        .map_err(Failure::from)
    }
}

impl From<Damaged> for Failure {
    fn from(damaged: Damaged) -> Self {
        Self::new(Cause::Garbled(damaged.to_string()))
    }
}

impl From<StreamError> for Failure {
    fn from(error: StreamError) -> Self {
        Self::new(match error {
            StreamError::Truncated => Cause::Connection("the answer ended within an object".to_owned()),
            // Its text has the kind that the server sent, which is not ours to repeat.
            StreamError::NotAList(_) => Cause::Garbled("not a list".to_owned()),
            error => Cause::Garbled(error.to_string()),
        })
    }
}
