//! One GET over plain HTTP.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::Request;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// For one answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The body of `http://HOST:PORT` and `path`.
///
/// # Errors
/// A sentence: nobody answers, not in time, not with success, with too much.
pub(crate) async fn get(address: &str, path: &str, bytes_max: usize) -> Result<Bytes, String> {
    let late = |_| Err(format!("no answer within {} s", PATIENCE.as_secs()));
    tokio::time::timeout(PATIENCE, fetch(address, path, bytes_max)).await.unwrap_or_else(late)
}

async fn fetch(address: &str, path: &str, bytes_max: usize) -> Result<Bytes, String> {
    let host = address.trim_start_matches("http://").trim_end_matches('/');
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let stream = TcpStream::connect(host).await.map_err(|error| text(&error))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| text(&error))?;
    // It ends with the answer, or with the sender when nobody waits any more.
    environment::spawn("gate answer", async move { drop(connection.await) });
    let request =
        Request::get(path).header("host", host).body(Empty::<Bytes>::new()).map_err(|error| text(&error))?;
    let response = sender.send_request(request).await.map_err(|error| text(&error))?;
    let status = response.status();
    let body = Limited::new(response.into_body(), bytes_max).collect().await.map_err(|error| text(&error))?;
    match status.is_success() {
        true => Ok(body.to_bytes()),
        false => Err(format!("status {status}: {}", String::from_utf8_lossy(&body.to_bytes()))),
    }
}
