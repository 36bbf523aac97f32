//! Requests that preflight sends for itself: few, one after the other, each with a deadline, all counted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use apiserver_client::passage::{Guarded, Passage};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use workload_profile::Accept;

/// A page of metrics of a large API server has some ten megabytes; a list that is measured is not kept.
const TEXT_BYTES_MAX: usize = 64 << 20;
/// The API server's own limit is 60 s.
const PATIENCE: Duration = Duration::from_secs(75);
const AGENT: &str = concat!("plimsoll-preflight/", env!("CARGO_PKG_VERSION"));

/// Why a request gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No answer.
    #[error("{path}: {what}")]
    NoAnswer {
        /// Of the request.
        path: String,
        /// Why.
        what: String,
    },
    /// An answer that refuses.
    #[error("{path}: the API server answered {status}")]
    Refused {
        /// Of the request.
        path: String,
        /// Its status.
        status: u16,
    },
}

impl ApiError {
    /// The status of a refusal.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::NoAnswer { .. } => None,
            Self::Refused { status, .. } => Some(*status),
        }
    }
}

/// The API server, and what was asked of it.
#[derive(Debug)]
pub struct Api {
    passage: Passage,
    requests: AtomicU64,
    bytes: AtomicU64,
}

impl Api {
    /// Over these connections.
    #[must_use]
    pub fn new(passage: Passage) -> Self {
        Self { passage, requests: AtomicU64::new(0), bytes: AtomicU64::new(0) }
    }

    /// Requests so far, and bytes of their answers.
    #[must_use]
    pub fn asked(&self) -> (u64, u64) {
        (self.requests.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }

    /// The text of an answer.
    pub(crate) async fn text(&self, path: &str) -> Result<String, ApiError> {
        let answer = self.send(Method::GET, path, Accept::Json, Bytes::new()).await?;
        let body = within(path, Limited::new(answer.into_body(), TEXT_BYTES_MAX).collect()).await?;
        let body = body.map_err(|error| no_answer(path, &error))?.to_bytes();
        self.bytes.fetch_add(body.len() as u64, Ordering::Relaxed);
        String::from_utf8(body.to_vec()).map_err(|error| no_answer(path, &error))
    }

    /// The length of an answer, whose body is not kept.
    pub(crate) async fn length(&self, path: &str, accept: Accept) -> Result<u64, ApiError> {
        let answer = self.send(Method::GET, path, accept, Bytes::new()).await?;
        within(path, self.drain(path, answer.into_body(), None)).await?
    }

    /// The length of a watch-list up to the end of its initial events; the watch is given up then.
    pub(crate) async fn initial_length(&self, path: &str, accept: Accept) -> Result<u64, ApiError> {
        let answer = self.send(Method::GET, path, accept, Bytes::new()).await?;
        within(path, self.drain(path, answer.into_body(), Some(b"k8s.io/initial-events-end"))).await?
    }

    /// A watch on a connection of its own, which is read for as long as the result lives.
    pub(crate) async fn open_apart(&self, path: &str, accept: Accept) -> Result<Response<Guarded>, ApiError> {
        let passage = self.passage.apart().map_err(|error| no_answer(path, &error))?;
        self.send_over(&passage, Method::GET, path, accept, Bytes::new()).await
    }

    /// A write; the answer's body is not kept.
    pub(crate) async fn write(&self, method: Method, path: &str, body: Bytes) -> Result<(), ApiError> {
        let answer = self.send(method, path, Accept::Json, body).await?;
        within(path, self.drain(path, answer.into_body(), None)).await??;
        Ok(())
    }

    async fn drain(&self, path: &str, mut body: Guarded, until: Option<&[u8]>) -> Result<u64, ApiError> {
        let mut length = 0;
        // Of what was there, as much as the mark that is looked for could begin in.
        let mut tail: Vec<u8> = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| no_answer(path, &error))?;
            let Ok(data) = frame.into_data() else { continue };
            length += data.len() as u64;
            self.bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
            let Some(until) = until else { continue };
            // The mark stands in the last event, near the end of what has come.
            tail.extend_from_slice(data.get(data.len().saturating_sub(4096)..).unwrap_or_default());
            if tail.windows(until.len()).any(|part| part == until) {
                return Ok(length);
            }
            tail.drain(..tail.len().saturating_sub(until.len()));
        }
        match until {
            Some(_) => Err(no_answer(path, &"the watch ended before its initial events did")),
            None => Ok(length),
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        accept: Accept,
        body: Bytes,
    ) -> Result<Response<Guarded>, ApiError> {
        self.send_over(&self.passage, method, path, accept, body).await
    }

    async fn send_over(
        &self,
        passage: &Passage,
        method: Method,
        path: &str,
        accept: Accept,
        body: Bytes,
    ) -> Result<Response<Guarded>, ApiError> {
        let merge = method == Method::PATCH;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::ACCEPT, media(accept, path))
            .header(header::USER_AGENT, AGENT)
            .header(
                header::CONTENT_TYPE,
                if merge { "application/merge-patch+json" } else { "application/json" },
            )
            .body(Full::new(body))
            .map_err(|error| no_answer(path, &error))?;
        self.requests.fetch_add(1, Ordering::Relaxed);
        let answer = within(path, passage.send(request)).await?.map_err(|error| no_answer(path, &error))?;
        match answer.status() {
            status if status.is_success() => Ok(answer),
            StatusCode::SWITCHING_PROTOCOLS => Err(no_answer(path, &"it switches protocols")),
            status => Err(ApiError::Refused { path: path.to_owned(), status: status.as_u16() }),
        }
    }
}

async fn within<T>(path: &str, waiting: impl Future<Output = T>) -> Result<T, ApiError> {
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .map_err(|_| no_answer(path, &format!("nothing for {} s", PATIENCE.as_secs())))
}

fn no_answer(path: &str, what: &impl std::fmt::Display) -> ApiError {
    ApiError::NoAnswer { path: path.to_owned(), what: what.to_string() }
}

/// As client-go asks for it.
fn media(accept: Accept, path: &str) -> &'static str {
    let watch = path.contains("watch=true");
    match accept {
        Accept::Json => "application/json",
        Accept::Yaml => "application/yaml",
        Accept::Cbor => "application/cbor",
        Accept::Protobuf if watch => "application/vnd.kubernetes.protobuf;stream=watch",
        Accept::Protobuf => "application/vnd.kubernetes.protobuf",
        Accept::Table => "application/json;as=Table;g=meta.k8s.io;v=v1",
        Accept::MetadataJson if watch => "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
        Accept::MetadataJson => "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
        Accept::MetadataProtobuf if watch => {
            "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
        }
        Accept::MetadataProtobuf => {
            "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
        }
    }
}
