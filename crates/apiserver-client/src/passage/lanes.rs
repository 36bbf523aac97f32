//! Several HTTP/2 connections beside each other: an API server takes a limited number of streams on each
//! (`--http2-max-streams-per-connection`, 100 unless set), and a client with more waits without a word.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response, Version, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::Config;
use kube::client::ConfigExt;
use parking_lot::Mutex;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceBuilder, ServiceExt};

use super::{PassageError, Sending, broken};
use crate::times;
use crate::transport::{tcp, tls};

/// Open requests on one connection: below the API server's 100 (`server/secure_serving.go`).
const STREAMS_MAX: usize = 90;
/// Connections: 140 of 90 streams are 12,600 open requests, more than the watches of a node agent on 10,000 nodes.
const LANES_MAX: usize = 140;
/// What the server may send of one answer, and of all on one connection, before it is read: a LIST at 10 Gbit/s and 1 ms is 1.25 MB.
const STREAM_WINDOW_BYTES: u32 = 2 << 20;
const CONNECTION_WINDOW_BYTES: u32 = 16 << 20;
/// Fewer headers, and fewer copies.
const FRAME_BYTES_MAX: u32 = 256 << 10;

/// A type of its own, because the compiler loses track of the lifetime in `dyn Error` within futures that go from thread to thread.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Failed(BoxError);

type Sent = UnsyncBoxBody<Bytes, Failed>;
type Http = BoxCloneSyncService<Request<Sent>, Response<Incoming>, Failed>;

/// What is spoken on a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speaks {
    /// What the server chooses.
    Either,
    /// It is known to speak HTTP/2.
    Http2,
    /// Only there a connection can be taken over.
    Http1,
}

/// One connection.
#[derive(Clone)]
struct Lane {
    http: Http,
    open: Arc<AtomicUsize>,
}

/// Connections of one identity.
pub(super) struct Lanes {
    config: Config,
    lanes: Mutex<Vec<Lane>>,
    /// The server was heard to speak HTTP/2. Before, each request that finds no connection opens one, because it might be alone on
    /// it; after, all requests of a new lane wait for one.
    http2: Arc<AtomicBool>,
    upgrades: Http,
}

/// The body of an answer; while it lives, its request is open.
#[derive(Debug)]
pub struct Guarded {
    body: Incoming,
    _open: Open,
}

/// One open request.
#[derive(Debug)]
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Lanes {
    pub(super) fn new(config: &Config) -> Result<Self, kube::Error> {
        let first = Lane { http: http(config, Speaks::Either)?, open: Arc::default() };
        Ok(Self {
            config: config.clone(),
            lanes: Mutex::new(vec![first]),
            http2: Arc::default(),
            upgrades: http(config, Speaks::Http1)?,
        })
    }

    pub(super) fn apart(&self) -> Result<Self, PassageError> {
        Self::new(&self.config).map_err(|error| broken(&error.into()))
    }

    pub(super) fn send<B>(&self, request: Request<B>) -> Sending
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let upgrade = request.headers().contains_key(header::UPGRADE);
        let lane = if upgrade {
            Ok((self.upgrades.clone(), Open(Arc::new(AtomicUsize::new(1)))))
        } else {
            self.lane()
        };
        let request = request.map(|body| body.map_err(|error| Failed(error.into())).boxed_unsync());
        let http2 = Arc::clone(&self.http2);
        Box::pin(async move {
            let (http, open) = lane?;
            let answer = http.oneshot(request).await.map_err(|error| broken(&error.0))?;
            if answer.version() == Version::HTTP_2 {
                http2.store(true, Ordering::Relaxed);
            }
            Ok(answer.map(|body| Guarded { body, _open: open }))
        })
    }

    /// The connection with the fewest open requests; another one when all are full.
    fn lane(&self) -> Result<(Http, Open), PassageError> {
        let mut lanes = self.lanes.lock();
        let full = |lane: &&Lane| lane.open.load(Ordering::Relaxed) < STREAMS_MAX;
        let free = lanes.iter().find(full).cloned();
        let lane = match free {
            Some(lane) => lane,
            None if lanes.len() >= LANES_MAX => return Err(PassageError::Full(STREAMS_MAX * LANES_MAX)),
            None => {
                let speaks = if self.http2.load(Ordering::Relaxed) { Speaks::Http2 } else { Speaks::Either };
                let new = http(&self.config, speaks).map_err(|error| broken(&error.into()))?;
                let new = Lane { http: new, open: Arc::default() };
                lanes.push(new.clone());
                new
            }
        };
        lane.open.fetch_add(1, Ordering::Relaxed);
        Ok((lane.http, Open(lane.open)))
    }
}

/// A client with a pool of its own: with HTTP/2, one connection. Address, identity and further headers are the kubeconfig's.
fn http(config: &Config, speaks: Speaks) -> Result<Http, kube::Error> {
    let client: Client<HttpsConnector<HttpConnector>, Sent> = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        .http2_initial_stream_window_size(STREAM_WINDOW_BYTES)
        .http2_initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .http2_max_frame_size(FRAME_BYTES_MAX)
        .http2_keep_alive_interval(times::KEEPALIVE)
        .http2_keep_alive_timeout(times::PING_TIMEOUT)
        .http2_only(speaks == Speaks::Http2)
        .build(tls(config, tcp(), speaks != Speaks::Http1)?);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(client);
    Ok(BoxCloneSyncService::new(service.map_err(Failed)))
}

impl Body for Guarded {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
