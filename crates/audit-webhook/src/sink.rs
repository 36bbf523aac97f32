//! The audit webhook: kube-apiserver sends its events here in batches (`--audit-webhook-config-file`).
//!
//! It is answered before anything is done with what it sent: an API server never waits for us. What the queue has no room for is
//! dropped and counted; from half full on, one event stands for ten.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use agent_link::CertificateError;
use agent_link::tls::MutualServer;
use bytes::Bytes;
use environment::Clock;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// A batch has 400 events (`--audit-webhook-batch-max-size`) of 1 to 2 KB at the level Metadata; with bodies, more.
const BODY_BYTES_MAX: usize = 8 << 20;
/// An API server sends one batch at a time; clusters have up to some ten.
const CONNECTIONS_MAX: usize = 64;
/// Events that wait: two batches of each of ten API servers, at 1 to 2 KB some 16 MB.
const QUEUE_EVENTS: usize = 8192;
/// From half full on, one event in this many is taken, and stands for them.
const SAMPLED: u32 = 10;
/// For TLS and for a request's head.
const PATIENCE: Duration = Duration::from_secs(10);

/// How API servers reach it.
#[derive(Debug, Clone)]
pub struct AuditConfig {
    /// `--audit-listen`.
    pub listen: SocketAddr,
    /// Folder with the hub's certificates; without it only a loopback address is taken.
    pub tls_dir: Option<PathBuf>,
}

/// Why it does not listen: one sentence.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Everybody could send events.
    #[error("--audit-listen {0} needs --tls-dir DIR: without certificates only a loopback address is taken")]
    Open(SocketAddr),
    /// The certificates.
    #[error(transparent)]
    Certificates(#[from] CertificateError),
    /// The port.
    #[error("cannot listen on {0} (--audit-listen): {1}")]
    Bind(SocketAddr, std::io::Error),
}

/// An event and how many it stands for.
pub type Item = (u32, Box<RawValue>);

/// What was counted so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Events that came.
    pub events: u64,
    /// Of them, those that others stood for because the queue was half full.
    pub sampled: u64,
    /// Of them, those that were dropped because it was full.
    pub dropped: u64,
    /// Bodies that were no events.
    pub refused: u64,
}

/// What is counted.
#[derive(Debug, Default)]
pub struct Counts {
    events: AtomicU64,
    sampled: AtomicU64,
    dropped: AtomicU64,
    refused: AtomicU64,
}

/// Listens, and does not serve yet.
pub struct Sink {
    listener: TcpListener,
    tls: Option<MutualServer>,
    shared: Arc<Shared>,
}

struct Shared {
    to: mpsc::Sender<Item>,
    counts: Arc<Counts>,
}

#[derive(Deserialize)]
struct EventList {
    items: Vec<Box<RawValue>>,
}

impl Sink {
    /// Checks the settings and opens the port; with it what is counted, and where events leave.
    ///
    /// # Errors
    /// [`AuditError`].
    pub async fn bind(
        config: &AuditConfig,
        clock: &Arc<dyn Clock>,
    ) -> Result<(Self, Arc<Counts>, mpsc::Receiver<Item>), AuditError> {
        let tls = config.tls_dir.as_deref().map(|dir| MutualServer::load(dir, clock)).transpose()?;
        if tls.is_none() && !config.listen.ip().is_loopback() {
            return Err(AuditError::Open(config.listen));
        }
        let bound = TcpListener::bind(config.listen).await;
        let listener = bound.map_err(|failed| AuditError::Bind(config.listen, failed))?;
        let (to, from) = mpsc::channel(QUEUE_EVENTS);
        let counts = Arc::new(Counts::default());
        let shared = Arc::new(Shared { to, counts: counts.clone() });
        Ok((Self { listener, tls, shared }, counts, from))
    }

    /// To see how full the queue is.
    #[must_use]
    pub fn queue(&self) -> mpsc::WeakSender<Item> {
        self.shared.to.downgrade()
    }

    /// The real one.
    ///
    /// # Errors
    /// The system's.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Until `stop`.
    pub async fn serve(self, stop: CancellationToken) {
        if let Some(tls) = &self.tls {
            tls.follow(stop.clone());
        }
        let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            let Ok(place) = room.clone().acquire_owned().await else { return };
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = self.listener.accept() => accepted,
            };
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let (tls, shared, stop) = (self.tls.clone(), self.shared.clone(), stop.clone());
            environment::spawn("audit connection", async move {
                let serving = async {
                    let Some(tls) = tls else { return connection(stream, shared).await };
                    let accepting = TlsAcceptor::from(tls.config()).accept(stream);
                    if let Ok(Ok(stream)) = tokio::time::timeout(PATIENCE, accepting).await {
                        connection(stream, shared).await;
                    }
                };
                tokio::select! { () = stop.cancelled() => {}, () = serving => {} }
                drop(place);
            });
        }
    }
}

async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, shared: Arc<Shared>) {
    let service = service_fn(|request| {
        let shared = shared.clone();
        async move { Ok::<_, std::convert::Infallible>(take(request, &shared).await) }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    builder.http2().timer(TokioTimer::new());
    if let Err(failed) = builder.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%failed, "audit connection ended");
    }
}

async fn take(request: Request<Incoming>, shared: &Shared) -> Response<Full<Bytes>> {
    if request.method() != Method::POST {
        return answer(StatusCode::METHOD_NOT_ALLOWED, "POST an EventList of audit.k8s.io/v1 here\n");
    }
    let Ok(body) = Limited::new(request.into_body(), BODY_BYTES_MAX).collect().await else {
        shared.counts.refused.fetch_add(1, Ordering::Relaxed);
        return answer(StatusCode::PAYLOAD_TOO_LARGE, "more than 8 MiB: log at the level Metadata\n");
    };
    // A batch is answered well even when it is no use: an API server sends what was refused again and again.
    match serde_json::from_slice::<EventList>(&body.to_bytes()) {
        Ok(list) => list.items.into_iter().for_each(|event| shared.queue(event)),
        Err(_) => drop(shared.counts.refused.fetch_add(1, Ordering::Relaxed)),
    }
    answer(StatusCode::OK, "")
}

fn answer(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response
}

impl Shared {
    fn queue(&self, event: Box<RawValue>) {
        let number = self.counts.events.fetch_add(1, Ordering::Relaxed);
        let crowded = self.to.capacity() < QUEUE_EVENTS / 2;
        if crowded && !number.is_multiple_of(u64::from(SAMPLED)) {
            self.counts.sampled.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let weight = if crowded { SAMPLED } else { 1 };
        if self.to.try_send((weight, event)).is_err() {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Counts {
    /// By now.
    #[must_use]
    pub fn counted(&self) -> Counted {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counted {
            events: of(&self.events),
            sampled: of(&self.sampled),
            dropped: of(&self.dropped),
            refused: of(&self.refused),
        }
    }
}

#[cfg(test)]
mod tests;
