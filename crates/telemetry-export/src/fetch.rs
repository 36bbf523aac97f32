//! The other end of an endpoint: one bounded request without a body over plain HTTP.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// For one answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Nobody answers, the answer broke off, or it is too long.
    #[error("{0}")]
    Failed(String),
    /// Not in time.
    #[error("no answer within {} s", PATIENCE.as_secs())]
    Late,
    /// An answer that is no success.
    #[error("{status}")]
    Refused {
        /// What it says.
        status: StatusCode,
        /// With which words.
        body: Bytes,
    },
}

/// The body of `path` at `address` (host:port), at most `bytes_max` long.
///
/// # Errors
/// [`FetchError`].
pub async fn fetch(address: &str, path: &str, bytes_max: usize) -> Result<Bytes, FetchError> {
    let answer = tokio::time::timeout(PATIENCE, converse(Method::GET, address, path, bytes_max)).await;
    answer.unwrap_or(Err(FetchError::Late))
}

/// The same with `POST`: what is said stands in the query.
///
/// # Errors
/// [`FetchError`].
pub async fn post(address: &str, path: &str, bytes_max: usize) -> Result<Bytes, FetchError> {
    let answer = tokio::time::timeout(PATIENCE, converse(Method::POST, address, path, bytes_max)).await;
    answer.unwrap_or(Err(FetchError::Late))
}

async fn converse(method: Method, address: &str, path: &str, bytes_max: usize) -> Result<Bytes, FetchError> {
    let stream = TcpStream::connect(address).await.map_err(failed)?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    // It ends with the answer, or with the sender when nobody waits any more.
    environment::spawn("fetch", async move { drop(connection.await) });
    let request = Request::builder().method(method).uri(path).header("host", address);
    let request = request.body(Empty::<Bytes>::new()).map_err(failed)?;
    let answer = sender.send_request(request).await.map_err(failed)?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), bytes_max).collect().await.map_err(failed)?.to_bytes();
    match status.is_success() {
        true => Ok(body),
        false => Err(FetchError::Refused { status, body }),
    }
}

fn failed(error: impl std::fmt::Display) -> FetchError {
    FetchError::Failed(error.to_string())
}
