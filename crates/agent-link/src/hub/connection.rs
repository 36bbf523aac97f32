//! One connection: handshake, whose it is, one stream, its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fanout::{AgentMessage, Peer};
use futures::StreamExt as _;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::{Status, Streaming};

use super::shared::{Opened, Shared};
use crate::identity;
use crate::tls::Reloading;
use crate::wire;

/// TLS handshakes at once, about 20 KiB each; the rest waits in the kernel's queue. So many that peers who never finish
/// theirs do not keep the agents out.
const HANDSHAKES_MAX: usize = 512;
/// A peer that has not finished its handshake by then is not an agent.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// What is queued for a session that was closed has this long to get out.
const DRAIN: Duration = Duration::from_secs(2);
/// Pause after `accept` failed: out of file descriptors, usually.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// HTTP/2 windows: what an agent may send before we read. Agents send acknowledgements of a few bytes.
const RECEIVE_WINDOW_BYTES: u32 = 64 * 1024;
/// What hyper may hold of our messages per stream: one full chunk.
const SEND_BUFFER_BYTES: usize = 256 * 1024;
const HEADERS_BYTES_MAX: u32 = 16 * 1024;

type Tls = Option<Arc<Reloading<ServerConfig>>>;

pub(super) async fn accept_forever(
    listener: TcpListener,
    tls: Tls,
    shared: Arc<Shared>,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) {
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    // Twice the sessions: those being told to come back are connections too.
    let connections = Arc::new(Semaphore::new(shared.limits().sessions_max * 2));
    loop {
        let accepted = async {
            let handshake = handshakes.clone().acquire_owned().await;
            let connection = connections.clone().acquire_owned().await;
            (listener.accept().await, handshake, connection)
        };
        let (accepted, handshake, connection) = tokio::select! {
            () = stop.cancelled() => return,
            accepted = accepted => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept an agent");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        shared.counters.connections.fetch_add(1, Ordering::Relaxed);
        let (shared, tls, stop) = (shared.clone(), tls.clone(), stop.clone());
        let served = tasks.track_future(async move {
            secure(stream, peer, tls, &shared, &stop, move || drop(handshake)).await;
            drop(connection);
        });
        environment::spawn("agent-connection", served);
    }
}

async fn secure(
    stream: TcpStream,
    address: SocketAddr,
    tls: Tls,
    shared: &Arc<Shared>,
    stop: &CancellationToken,
    done: impl FnOnce(),
) {
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        done();
        return serve(stream, Peer::AnyNode, shared, stop).await;
    };
    let handshake = tokio_rustls::TlsAcceptor::from(tls.config()).accept(stream);
    let stream = match tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return failed(shared, address, &error.to_string()),
        Err(_) => return failed(shared, address, "no handshake within 10 s"),
    };
    done();
    let leaf = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    match leaf.and_then(identity::agent) {
        Some(peer) => serve(stream, peer, shared, stop).await,
        None => {
            shared.counters.strangers.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(%address, "refused a certificate that is not for an agent (no name plimsoll:agent:NODE)");
        }
    }
}

fn failed(shared: &Shared, address: SocketAddr, error: &str) {
    shared.counters.handshakes_failed.fetch_add(1, Ordering::Relaxed);
    tracing::debug!(%address, error, "handshake with an agent failed");
}

async fn serve<S>(stream: S, peer: Peer, shared: &Arc<Shared>, stop: &CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    // Cancelled when the session ends, by either side.
    let ended = CancellationToken::new();
    let used = Arc::new(AtomicBool::new(false));
    let (publisher, end, taken) = (shared.clone(), ended.clone(), used.clone());
    let service = service_fn(move |request: Request<Incoming>| {
        let (publisher, end, taken, peer) = (publisher.clone(), end.clone(), taken.clone(), peer.clone());
        let open = move |inbound| match taken.swap(true, Ordering::Relaxed) {
            true => Err(Status::resource_exhausted("one stream per connection")),
            false => {
                let opened = publisher.open(peer.clone(), end.clone());
                Ok(attend(opened, inbound, publisher.clone()))
            }
        };
        async { Ok::<_, std::convert::Infallible>(wire::serve(request, open).await) }
    });
    let mut connection = std::pin::pin!(
        http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(1)
            .initial_stream_window_size(RECEIVE_WINDOW_BYTES)
            .initial_connection_window_size(RECEIVE_WINDOW_BYTES)
            .max_send_buf_size(SEND_BUFFER_BYTES)
            .max_header_list_size(HEADERS_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service)
    );
    let unused = async {
        tokio::time::sleep(shared.limits().hello_timeout).await;
        if used.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        _ = connection.as_mut() => return ended.cancel(),
        () = ended.cancelled() => {}
        () = unused => {}
        () = stop.cancelled() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(DRAIN, connection).await;
    ended.cancel();
}

/// Reads what the agent says until either side ends it.
fn attend(opened: Opened, mut inbound: Streaming<AgentMessage>, shared: Arc<Shared>) -> wire::Receiver {
    let Opened { id, receiver, ended } = opened;
    environment::spawn("agent-session", async move {
        loop {
            let message = tokio::select! {
                () = ended.cancelled() => break,
                message = inbound.next() => message,
            };
            match message {
                Some(Ok(message)) => shared.message(id, message),
                Some(Err(_)) | None => break,
            }
        }
        shared.closed(id);
        ended.cancel();
    });
    receiver
}
