//! One request on its way there and back.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use apiserver_client::passage::{Guarded, Passage, PassageError};
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName};
use http::{Request, Response, StatusCode, Uri, Version};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use workload_profile::{Asked, Ending, Observation, Shape, Verb};

use super::Shared;
use super::body::{Passing, Sent};
use super::count::{Counter, Kind};
use super::provoke::{self, Fault};

/// Of the connection, not of the message (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [HeaderName; 7] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("http2-settings"),
];

/// The body of what goes back.
pub(super) type Back = UnsyncBoxBody<Bytes, hyper::Error>;

/// Passes one request on and its answer back; both are counted while they pass.
pub(super) async fn forward(
    request: Request<Incoming>,
    from: String,
    passage: Arc<Passage>,
    shared: Arc<Shared>,
) -> Response<Back> {
    shared.passed.fetch_add(1, Ordering::Relaxed);
    let began = shared.clock.monotonic();
    let mut seen = observation(&request, from);
    seen.at_seconds = began.as_secs_f64();
    let shape = Asked::of(&seen.method, &seen.uri, seen.accept.as_deref(), false).map(|asked| asked.shape);
    let kind = shape.as_ref().and_then(kind);
    match provocation(&shared, shape.as_ref()) {
        Fault::None => {}
        Fault::Slow => tokio::time::sleep(provoke::HELD).await,
        refused => return refuse(refused, Passing::new(seen, began, shared)),
    }
    let (request, taken_over) = outward(request, &mut seen);
    let mut passing = Passing::new(seen, began, Arc::clone(&shared));
    let request = request.map(|body| Sent::new(body, passing.sent_bytes()));
    match passage.send(request).await {
        Ok(answer) => back(answer, taken_over, kind, passing),
        Err(error) => {
            passing.failed(Ending::ServerGone);
            no_answer(&error)
        }
    }
}

fn observation(request: &Request<Incoming>, from: String) -> Observation {
    let text = |name: HeaderName| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    let agent = text(header::USER_AGENT);
    let instance = format!("{from} {}", agent.as_deref().unwrap_or_default());
    let accepts_gzip = text(header::ACCEPT_ENCODING).is_some_and(|encodings| encodings.contains("gzip"));
    Observation {
        at_seconds: 0.0,
        took_seconds: 0.0,
        instance,
        user: text(HeaderName::from_static("impersonate-user")),
        user_agent: agent,
        method: request.method().to_string(),
        uri: request.uri().path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
        accept: Some(text(header::ACCEPT).unwrap_or_default()),
        gzip: Some(accepts_gzip),
        status: None,
        retry_after_seconds: None,
        request_bytes: None,
        response_bytes: None,
        wire_bytes: None,
        objects: None,
        events: None,
        ending: Ending::Open,
    }
}

fn kind(shape: &Shape) -> Option<Kind> {
    match shape.verb {
        Verb::List => Some(Kind::List),
        Verb::Watch => Some(Kind::Watch),
        _ => None,
    }
}

fn provocation(shared: &Shared, shape: Option<&Shape>) -> Fault {
    match (&shared.provocations, shape) {
        (Some(provocations), Some(shape)) => provocations.lock().next(shape),
        _ => Fault::None,
    }
}

/// A fault of ours, as an API server would say it.
fn refuse(fault: Fault, mut passing: Passing) -> Response<Back> {
    let (status, reason, after) = match fault {
        Fault::TooManyRequests => {
            (StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", Some(provoke::RETRY_AFTER_SECONDS))
        }
        _ => (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", None),
    };
    passing.status(status.as_u16(), after.map(f64::from));
    passing.failed(Ending::Complete);
    let mut answer = said(status, reason, "provoked by plimsoll preflight record --provoke");
    if let Some(after) = after {
        answer.headers_mut().insert(header::RETRY_AFTER, after.into());
    }
    answer
}

/// The request as it goes on, and the client's end of the connection where it asks to take it over.
fn outward(
    mut request: Request<Incoming>,
    seen: &mut Observation,
) -> (Request<Incoming>, Option<hyper::upgrade::OnUpgrade>) {
    let upgrade =
        request.headers().get(header::UPGRADE).cloned().filter(|_| request.version() == Version::HTTP_11);
    let taken_over = upgrade.is_some().then(|| hyper::upgrade::on(&mut request));
    let (mut head, body) = request.into_parts();
    strip(&mut head.headers);
    // The next hop's name is that of the API server.
    head.headers.remove(header::HOST);
    head.uri = seen.uri.parse().unwrap_or(Uri::from_static("/"));
    head.version = Version::HTTP_11;
    if let Some(upgrade) = upgrade {
        head.headers.insert(header::UPGRADE, upgrade);
        head.headers.insert(header::CONNECTION, header::HeaderValue::from_static("Upgrade"));
    }
    (Request::from_parts(head, body), taken_over)
}

fn back(
    mut answer: Response<Guarded>,
    taken_over: Option<hyper::upgrade::OnUpgrade>,
    kind: Option<Kind>,
    mut passing: Passing,
) -> Response<Back> {
    passing.status(answer.status().as_u16(), retry_after(answer.headers()));
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        let server = hyper::upgrade::on(&mut answer);
        if let Some(client) = taken_over {
            environment::spawn("spliced connection", splice(client, server, passing));
        }
        return answer.map(|_| Empty::new().map_err(|never| match never {}).boxed_unsync());
    }
    strip(answer.headers_mut());
    let text = |name: HeaderName| {
        answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let kind = kind.filter(|_| answer.status().is_success());
    let counter = Counter::new(kind, &text(header::CONTENT_TYPE), &text(header::CONTENT_ENCODING));
    answer.map(|body| passing.through(body, counter).boxed_unsync())
}

/// exec, attach and port-forward: bytes both ways until one end has enough.
async fn splice(client: hyper::upgrade::OnUpgrade, server: hyper::upgrade::OnUpgrade, mut passing: Passing) {
    let (Ok(client), Ok(server)) = tokio::join!(client, server) else {
        return passing.failed(Ending::ServerGone);
    };
    let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(server)).await;
    passing.failed(Ending::Complete);
}

fn strip(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

fn retry_after(headers: &HeaderMap) -> Option<f64> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

fn no_answer(error: &PassageError) -> Response<Back> {
    said(StatusCode::BAD_GATEWAY, "ServiceUnavailable", &format!("plimsoll preflight record: {error}"))
}

/// As an API server would say it, so that clients understand.
fn said(status: StatusCode, reason: &str, message: &str) -> Response<Back> {
    let message = message.replace(['"', '\\'], "'");
    let code = status.as_u16();
    let body = format!(
        "{{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"{message}\",\"reason\":\"{reason}\",\"code\":{code}}}"
    );
    let mut answer = Response::new(Full::from(body).map_err(|never| match never {}).boxed_unsync());
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    answer
}
