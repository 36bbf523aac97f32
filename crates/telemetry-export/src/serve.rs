//! Connections.

use std::convert::Infallible;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use http::header::{self, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::deadline::{Deadlines, Phase, Phases};
use crate::limits::HEAD_BYTES_MAX;
use crate::metrics::Code;
use crate::stream::{GZIP_BYTES_MIN, Stream};
use crate::{Body, Handler, Limits, Method, Metrics, Reply, Request};

/// After a failed accept (no file descriptor left, as a rule) nothing gets better at once.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);
/// For a client past the limit; written into the fresh socket's empty send buffer, so it never blocks.
const TOO_MANY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\nretry-after: 5\r\n\
content-length: 45\r\nconnection: close\r\n\r\ntoo many connections; come back in 5 seconds\n";

/// Serves `listener` until `stop`, then lets the requests under way finish within [`Limits::stop_grace`].
pub async fn serve(
    listener: TcpListener,
    handler: Arc<dyn Handler>,
    limits: Limits,
    stop: CancellationToken,
) {
    serve_measured(listener, handler, limits, Metrics::default(), stop).await;
}

/// [`serve`], counting into `metrics`.
pub async fn serve_measured(
    listener: TcpListener,
    handler: Arc<dyn Handler>,
    limits: Limits,
    metrics: Metrics,
    stop: CancellationToken,
) {
    let tracker = TaskTracker::new();
    let slots = Arc::new(Semaphore::new(limits.connections_max));
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(failed) => {
                tracing::warn!(error = %failed, "cannot accept a connection");
                stop.run_until_cancelled(tokio::time::sleep(ACCEPT_RETRY)).await;
                continue;
            }
        };
        let Ok(slot) = slots.clone().try_acquire_owned() else {
            metrics.refused.inc();
            refuse(stream);
            continue;
        };
        // Without this the last short packet of an answer waits for the client's delayed acknowledgement.
        let _ = stream.set_nodelay(true);
        let connection = connection(stream, handler.clone(), limits, metrics.clone(), stop.clone());
        environment::spawn(
            "http connection",
            tracker.track_future(async move {
                connection.await;
                drop(slot);
            }),
        );
    }
    tracker.close();
    tracker.wait().await;
}

fn refuse(stream: TcpStream) {
    if let Ok(mut stream) = stream.into_std() {
        let _ = stream.write(TOO_MANY);
    }
}

/// One connection, to its end or to `stop` and the grace after it.
async fn connection<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    handler: Arc<dyn Handler>,
    limits: Limits,
    metrics: Metrics,
    stop: CancellationToken,
) {
    let counted = metrics.clone();
    let open = Open::new(&counted);
    let phases = Phases::default();
    let io = TokioIo::new(Deadlines::new(stream, limits, phases.clone(), metrics.clone()));
    let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
        phases.enter(Phase::Answer);
        let response = answer(&*handler, &Request::of(&request), &metrics, &phases);
        async move { Ok::<_, Infallible>(response) }
    });
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            .header_read_timeout(None)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(io, service)
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(limits.stop_grace, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(failed) = ended {
        tracing::debug!(error = %failed, "connection ended early");
    }
    drop(open);
}

fn answer(handler: &dyn Handler, request: &Request, metrics: &Metrics, phases: &Phases) -> Response<Stream> {
    let reply = catch_unwind(AssertUnwindSafe(|| handler.handle(request))).unwrap_or_else(|_| {
        metrics.panics.inc();
        tracing::error!(path = request.path, "handler panicked: a bug; the other connections go on");
        Reply::text(500, "this handler failed: a bug of Plimsoll, its log has the place\n")
    });
    let response = response(reply, request, metrics, phases);
    metrics.requests.get_or_create(&Code { code: response.status().as_u16() }).inc();
    response
}

fn response(reply: Reply, request: &Request, metrics: &Metrics, phases: &Phases) -> Response<Stream> {
    let small = matches!(&reply.body, Body::Full(bytes) if bytes.len() < GZIP_BYTES_MIN);
    let gzip = request.accepts_gzip && !small && request.method != Method::Head;
    let stream = Stream::new(reply.body, gzip, metrics.clone(), phases.clone());
    let mut response = Response::new(stream);
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::try_from(value))
        {
            headers.append(name, value);
        }
    }
    response
}

/// Counts a connection as open while it lives, however it ends.
struct Open<'a>(&'a Metrics);

impl<'a> Open<'a> {
    fn new(metrics: &'a Metrics) -> Self {
        metrics.connections.inc();
        Self(metrics)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.connections.dec();
    }
}

#[cfg(test)]
mod tests;
