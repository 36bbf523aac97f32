//! From a request to an answer: path, faults, verb.

mod objects;
mod route;
mod watching;
mod writing;

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Request, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use crate::audit::{Audit, RequestRecord};
use crate::discovery;
use crate::error::ApiError;
use crate::faults::body::{End, FaultyBody};
use crate::faults::{Faults, Plan, Subject};
use crate::line::{Line, Mode};
use crate::query::Query;
use crate::reply::{self, Counted, Reply};
use crate::store::Store;
use crate::writes::graves::Graves;
use route::{Place, Route};

/// Everything that a request may need.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) store: Store,
    pub(crate) faults: Faults,
    pub(crate) audit: Audit,
    pub(crate) graves: Graves,
    pub(crate) bookmark_interval: Duration,
}

/// What was asked, as far as every verb needs it.
pub(crate) struct Asked {
    pub(crate) method: http::Method,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) plan: Plan,
}

impl Asked {
    fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn accept(&self) -> Option<&str> {
        self.header(header::ACCEPT)
    }

    pub(crate) fn content_type(&self) -> Option<&str> {
        self.header(header::CONTENT_TYPE)
    }

    pub(crate) fn user_agent(&self) -> &str {
        self.header(header::USER_AGENT).unwrap_or_default()
    }

    pub(crate) fn accepts_gzip(&self) -> bool {
        self.header(header::ACCEPT_ENCODING).is_some_and(|accepted| accepted.contains("gzip"))
    }
}

/// Answers one request.
pub(crate) async fn handle(api: Api, line: Arc<Line>, request: Request<Incoming>) -> Reply {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let text = |name: header::HeaderName| {
        parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    let route = route::find(&api.store, &path);
    let watch = query.as_ref().is_ok_and(|query| query.watch);
    let verb = route.verb(&parts.method, watch);
    let (resource, place) = match &route {
        Route::Object(place) => (place.kind.plural.clone(), Some(place)),
        _ => (String::new(), None),
    };
    let subject = Subject {
        verb,
        resource: &resource,
        namespace: place.map_or("", |place| &place.namespace),
        user_agent: &text(header::USER_AGENT),
    };
    let plan = api.faults.plan(subject);
    let progress = api.audit.begin(RequestRecord {
        at: api.store.clock.wall(),
        verb: verb.to_owned(),
        resource: resource.clone(),
        group: place.map_or(String::new(), |place| place.kind.group.clone()),
        namespace: subject.namespace.to_owned(),
        name: place.map_or(String::new(), |place| place.name.clone()),
        // HTTP/2 has scheme and host in it; the audit log of the real server has not.
        uri: parts.uri.path_and_query().map_or(String::new(), |uri| uri.as_str().to_owned()),
        user_agent: subject.user_agent.to_owned(),
        accept: text(header::ACCEPT),
        protocol: format!("{:?}", parts.version),
        code: 0,
        bytes: 0,
    });
    before_headers(&plan, &line).await;
    let (body_fault, go_away, refused) = (plan.body.clone(), plan.go_away, plan.status);
    let accept = text(header::ACCEPT);
    let answered = match (refused, query) {
        (Some((code, retry_after)), _) => Err(ordered_error(code, retry_after)),
        (None, Err(error)) => Err(error),
        (None, Ok(query)) => {
            let asked = Asked { method: parts.method, query, headers: parts.headers, plan };
            answer(&api, route, &path, &asked, body).await
        }
    };
    let mut reply = answered.unwrap_or_else(|error| reply::error(&error, Some(&accept)));
    progress.answered(reply.status().as_u16());
    decorate(&mut reply);
    if go_away {
        line.go_away();
    }
    reply.map(|inner| {
        if body_fault.end.is_none() && body_fault.bytes_per_second.is_none() {
            return Counted { inner, progress }.boxed_unsync();
        }
        Counted { inner: FaultyBody::new(inner, body_fault, line), progress }.boxed_unsync()
    })
}

async fn answer(
    api: &Api,
    route: Route,
    path: &str,
    asked: &Asked,
    body: Incoming,
) -> Result<Reply, ApiError> {
    match route {
        Route::Object(place) => on_object(api, *place, asked, body).await,
        Route::Review(kind) => writing::review(asked, &kind, body).await,
        Route::Discovery => discovery::answer(api, path, asked.accept()),
        Route::Refused(why) => Err(ApiError::refused(why)),
        Route::Nowhere => Err(ApiError::no_such_path()),
    }
}

async fn on_object(api: &Api, place: Place, asked: &Asked, body: Incoming) -> Result<Reply, ApiError> {
    match (asked.method.as_str(), place.name.is_empty()) {
        ("GET" | "HEAD", false) if !asked.query.watch => objects::get(api, &place, asked),
        ("GET" | "HEAD", _) if asked.query.watch => watching::watch(api, place, asked),
        ("GET" | "HEAD", _) => objects::list(api, &place, asked),
        _ => writing::write(api, &place, asked, body).await,
    }
}

/// Faults that strike before anything is answered.
async fn before_headers(plan: &Plan, line: &Line) {
    if plan.latency_milliseconds > 0 {
        tokio::time::sleep(Duration::from_millis(plan.latency_milliseconds)).await;
    }
    let mode = match plan.body.end {
        Some((0, End::Reset)) => Mode::Reset,
        Some((0, End::HalfOpen)) => Mode::HalfOpen,
        _ => return,
    };
    line.switch(mode);
    // The connection never gets to see an answer.
    std::future::pending::<()>().await;
}

fn ordered_error(code: u16, retry_after: Option<u32>) -> ApiError {
    let (reason, message) = match code {
        401 => ("Unauthorized", "Unauthorized"),
        403 => ("Forbidden", "forbidden by a fault rule"),
        404 => ("NotFound", "the server could not find the requested resource"),
        410 => ("Expired", "The provided resource version is too old."),
        429 => ("TooManyRequests", "too many requests, please try again later"),
        500 => ("InternalError", "an error on the server prevented the request from succeeding"),
        503 => ("ServiceUnavailable", "the server is currently unable to handle the request"),
        504 => ("Timeout", "the server was unable to return a response in the time allotted"),
        _ => ("", "ordered by a fault rule"),
    };
    let error = ApiError::new(code, reason, message);
    match retry_after {
        Some(seconds) => error.retry_after(seconds),
        None => error,
    }
}

/// Headers that every answer of the real server has.
fn decorate(reply: &mut Reply) {
    let headers = reply.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    let uids = [
        ("x-kubernetes-pf-flowschema-uid", "00000000-0000-4000-8000-0000000000f5"),
        ("x-kubernetes-pf-prioritylevel-uid", "00000000-0000-4000-8000-0000000000f1"),
    ];
    for (name, uid) in uids {
        headers.insert(name, HeaderValue::from_static(uid));
    }
}
