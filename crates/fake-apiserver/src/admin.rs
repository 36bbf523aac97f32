//! The admin port: faults and the audit log, as JSON over plain HTTP.
//!
//! - `GET /faults`, `PUT /faults` `{"rules": [{"verbs": ["list"], "count": 3, "fault": {"kind": "status", "code": 429,
//!   "retryAfterSeconds": 2}}]}`, `POST /faults` (one rule more), `DELETE /faults`
//! - `POST /expire-versions`: forgets the past of all resources
//! - `GET /requests`: the last requests

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::faults::Rule;
use crate::handler::Api;

/// A thousand rules of 300 bytes.
const BODY_BYTES_MAX: usize = 300 * 1024;
/// People and scripts, not fleets.
const CONNECTIONS_MAX: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    rules: Vec<Rule>,
}

pub(crate) async fn serve(listener: TcpListener, api: Api, shutdown: CancellationToken, tasks: TaskTracker) {
    let places = std::sync::Arc::new(tokio::sync::Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            continue;
        };
        let (api, shutdown) = (api.clone(), shutdown.clone());
        environment::spawn(
            "fake-apiserver admin connection",
            tasks.track_future(async move {
                let service = service_fn(move |request| {
                    let api = api.clone();
                    async move { Ok::<_, Infallible>(answer(&api, request).await) }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::select! {
                    // How a connection ends is the client's business.
                    _ = connection => {}
                    () = shutdown.cancelled() => {}
                }
                drop(place);
            }),
        );
    }
}

async fn answer(api: &Api, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let result = match (method.as_str(), path.as_str()) {
        ("GET", "/faults") => Ok(json!({"rules": api.faults.rules()})),
        ("PUT", "/faults") => match read::<Rules>(request).await {
            Ok(Rules { rules }) => done(api.faults.set(rules)),
            Err(error) => Err(error),
        },
        ("POST", "/faults") => match read::<Rule>(request).await {
            Ok(rule) => done(api.faults.add(rule)),
            Err(error) => Err(error),
        },
        ("DELETE", "/faults") => {
            api.faults.clear();
            Ok(json!({}))
        }
        ("POST", "/expire-versions") => {
            api.faults.expire_versions();
            Ok(json!({"resourceVersion": api.store.version().to_string()}))
        }
        ("GET", "/requests") => Ok(json!({"total": api.audit.total(), "requests": api.audit.records()})),
        _ => Err((
            StatusCode::NOT_FOUND,
            "GET, PUT, POST, DELETE /faults; POST /expire-versions; GET /requests".to_owned(),
        )),
    };
    let (status, body) = match result {
        Ok(value) => (StatusCode::OK, value),
        Err((status, message)) => (status, json!({"error": message})),
    };
    let mut response = Response::new(Full::new(format!("{body}\n").into()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    response
}

fn done(result: Result<(), crate::faults::FaultError>) -> Result<Value, (StatusCode, String)> {
    result.map(|()| json!({})).map_err(|error| (StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))
}

async fn read<T: serde::de::DeserializeOwned>(request: Request<Incoming>) -> Result<T, (StatusCode, String)> {
    let limited = Limited::new(request.into_body(), BODY_BYTES_MAX);
    let body = limited.collect().await.map_err(|error| (StatusCode::PAYLOAD_TOO_LARGE, error.to_string()))?;
    serde_json::from_slice(&body.to_bytes())
        .map_err(|error| (StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))
}
