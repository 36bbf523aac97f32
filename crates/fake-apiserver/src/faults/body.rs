//! Faults in the middle of a body.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::time::Sleep;

use crate::line::{Line, Mode};

/// A trickle comes in so many pieces per second.
const PIECES_PER_SECOND: u64 = 10;

/// Time for what was sent to leave, before the connection is reset: a reset drops what is still in the socket.
const FLUSH: Duration = Duration::from_millis(20);

/// What happens to a body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BodyFault {
    /// After so many bytes, this.
    pub(crate) end: Option<(u64, End)>,
    pub(crate) bytes_per_second: Option<u64>,
}

/// How a body ends that does not end well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Stall,
    Reset,
    HalfOpen,
    Truncate,
}

/// Why a body broke off. The connection (HTTP/1.1) or the stream (HTTP/2) is aborted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fault ended this body")]
pub(crate) struct Broken;

/// A body with a fault.
pub(crate) struct FaultyBody<B> {
    inner: B,
    fault: BodyFault,
    line: Arc<Line>,
    sent: u64,
    /// Bytes of a frame that was cut.
    rest: Bytes,
    wait: Option<Pin<Box<Sleep>>>,
    flushed: bool,
}

impl<B> FaultyBody<B> {
    pub(crate) fn new(inner: B, fault: BodyFault, line: Arc<Line>) -> Self {
        Self { inner, fault, line, sent: 0, rest: Bytes::new(), wait: None, flushed: false }
    }

    /// How many bytes may go out in the next frame.
    fn allowance(&self) -> u64 {
        let until_end = self.fault.end.map_or(u64::MAX, |(after, _)| after - self.sent);
        let piece = self.fault.bytes_per_second.map_or(u64::MAX, |rate| (rate / PIECES_PER_SECOND).max(1));
        until_end.min(piece)
    }

    fn at_end(&self) -> Option<End> {
        self.fault.end.filter(|(after, _)| *after <= self.sent).map(|(_, end)| end)
    }

    fn send(&mut self) -> Bytes {
        let length = self.rest.len().min(usize::try_from(self.allowance()).unwrap_or(usize::MAX));
        let piece = self.rest.split_to(length);
        self.sent += length as u64;
        if let Some(rate) = self.fault.bytes_per_second {
            let millis = length as u64 * 1000 / rate.max(1);
            self.wait = Some(Box::pin(tokio::time::sleep(Duration::from_millis(millis))));
        }
        piece
    }
}

impl<B: Body<Data = Bytes, Error = Broken> + Unpin> Body for FaultyBody<B> {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let this = &mut *self;
        if let Some(wait) = &mut this.wait {
            if wait.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            this.wait = None;
        }
        if let Some(end) = this.at_end() {
            if !this.flushed {
                this.flushed = true;
                let mut wait = Box::pin(tokio::time::sleep(FLUSH));
                // Registers the waker: the sleep was made just now.
                let _ = wait.as_mut().poll(context);
                this.wait = Some(wait);
                return Poll::Pending;
            }
            match end {
                End::Stall => return Poll::Pending,
                End::HalfOpen => {
                    this.line.switch(Mode::HalfOpen);
                    return Poll::Pending;
                }
                End::Reset => this.line.switch(Mode::Reset),
                End::Truncate => {}
            }
            return Poll::Ready(Some(Err(Broken)));
        }
        if this.rest.is_empty() {
            match Pin::new(&mut this.inner).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => this.rest = data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                // A body that is shorter than its fault ends with the fault all the same, but for a cut that it does not reach.
                Poll::Ready(None) if this.fault.end.is_some_and(|(_, end)| end != End::Truncate) => {
                    this.fault.end = this.fault.end.map(|(_, end)| (this.sent, end));
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                other => return other,
            }
        }
        let piece = this.send();
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}
