//! Connections to the API server: kube's authentication and TLS configuration around our own TCP and HTTP/2 settings, and no
//! other layer of kube (no hidden retries, no decompression, no logging of bodies or URLs).
//!
//! HTTP/2 where the server has it (every kube-apiserver over TLS): one connection, one TLS handshake for all kinds. HTTP/1.1
//! otherwise: one connection per watch.

use std::error::Error as _;

use http::Response;
use hyper::rt::{Read, Write};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::Config;
use kube::client::{Body, ConfigExt, RustlsTlsError};
use tower::{BoxError, Service, ServiceBuilder};

use crate::calls::{Call, Request};
use crate::failure::{Cause, Failure, Silence, connection_text};
use crate::times;

/// What is read from a socket at once. 13 watches of 128 KiB are 1.7 MB.
const READ_BUFFER_BYTES_MAX: usize = 128 << 10;

/// HTTP/2: what the server may send of one answer before it is read, 256 KiB: a 50 MiB/s reader acknowledges 200 times a second.
const STREAM_WINDOW_BYTES: u32 = 256 << 10;

/// HTTP/2: what it may send of all answers together. 64 windows of a stream: the 13 watches and a few requests beside them can
/// never use it up, so that an answer that nobody reads (its share of the byte budget is spent) holds up no other.
const CONNECTION_WINDOW_BYTES: u32 = STREAM_WINDOW_BYTES * 64;

/// HTTP/2: the largest frame that is accepted, four times the protocol's default: fewer headers, never more than a window.
const FRAME_BYTES_MAX: u32 = 64 << 10;

/// Sends what stands in the table of [`crate::calls`], and nothing else.
pub(crate) struct Transport {
    client: kube::Client,
    /// Keeps no connection: each of its requests makes one.
    fresh: Option<kube::Client>,
}

impl Transport {
    /// Opens no connection yet.
    pub(crate) fn new(config: &Config) -> Result<Self, kube::Error> {
        let mut transport = Self::over(config, tls(config, tcp(), true)?)?;
        let mut builder = Client::builder(TokioExecutor::new());
        transport.fresh =
            Some(client(config, builder.pool_max_idle_per_host(0).build(tls(config, tcp(), false)?))?);
        Ok(transport)
    }

    /// Over connections that `connector` makes.
    pub(crate) fn over<C>(config: &Config, connector: C) -> Result<Self, kube::Error>
    where
        C: Service<http::Uri> + Clone + Send + Sync + 'static,
        C::Response: Connection + Read + Write + Send + Unpin,
        C::Future: Send + Unpin,
        C::Error: Into<BoxError>,
    {
        let http = Client::builder(TokioExecutor::new())
            // The server closes what it finds idle. Our end would only forget a connection that still carries watches.
            .pool_idle_timeout(None)
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .http1_max_buf_size(READ_BUFFER_BYTES_MAX)
            .http2_initial_stream_window_size(STREAM_WINDOW_BYTES)
            .http2_initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .http2_max_frame_size(FRAME_BYTES_MAX)
            .http2_keep_alive_interval(times::KEEPALIVE)
            .http2_keep_alive_timeout(times::PING_TIMEOUT)
            .http2_keep_alive_while_idle(false)
            .build(connector);
        Ok(Self { client: client(config, http)?, fresh: None })
    }

    /// Sends `request` and returns the head of the answer; the body is still to be read.
    pub(crate) async fn send(&self, request: Request) -> Result<Response<Body>, Failure> {
        let fresh = self.fresh.as_ref().filter(|_| request.call == Call::Ready);
        let client = fresh.unwrap_or(&self.client);
        let answer = tokio::time::timeout(times::HEAD, client.send(request.into_http())).await;
        match answer {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(Failure::new(cause(&error))),
            Err(_) => Err(Failure::new(Cause::Timeout(Silence::Head))),
        }
    }
}

fn client<C>(config: &Config, http: Client<C, Body>) -> Result<kube::Client, kube::Error>
where
    C: Service<http::Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + Read + Write + Send + Unpin,
    C::Future: Send + Unpin,
    C::Error: Into<BoxError>,
{
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(http);
    Ok(kube::Client::new(service, config.default_namespace.clone()))
}

/// TCP that notices when the other end is gone.
pub(crate) fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(times::CONNECT));
    tcp.set_keepalive(Some(times::KEEPALIVE));
    tcp.set_keepalive_interval(Some(times::KEEPALIVE_INTERVAL));
    tcp.set_keepalive_retries(Some(times::KEEPALIVE_PROBES));
    tcp
}

/// TLS over `tcp` as the kubeconfig says, with HTTP/2 offered or not. (kube's own connector offers HTTP/1.1 only.)
pub(crate) fn tls(
    config: &Config,
    tcp: HttpConnector,
    http2: bool,
) -> Result<HttpsConnector<HttpConnector>, kube::Error> {
    let mut builder =
        HttpsConnectorBuilder::new().with_tls_config(config.rustls_client_config()?).https_or_http();
    if let Some(name) = config.tls_server_name.clone() {
        let name =
            name.try_into().map_err(RustlsTlsError::InvalidServerName).map_err(kube::Error::RustlsTls)?;
        builder = builder.with_server_name_resolver(FixedServerNameResolver::new(name));
    }
    let builder = builder.enable_http1();
    Ok(if http2 { builder.enable_http2().wrap_connector(tcp) } else { builder.wrap_connector(tcp) })
}

/// The connect timeout is a timeout, too: whoever does not answer a SYN is overwhelmed or cut off.
fn cause(error: &kube::Error) -> Cause {
    let mut next = error.source();
    while let Some(source) = next {
        let kind = source.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        if kind == Some(std::io::ErrorKind::TimedOut) {
            return Cause::Timeout(Silence::Head);
        }
        next = source.source();
    }
    Cause::Connection(connection_text(error))
}
