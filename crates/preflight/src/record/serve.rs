//! One address of the proxy: HTTP/1.1, and HTTP/2 for those who know that it is there.

use std::net::SocketAddr;
use std::sync::Arc;

use apiserver_client::passage::Passage;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::forward::forward;
use super::{RecordError, Shared};

/// Streams that one connection may have open: a workload's watches, and more than an API server itself would allow.
const STREAMS_MAX: u32 = 1000;
/// What a client may send of one request before it is passed on.
const STREAM_WINDOW_BYTES: u32 = 1 << 20;
/// Connections of one copy; each watch of a client with HTTP/1.1 is one.
const CONNECTIONS_MAX: usize = 20_000;

/// One address.
pub(super) struct Door {
    listener: TcpListener,
    address: SocketAddr,
}

impl Door {
    pub(super) async fn open(address: SocketAddr) -> Result<Self, RecordError> {
        let listen = |error| RecordError::Listen { address, error };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        Ok(Self { listener, address })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Until `stop`; connections end then, whatever they do.
    pub(super) async fn serve(
        self,
        copy: usize,
        passage: Arc<Passage>,
        shared: Arc<Shared>,
        stop: CancellationToken,
    ) {
        let room = Arc::new(tokio::sync::Semaphore::new(CONNECTIONS_MAX));
        loop {
            let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = self.listener.accept() => accepted,
            };
            // Out of file descriptors, or a client that went away at once: the next one is not to suffer.
            let Ok((stream, peer)) = accepted else {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                continue;
            };
            let _ = stream.set_nodelay(true);
            let (passage, shared, stop) = (Arc::clone(&passage), Arc::clone(&shared), stop.clone());
            environment::spawn("recorded connection", async move {
                let from = format!("{copy}/{}", peer.ip());
                let service = service_fn(|request| {
                    let (passage, shared, from) = (Arc::clone(&passage), Arc::clone(&shared), from.clone());
                    async move { Ok::<_, std::convert::Infallible>(forward(request, from, passage, shared).await) }
                });
                let mut builder = Builder::new(TokioExecutor::new());
                builder.http1().timer(TokioTimer::new()).preserve_header_case(true);
                builder
                    .http2()
                    .timer(TokioTimer::new())
                    .max_concurrent_streams(STREAMS_MAX)
                    .initial_stream_window_size(STREAM_WINDOW_BYTES)
                    .max_send_buf_size(STREAM_WINDOW_BYTES as usize);
                let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
                tokio::select! {
                    () = stop.cancelled() => {}
                    _ = connection => {}
                }
                drop(place);
            });
        }
    }
}
