//! Sockets, connections, start and stop.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::audit::{Audit, RequestRecord};
use crate::config::{Config, StartError};
use crate::faults::Faults;
use crate::handler::{self, Api};
use crate::line::{Line, Socket};
use crate::population;
use crate::store::Store;
use crate::writes::graves::Graves;
use crate::{admin, certificate};

/// A client that opens a connection and says nothing is dropped.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Accept fails for a while when file descriptors run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// As the real server has it.
const STREAMS_PER_CONNECTION_MAX: u32 = 100;

/// A running server. Dropping it stops it.
#[derive(Debug)]
pub struct FakeApiserver {
    address: SocketAddr,
    admin_address: Option<SocketAddr>,
    certificate_pem: Option<String>,
    store: Store,
    faults: Faults,
    audit: Audit,
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

impl FakeApiserver {
    /// Fills the store, binds, and serves from then on. Filling 5,000 nodes takes seconds, on a thread of its own.
    ///
    /// # Errors
    /// An address that is taken or not loopback, a plan that is too large, TLS that cannot be made.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        config.check()?;
        let listener = listen(config.listen).await?;
        let address = local_address(&listener, config.listen)?;
        let admin = match config.admin_listen {
            Some(admin) => Some(listen(admin).await?),
            None => None,
        };
        let admin_address = admin.as_ref().and_then(|listener| listener.local_addr().ok());
        let tls = if config.tls { Some(certificate::self_made(address.ip())?) } else { None };
        let store = Store::new(config.clock.clone(), config.entropy.clone(), config.history_events_max);
        let model = population::fill(&store, config.cluster).await;
        let faults = Faults::new(store.clone());
        let audit = Audit::new(config.audit_entries_max);
        let graves = Graves::new(config.pod_grace_max);
        let api = Api {
            store: store.clone(),
            faults: faults.clone(),
            audit: audit.clone(),
            graves: graves.clone(),
            bookmark_interval: config.bookmark_interval,
        };
        let (shutdown, tasks) = (CancellationToken::new(), TaskTracker::new());
        let acceptor = tls.as_ref().map(|tls| TlsAcceptor::from(tls.server.clone()));
        let connections =
            Connections { api: api.clone(), acceptor, shutdown: shutdown.clone(), tasks: tasks.clone() };
        let run = |name, future| until(name, &shutdown, &tasks, future);
        run("fake-apiserver", Box::pin(connections.accept(listener, config.connections_max)));
        run("fake-apiserver graves", Box::pin(graves.run(store.clone())));
        if let Some(listener) = admin {
            run(
                "fake-apiserver admin",
                Box::pin(admin::serve(listener, api, shutdown.clone(), tasks.clone())),
            );
        }
        if let (Some(model), Some(plan)) = (model, config.cluster) {
            run("fake-apiserver churn", Box::pin(model.churn(store.clone(), plan)));
        }
        tracing::info!(%address, "fake API server, a test double: no authentication, no persistence");
        let certificate_pem = tls.map(|tls| tls.certificate_pem);
        Ok(Self { address, admin_address, certificate_pem, store, faults, audit, shutdown, tasks })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://…` or `https://…`.
    pub fn url(&self) -> String {
        let scheme = if self.certificate_pem.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Where `PUT /faults` is served.
    pub fn admin_url(&self) -> Option<String> {
        self.admin_address.map(|address| format!("http://{address}"))
    }

    /// The certificate that clients must trust, when TLS is on.
    pub fn certificate_pem(&self) -> Option<&str> {
        self.certificate_pem.as_deref()
    }

    /// A kubeconfig for this server, as YAML. The certificate is in it. The token is no
    /// credential: nobody reads it, but kubectl asks for a user name where there is none.
    pub fn kubeconfig(&self) -> String {
        let authority = self.certificate_pem.as_ref().map_or(String::new(), |pem| {
            format!("\n    certificate-authority-data: {}", crate::transcode::to_base64(pem.as_bytes()))
        });
        format!(
            "# A test double of an API server (plimsoll fake-apiserver): no authentication, no persistence.\n\
             apiVersion: v1\nkind: Config\nclusters:\n- name: fake\n  cluster:\n    server: {}{authority}\n\
             users:\n- name: anybody\n  user:\n    token: no-secret\ncontexts:\n- name: fake\n  context:\n    cluster: fake\n    \
             user: anybody\n    namespace: default\ncurrent-context: fake\n",
            self.url()
        )
    }

    /// The switch for faults.
    pub fn faults(&self) -> Faults {
        self.faults.clone()
    }

    /// The objects.
    pub fn store(&self) -> Store {
        self.store.clone()
    }

    /// The last requests, the oldest first.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.audit.records()
    }

    /// How many requests there ever were.
    pub fn requests_total(&self) -> u64 {
        self.audit.total()
    }

    /// Closes all connections, running watches among them, and frees the port.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for FakeApiserver {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// Runs a task until it ends or the server stops.
fn until(
    name: &'static str,
    shutdown: &CancellationToken,
    tasks: &TaskTracker,
    future: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>,
) {
    let shutdown = shutdown.clone();
    let task = tasks.track_future(async move {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = future => {}
        }
    });
    environment::spawn(name, task);
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })
}

fn local_address(listener: &TcpListener, address: SocketAddr) -> Result<SocketAddr, StartError> {
    listener.local_addr().map_err(|source| StartError::Listen { address, source })
}

#[derive(Clone)]
struct Connections {
    api: Api,
    acceptor: Option<TlsAcceptor>,
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

impl Connections {
    async fn accept(self, listener: TcpListener, connections_max: usize) {
        let places = Arc::new(Semaphore::new(connections_max));
        loop {
            let Ok(place) = places.clone().acquire_owned().await else { return };
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let this = self.clone();
            let serve = async move {
                this.serve(stream).await;
                drop(place);
            };
            until("fake-apiserver connection", &self.shutdown, &self.tasks, Box::pin(serve));
        }
    }

    async fn serve(&self, stream: TcpStream) {
        // A failure costs latency only.
        let _ = stream.set_nodelay(true);
        let line = Line::new();
        let socket = Socket::new(stream, line.clone());
        match &self.acceptor {
            None => serve_http(self.api.clone(), line, socket).await,
            Some(acceptor) => match tokio::time::timeout(HANDSHAKE, acceptor.accept(socket)).await {
                Ok(Ok(stream)) => serve_http(self.api.clone(), line, stream).await,
                Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
                Err(_) => tracing::debug!("TLS handshake took too long"),
            },
        }
    }
}

/// HTTP/1.1 and HTTP/2 on one connection, by its first bytes.
async fn serve_http(api: Api, line: Arc<Line>, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(STREAMS_PER_CONNECTION_MAX);
    let service_line = line.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let (api, line) = (api.clone(), service_line.clone());
        async move { Ok::<_, std::convert::Infallible>(handler::handle(api, line, request).await) }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = line.asked_to_go_away() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}
