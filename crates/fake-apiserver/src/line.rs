//! The socket of one connection, with a switch on it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What the connection does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Normal,
    /// Nothing is read or written; the kernel still acknowledges what comes.
    HalfOpen,
    /// The next touch fails, and the socket closes with RST.
    Reset,
}

/// The switch: held by the connection's requests.
#[derive(Debug)]
pub(crate) struct Line {
    state: Mutex<(Mode, Vec<Waker>)>,
    go_away: tokio::sync::Notify,
}

/// The socket behind the switch.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    line: Arc<Line>,
}

/// A reader and a writer wait at most, but a waker may be registered anew by each poll.
const WAKERS_MAX: usize = 8;

impl Line {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { state: Mutex::new((Mode::Normal, Vec::new())), go_away: tokio::sync::Notify::new() })
    }

    pub(crate) fn switch(&self, mode: Mode) {
        let wakers = {
            let mut state = self.state.lock();
            // A body that stands still says so at each poll: waking for what is already so would poll it for ever.
            if state.0 == mode {
                return;
            }
            state.0 = mode;
            std::mem::take(&mut state.1)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Asks for a graceful end after the running requests.
    pub(crate) fn go_away(&self) {
        self.go_away.notify_one();
    }

    /// Waits until somebody asks for it.
    pub(crate) async fn asked_to_go_away(&self) {
        self.go_away.notified().await;
    }

    fn mode(&self, context: &Context<'_>) -> Mode {
        let mut state = self.state.lock();
        let known = state.1.iter().any(|waker| waker.will_wake(context.waker()));
        if !known && state.1.len() < WAKERS_MAX {
            state.1.push(context.waker().clone());
        }
        state.0
    }
}

impl Socket {
    pub(crate) fn new(stream: TcpStream, line: Arc<Line>) -> Self {
        Self { stream, line }
    }

    /// `None` where the operation may go on.
    fn gate<T>(&self, context: &Context<'_>) -> Option<Poll<io::Result<T>>> {
        match self.line.mode(context) {
            Mode::Normal => None,
            Mode::HalfOpen => Some(Poll::Pending),
            Mode::Reset => {
                // Closing with a linger of zero drops what is unsent and sends RST. A failure leaves an ordinary close.
                let _ = socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
                Some(Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())))
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.gate(context) {
            Some(stopped) => stopped,
            None => Pin::new(&mut self.stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.gate(context) {
            Some(stopped) => stopped,
            None => Pin::new(&mut self.stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.gate(context) {
            Some(stopped) => stopped,
            None => Pin::new(&mut self.stream).poll_write_vectored(context, bytes),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.gate(context) {
            Some(stopped) => stopped,
            None => Pin::new(&mut self.stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.gate(context) {
            Some(stopped) => stopped,
            None => Pin::new(&mut self.stream).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn only_a_change_wakes() {
        let (line, woken) = (Line::new(), Arc::new(Count(AtomicUsize::new(0))));
        let waker = Waker::from(woken.clone());
        for (mode, expected) in
            [(Mode::Normal, 0), (Mode::HalfOpen, 1), (Mode::HalfOpen, 1), (Mode::Reset, 2)]
        {
            line.mode(&Context::from_waker(&waker));
            line.switch(mode);
            assert_eq!(woken.0.load(Ordering::Relaxed), expected, "{mode:?}");
        }
    }
}
