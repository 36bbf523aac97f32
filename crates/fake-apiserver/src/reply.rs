//! HTTP answers: bodies, gzip, errors as `metav1.Status`.

use std::io::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderValue, Response, StatusCode, header};
use http_body::{Body, Frame};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};

use crate::audit::Progress;
use crate::error::ApiError;
use crate::faults::body::Broken;
use crate::media::{Accepted, Encoding, JSON};

/// Any body of this server.
pub(crate) type Reply = Response<AnyBody>;
pub(crate) type AnyBody = UnsyncBoxBody<Bytes, Broken>;

/// Below this the real server does not compress either.
const GZIP_BYTES_MIN: usize = 128 * 1024;
/// The level of the real server.
const GZIP_LEVEL: u32 = 4;

/// The whole body at once.
pub(crate) fn full(code: u16, content_type: &'static str, body: impl Into<Bytes>) -> Reply {
    let body = Full::new(body.into()).map_err(|never| match never {}).boxed_unsync();
    with_body(code, content_type, body)
}

/// JSON at once.
pub(crate) fn json(code: u16, value: &serde_json::Value) -> Reply {
    full(code, JSON, format!("{value}\n"))
}

/// A body that is made while it is read, compressed when the client accepts that and it is worth it.
pub(crate) fn pieces(
    content_type: &'static str,
    estimated_bytes: usize,
    accepts_gzip: bool,
    pieces: impl Iterator<Item = Bytes> + Send + 'static,
) -> Reply {
    let frame = |piece| Ok::<_, Broken>(Frame::data(piece));
    if !accepts_gzip || estimated_bytes < GZIP_BYTES_MIN {
        let body = StreamBody::new(futures::stream::iter(pieces.map(frame)));
        return with_body(200, content_type, UnsyncBoxBody::new(body));
    }
    let zipped = Gzip { pieces, encoder: Some(GzEncoder::new(Vec::new(), Compression::new(GZIP_LEVEL))) };
    let body = StreamBody::new(futures::stream::iter(zipped.map(frame)));
    let mut reply = with_body(200, content_type, UnsyncBoxBody::new(body));
    reply.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    reply.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    reply
}

pub(crate) fn with_body(code: u16, content_type: &'static str, body: AnyBody) -> Reply {
    let mut reply = Response::new(body);
    *reply.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

/// The error as the client reads it: in protobuf where that is what it accepts.
pub(crate) fn error(error: &ApiError, accept: Option<&str>) -> Reply {
    if error.is_no_such_path() {
        return full(error.code, "text/plain; charset=utf-8", "404 page not found\n");
    }
    let protobuf = accept.is_some_and(|accept| accept.trim_start().starts_with(crate::media::PROTOBUF));
    let status = error.status();
    let mut reply = if protobuf {
        let accepted = Accepted { encoding: Encoding::Protobuf, ..Accepted::PLAIN };
        full(error.code, accepted.content_type(), status_protobuf(&status))
    } else {
        json(error.code, &status)
    };
    if let Some(seconds) = error.retry_after_seconds {
        reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    reply
}

/// A `metav1.Status` in its envelope.
pub(crate) fn status_protobuf(status: &serde_json::Value) -> Bytes {
    let schema = crate::schema::Message::named("k8s.io.apimachinery.pkg.apis.meta.v1.Status");
    let mut message = Vec::new();
    if let Some(schema) = schema {
        let text = status.to_string();
        // The types are right: made by `ApiError::status` or by this server's own answers.
        let _ = crate::transcode::json_to_protobuf(schema, text.as_bytes(), &mut message);
    }
    let mut out = Vec::new();
    crate::answer::envelope::open("v1", "Status", message.len(), &mut out);
    out.extend_from_slice(&message);
    crate::answer::envelope::close(&mut out);
    out.into()
}

/// Compressed pieces.
struct Gzip<I> {
    pieces: I,
    encoder: Option<GzEncoder<Vec<u8>>>,
}

impl<I: Iterator<Item = Bytes>> Iterator for Gzip<I> {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        loop {
            let encoder = self.encoder.as_mut()?;
            let Some(piece) = self.pieces.next() else {
                // Writing into memory does not fail.
                let rest = self.encoder.take()?.finish().unwrap_or_default();
                return Some(rest.into());
            };
            let _ = encoder.write_all(&piece);
            let ready = std::mem::take(encoder.get_mut());
            if !ready.is_empty() {
                return Some(ready.into());
            }
        }
    }
}

/// Counts what goes out, for the audit log.
pub(crate) struct Counted<B> {
    pub(crate) inner: B,
    pub(crate) progress: Arc<Progress>,
}

impl<B: Body<Data = Bytes> + Unpin> Body for Counted<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            self.progress.sent(data.len());
        }
        polled
    }
}
