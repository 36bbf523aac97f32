//! Bodies on their way, and what is noted when they end.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use workload_profile::{Ending, Observation};

use super::Shared;
use super::count::Counter;

/// One request from its beginning to its end; dropped, it has ended.
pub(super) struct Passing {
    seen: Option<Observation>,
    began: Duration,
    sent: Arc<AtomicU64>,
    shared: Arc<Shared>,
}

impl Passing {
    pub(super) fn new(seen: Observation, began: Duration, shared: Arc<Shared>) -> Self {
        Self { seen: Some(seen), began, sent: Arc::default(), shared }
    }

    /// Where bytes of the request's body are counted.
    pub(super) fn sent_bytes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.sent)
    }

    pub(super) fn status(&mut self, status: u16, retry_after_seconds: Option<f64>) {
        if let Some(seen) = &mut self.seen {
            seen.status = Some(status);
            seen.retry_after_seconds = retry_after_seconds;
        }
    }

    /// Ends without a body.
    pub(super) fn failed(&mut self, ending: Ending) {
        self.end(ending);
    }

    /// The answer's body, counted.
    pub(super) fn through<B>(self, body: B, counter: Counter) -> Through<B> {
        Through { body, counter, wire: 0, passing: self }
    }

    fn end(&mut self, ending: Ending) {
        let Some(mut seen) = self.seen.take() else { return };
        seen.took_seconds = self.shared.clock.monotonic().saturating_sub(self.began).as_secs_f64();
        seen.request_bytes = Some(self.sent.load(Ordering::Relaxed));
        let cut_by_us = ending == Ending::ClientGone && self.shared.ending.load(Ordering::Relaxed);
        seen.ending = if cut_by_us { Ending::Open } else { ending };
        if self.shared.to.try_send(seen).is_err() {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        // Nobody said how: the client went away before there was an answer.
        self.end(Ending::ClientGone);
    }
}

/// The body of an answer.
pub(super) struct Through<B> {
    body: B,
    counter: Counter,
    wire: u64,
    passing: Passing,
}

impl<B> Through<B> {
    fn end(&mut self, ending: Ending) {
        let counted = self.counter.counted();
        if let Some(seen) = &mut self.passing.seen {
            seen.wire_bytes = Some(self.wire);
            seen.response_bytes = Some(counted.bytes);
            seen.objects = counted.objects;
            seen.events = counted.events;
        }
        self.passing.end(ending);
    }
}

impl<B: Body<Data = Bytes, Error = hyper::Error> + Unpin> Body for Through<B> {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.wire += data.len() as u64;
                    self.counter.feed(data);
                }
                // A body of known length is not asked once more after its last byte.
                if self.body.is_end_stream() {
                    self.end(Ending::Complete);
                }
            }
            Some(Err(_)) => self.end(Ending::ServerGone),
            None => self.end(Ending::Complete),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for Through<B> {
    fn drop(&mut self) {
        self.end(Ending::ClientGone);
    }
}

/// The body of a request, counted.
pub(super) struct Sent {
    body: Incoming,
    bytes: Arc<AtomicU64>,
}

impl Sent {
    pub(super) fn new(body: Incoming, bytes: Arc<AtomicU64>) -> Self {
        Self { body, bytes }
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            self.bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
