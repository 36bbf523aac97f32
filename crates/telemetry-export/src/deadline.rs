//! A socket whose reads and writes have deadlines.
//!
//! hyper's own header timeout also runs between two requests; a scraper comes every 15 to 60 seconds, so the two need
//! different limits. The write deadline restarts with every byte that the client takes.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::Limits;
use crate::metrics::{Metrics, Timeout, TimeoutKind};

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// A request's head is arriving.
    Head,
    /// A request is being answered.
    Answer,
    /// Between two requests.
    Idle,
}

/// The phase, shared by the socket, the service and the body. Counts up, so that the head of the second request is not taken
/// for that of the first: phase = count modulo 3.
#[derive(Debug, Clone, Default)]
pub(crate) struct Phases(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    count: AtomicU32,
    /// hyper does not read again while an earlier read waits; but the limit of that wait changes with the phase.
    reader: Mutex<Option<Waker>>,
}

impl Phases {
    /// Moves on to `phase`; nothing happens when it is the present one. Only one task touches a connection at a time.
    pub(crate) fn enter(&self, phase: Phase) {
        let count = self.0.count.load(Ordering::Relaxed);
        let steps = (phase as u32 + 3 - count % 3) % 3;
        self.0.count.store(count.wrapping_add(steps), Ordering::Relaxed);
        if let Some(reader) = self.0.reader.lock().take() {
            reader.wake();
        }
    }

    fn now(&self) -> (Phase, u32) {
        let count = self.0.count.load(Ordering::Relaxed);
        let phase = match count % 3 {
            0 => Phase::Head,
            1 => Phase::Answer,
            _ => Phase::Idle,
        };
        (phase, count)
    }

    fn wake_at_next(&self, reader: &Waker) {
        *self.0.reader.lock() = Some(reader.clone());
    }
}

/// The socket.
pub(crate) struct Deadlines<S> {
    stream: S,
    limits: Limits,
    phases: Phases,
    metrics: Metrics,
    read: Option<(u32, Pin<Box<Sleep>>)>,
    write: Option<Pin<Box<Sleep>>>,
}

impl<S> Deadlines<S> {
    pub(crate) fn new(stream: S, limits: Limits, phases: Phases, metrics: Metrics) -> Self {
        Self { stream, limits, phases, metrics, read: None, write: None }
    }

    fn poll_read_deadline(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (phase, count) = self.phases.now();
        let (limit, kind) = match phase {
            Phase::Head => (self.limits.header_read, TimeoutKind::header),
            Phase::Idle => (self.limits.idle, TimeoutKind::idle),
            Phase::Answer => {
                self.phases.wake_at_next(cx.waker());
                return Poll::Pending;
            }
        };
        if self.read.as_ref().is_none_or(|(of, _)| *of != count) {
            self.read = Some((count, Box::pin(sleep(limit))));
        }
        let Some((_, timer)) = &mut self.read else { return Poll::Pending };
        let state = timer.as_mut().poll(cx);
        self.expire(state, kind)
    }

    fn poll_write_deadline(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let limit: Duration = self.limits.write_stall;
        let timer = self.write.get_or_insert_with(|| Box::pin(sleep(limit)));
        let state = timer.as_mut().poll(cx);
        self.expire(state, TimeoutKind::write)
    }

    fn expire(&self, state: Poll<()>, kind: TimeoutKind) -> Poll<io::Result<()>> {
        state.map(|()| {
            self.metrics.timeouts.get_or_create(&Timeout { kind }).inc();
            Err(io::ErrorKind::TimedOut.into())
        })
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Deadlines<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buf);
        if read.is_pending() {
            return this.poll_read_deadline(cx);
        }
        if buf.filled().len() > before && this.phases.now().0 == Phase::Idle {
            this.phases.enter(Phase::Head);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Deadlines<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, buf);
        if written.is_pending() {
            return this.poll_write_deadline(cx).map_ok(|()| 0);
        }
        this.write = None;
        written
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        if written.is_pending() {
            return this.poll_write_deadline(cx).map_ok(|()| 0);
        }
        this.write = None;
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
