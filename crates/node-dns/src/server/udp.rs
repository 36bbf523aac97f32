//! UDP: a thread for each socket, no async runtime and no allocation on the way of a query that can be answered at once.

#[cfg(test)]
mod tests;

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::socket::{SockaddrIn, SockaddrIn6};
use tokio::sync::mpsc;

use super::datagrams::{Batch, Datagram, Family, Local, send_later};
use crate::metrics::{Protocol, Tally, Writers, ZoneLabel};
use crate::pipeline::{Pipeline, Shared, Verdict};

/// Queries from UDP that wait for the async side: at 100 B each 400 KB; beyond them the answer is SERVFAIL at once.
pub(crate) const QUEUE_QUERIES: usize = 4096;
/// Queries from UDP that are asked elsewhere at the same time, some 4 KB each: 16 MB.
pub(crate) const PENDING_MAX: usize = 4096;
/// After an error that is none of a datagram's (the socket itself is broken), a thread does not spin.
const ERROR_PAUSE: Duration = Duration::from_millis(10);

/// A query that has to be asked elsewhere.
pub(crate) struct Later {
    pub(crate) query: Vec<u8>,
    pub(crate) client: SocketAddr,
    pub(crate) reply: LaterReply,
}

/// How its answer leaves.
#[derive(Clone)]
pub(crate) struct LaterReply {
    socket: Arc<UdpSocket>,
    local: Local,
    /// Counted into by many.
    pub(crate) tally: Arc<Tally>,
}

/// The threads of one address.
pub(crate) struct UdpServer {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl UdpServer {
    /// Starts a thread for each socket.
    ///
    /// # Errors
    /// The operating system has no thread left.
    pub(crate) fn start(
        address: SocketAddr,
        sockets: Vec<UdpSocket>,
        server: &str,
        shared: &Arc<Shared>,
        queue: &mpsc::Sender<Later>,
    ) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let late = shared.metrics.tally(server, Protocol::Udp, address.is_ipv6(), Writers::Many);
        let mut threads = Vec::with_capacity(sockets.len());
        for (number, socket) in sockets.into_iter().enumerate() {
            let worker = Worker {
                wildcard: address.ip().is_unspecified(),
                socket: Arc::new(socket),
                tally: shared.metrics.tally(server, Protocol::Udp, address.is_ipv6(), Writers::One),
                late: late.clone(),
                pipeline: Pipeline::new(shared.clone()),
                shared: shared.clone(),
                queue: queue.clone(),
                stop: stop.clone(),
            };
            let name = format!("dns-udp-{number}");
            threads.push(match address {
                SocketAddr::V4(_) => environment::thread(&name, move || worker.run::<SockaddrIn>())?,
                SocketAddr::V6(_) => environment::thread(&name, move || worker.run::<SockaddrIn6>())?,
            });
        }
        Ok(Self { stop, threads })
    }

    /// Asks the threads to end after the datagrams that they have read; they do within [`super::sockets::UDP_WAKE`].
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Waits for their end.
    pub(crate) fn join(self) {
        for thread in self.threads {
            // A panic of one was reported when it happened.
            let _ = thread.join();
        }
    }
}

struct Worker {
    wildcard: bool,
    socket: Arc<UdpSocket>,
    tally: Arc<Tally>,
    late: Arc<Tally>,
    pipeline: Pipeline,
    shared: Arc<Shared>,
    queue: mpsc::Sender<Later>,
    stop: Arc<AtomicBool>,
}

impl Worker {
    fn run<S: Family>(mut self) {
        let mut batch = Batch::<S>::new(self.wildcard);
        while !self.stop.load(Ordering::Relaxed) {
            match batch.receive(&self.socket) {
                Ok(_) => {}
                Err(failed) if is_patience(&failed) => continue,
                Err(failed) => {
                    tracing::warn!(error = %failed, "cannot read from a UDP socket");
                    pause();
                    continue;
                }
            }
            self.answer(&mut batch);
        }
    }

    fn answer<S: Family>(&mut self, batch: &mut Batch<S>) {
        self.pipeline.begin();
        let began = self.pipeline.now();
        // Of which zone, for the time that they took.
        let mut counts = [0_u64; 3];
        // What one query breaks costs the queries that came with it and nothing else.
        let unbroken = catch_unwind(AssertUnwindSafe(|| {
            batch.answer(|bytes, datagram, out| self.one(bytes, datagram, out, &mut counts));
        }));
        if unbroken.is_err() {
            self.shared.metrics.panics.inc();
            tracing::error!("a query broke the server: a bug; the others go on");
        }
        let lost = batch.send(&self.socket);
        if lost > 0 {
            self.shared.metrics.unsent.inc_by(lost as u64);
        }
        let took = self.shared.clock.monotonic().saturating_sub(began);
        for (zone, count) in [ZoneLabel::Cluster, ZoneLabel::Root, ZoneLabel::Dropped].into_iter().zip(counts)
        {
            if count > 0 {
                self.tally.took(zone, count, took);
            }
        }
    }

    fn one<S: Family>(
        &mut self,
        bytes: &[u8],
        datagram: &Datagram<S>,
        out: &mut Vec<u8>,
        counts: &mut [u64; 3],
    ) {
        let client = datagram.from.to_std();
        match self.pipeline.answer(bytes, client, Protocol::Udp, out) {
            Verdict::Done(answered) => {
                counts[answered.zone as usize] += 1;
                self.tally.answered(&answered);
            }
            Verdict::Silence => out.clear(),
            Verdict::Ask => {
                out.clear();
                let reply = LaterReply {
                    socket: self.socket.clone(),
                    local: datagram.local,
                    tally: self.late.clone(),
                };
                let later = Later { query: bytes.to_vec(), client, reply };
                if self.queue.try_send(later).is_err() {
                    self.shared.metrics.overloaded.inc();
                    let answered = self.pipeline.overloaded(bytes, client, out);
                    counts[answered.zone as usize] += 1;
                    self.tally.answered(&answered);
                }
            }
        }
    }
}

impl LaterReply {
    /// Sends; `false` when the kernel did not take it.
    pub(crate) fn send(&self, bytes: &[u8], client: SocketAddr) -> bool {
        send_later(&self.socket, bytes, client, &self.local).is_ok()
    }
}

/// The wait is over, or a signal came; also what an answer to a client that is gone brings back (ICMP).
fn is_patience(failed: &io::Error) -> bool {
    matches!(
        failed.kind(),
        io::ErrorKind::WouldBlock
            | io::ErrorKind::TimedOut
            | io::ErrorKind::Interrupted
            | io::ErrorKind::ConnectionRefused
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "a thread of its own that has nothing else to do; no executor waits for it"
)]
fn pause() {
    std::thread::sleep(ERROR_PAUSE);
}
