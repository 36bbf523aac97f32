//! Connections to the API server: kube's authentication and TLS around our own TCP settings, and no other layer of kube (no
//! hidden retries, no decompression, no logging of bodies or URLs).

use std::error::Error as _;

use http::Response;
use hyper::rt::{Read, Write};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::Config;
use kube::client::{Body, ConfigExt};
use tower::{BoxError, Service, ServiceBuilder};

use crate::calls::Request;
use crate::failure::{Cause, Failure, Silence, connection_text};
use crate::times;

/// What is read from a socket at once. 13 watches of 128 KiB are 1.7 MB.
const READ_BUFFER_BYTES_MAX: usize = 128 << 10;

/// Sends what stands in the table of [`crate::calls`], and nothing else.
pub(crate) struct Transport {
    client: kube::Client,
}

impl Transport {
    /// Opens no connection yet.
    pub(crate) fn new(config: &Config) -> Result<Self, kube::Error> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(times::CONNECT));
        tcp.set_keepalive(Some(times::KEEPALIVE));
        tcp.set_keepalive_interval(Some(times::KEEPALIVE_INTERVAL));
        tcp.set_keepalive_retries(Some(times::KEEPALIVE_PROBES));
        Self::over(config, config.rustls_https_connector_with_connector(tcp)?)
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
            .pool_timer(TokioTimer::new())
            .http1_max_buf_size(READ_BUFFER_BYTES_MAX)
            .build(connector);
        let service = ServiceBuilder::new()
            .layer(config.base_uri_layer())
            .option_layer(config.auth_layer()?)
            .layer(config.extra_headers_layer()?)
            .map_err(BoxError::from)
            .service(http);
        Ok(Self { client: kube::Client::new(service, config.default_namespace.clone()) })
    }

    /// Sends `request` and returns the head of the answer; the body is still to be read.
    pub(crate) async fn send(&self, request: Request) -> Result<Response<Body>, Failure> {
        let answer = tokio::time::timeout(times::HEAD, self.client.send(request.into_http())).await;
        match answer {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(Failure::new(cause(&error))),
            Err(_) => Err(Failure::new(Cause::Timeout(Silence::Head))),
        }
    }
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
