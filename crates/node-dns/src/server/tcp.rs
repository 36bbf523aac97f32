//! TCP: many queries on one connection, answered as they are ready (RFC 7766, 6.2.1.1), with limits that no client can use
//! up for the others.

mod connections;
mod framing;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use dns_message::MESSAGE_BYTES_MAX;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::connections::Connections;
use self::framing::Inbox;
use crate::metrics::{Protocol, Tally};
use crate::pipeline::{Pipeline, Shared, Verdict};

/// A connection without a query under way is closed after this (RFC 7766, 6.2.3 speaks of a few seconds).
pub(crate) const IDLE: Duration = Duration::from_secs(10);
/// A query has to be complete this long after its first octet: 64 KB at 100 kbit/s.
const MESSAGE: Duration = Duration::from_secs(5);
/// A client has to take its answers within this.
const WRITE: Duration = Duration::from_secs(5);
/// Queries of one connection that are asked elsewhere at the same time; the next ones wait in its socket.
const PENDING_MAX: usize = 64;
/// Answers are sent when this much has come together, and when there is nothing else to do.
const OUTBOX_BYTES: usize = MESSAGE_BYTES_MAX;
/// After a failed accept (no file descriptor left, as a rule) nothing gets better at once.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Serves one listener.
pub(crate) struct TcpServer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) tally: Arc<Tally>,
    pub(crate) connections: Arc<Connections>,
}

impl TcpServer {
    pub(crate) fn new(shared: Arc<Shared>, tally: Arc<Tally>) -> Self {
        let connections = Arc::new(Connections::new(shared.metrics.clone()));
        Self { shared, tally, connections }
    }

    /// Accepts until `stop`; then lets connections end as they become idle, for as long as the caller waits.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener, stop: CancellationToken) {
        let tracker = TaskTracker::new();
        while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
            match accepted {
                Ok((stream, peer)) => {
                    let served = self.clone().connection(stream, peer, stop.clone());
                    environment::spawn("dns connection", tracker.track_future(served));
                }
                Err(failed) => {
                    tracing::warn!(error = %failed, "cannot accept a connection");
                    stop.run_until_cancelled(tokio::time::sleep(ACCEPT_RETRY)).await;
                }
            }
        }
        drop(listener);
        tracker.close();
        tracker.wait().await;
    }

    async fn connection(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, stop: CancellationToken) {
        // All connections are busy: the client comes again, or asks another server.
        let Some(slot) = self.connections.open() else { return };
        // Without this an answer waits for the client's delayed acknowledgement of the one before.
        let _ = stream.set_nodelay(true);
        let mut connection = Connection {
            pipeline: Pipeline::new(self.shared.clone()),
            server: self,
            stream,
            peer,
            inbox: Inbox::default(),
            outbox: Vec::new(),
            pending: FuturesUnordered::new(),
            ended: false,
        };
        connection.run(&slot, &stop).await;
    }
}

struct Connection {
    server: Arc<TcpServer>,
    pipeline: Pipeline,
    stream: TcpStream,
    peer: SocketAddr,
    inbox: Inbox,
    outbox: Vec<u8>,
    pending: FuturesUnordered<BoxFuture<'static, Vec<u8>>>,
    /// The client sends nothing more; it may still wait for answers.
    ended: bool,
}

impl Connection {
    async fn run(&mut self, slot: &connections::Slot, stop: &CancellationToken) {
        let mut deadline = Instant::now() + IDLE;
        loop {
            let waiting = self.pending.is_empty();
            tokio::select! {
                ready = self.stream.readable(), if !self.ended && self.pending.len() < PENDING_MAX => {
                    let (fresh, read) = (self.inbox.is_empty(), ready.and_then(|()| self.inbox.read(&self.stream)));
                    match read {
                        Ok(0) => self.ended = true,
                        // Each query has its time from its first octet on, however slowly the others drip in.
                        Ok(_) if fresh => deadline = Instant::now() + MESSAGE,
                        Ok(_) => {}
                        Err(failed) if failed.kind() == std::io::ErrorKind::WouldBlock => continue,
                        Err(_) => return,
                    }
                }
                Some(reply) = self.pending.next(), if !waiting => framing::push(&mut self.outbox, &reply),
                () = tokio::time::sleep_until(deadline), if waiting => return,
                () = slot.evicted(), if waiting => return,
                () = stop.cancelled(), if waiting && self.inbox.is_empty() => return,
            }
            match self.answer().await {
                Ok(0) => {}
                Ok(_) => {
                    deadline = Instant::now() + if self.inbox.is_empty() { IDLE } else { MESSAGE };
                    slot.used();
                }
                Err(Closed) => return,
            }
            if self.ended && self.pending.is_empty() {
                return;
            }
        }
    }

    /// Answers what has come in whole, and sends what is ready; says how many queries there were.
    async fn answer(&mut self) -> Result<usize, Closed> {
        let mut queries = 0;
        self.pipeline.begin();
        while self.pending.len() < PENDING_MAX
            && let Some(message) = self.inbox.next()
        {
            queries += 1;
            let start = framing::begin(&mut self.outbox);
            let verdict = self.pipeline.answer(message, self.peer, Protocol::Tcp, &mut self.outbox);
            match verdict {
                Verdict::Done(answered) => {
                    self.server.tally.answered(&answered);
                    framing::end(&mut self.outbox, start);
                }
                // What is no query at all comes from no DNS client.
                Verdict::Silence => return Err(Closed),
                Verdict::Ask => {
                    self.outbox.truncate(start);
                    let ask = self.server.shared.clone().ask(
                        message.to_vec(),
                        self.peer,
                        Protocol::Tcp,
                        self.server.tally.clone(),
                    );
                    self.pending.push(ask);
                }
            }
            if self.outbox.len() >= OUTBOX_BYTES {
                self.send().await?;
            }
        }
        self.inbox.tidy();
        self.send().await?;
        Ok(queries)
    }

    async fn send(&mut self) -> Result<(), Closed> {
        if self.outbox.is_empty() {
            return Ok(());
        }
        let sent = tokio::time::timeout(WRITE, self.stream.write_all(&self.outbox)).await;
        // A connection that idles holds no memory for answers.
        self.outbox = Vec::new();
        match sent {
            Ok(Ok(())) => Ok(()),
            _ => Err(Closed),
        }
    }
}

/// The client is gone, too slow, or none of ours.
#[derive(Debug)]
struct Closed;
