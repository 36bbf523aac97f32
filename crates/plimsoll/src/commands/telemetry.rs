//! Asking a hub's telemetry port.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// For one answer of the hub.
const PATIENCE: Duration = Duration::from_secs(5);
/// A thousand rows of some 300 bytes.
const BODY_BYTES_MAX: usize = 4 << 20;

/// What the hub has at `path`, or why not.
pub(crate) async fn get(hub: &str, path: &str) -> Result<Bytes, String> {
    match tokio::time::timeout(PATIENCE, converse(hub, path)).await {
        Ok(answer) => answer.map_err(|error| format!("{error:#}")),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

async fn converse(hub: &str, path: &str) -> anyhow::Result<Bytes> {
    let stream = TcpStream::connect(hub).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driving = environment::spawn("telemetry", connection);
    let request = hyper::Request::get(path).header("host", hub).body(Empty::<Bytes>::new())?;
    let answer = sender.send_request(request).await?;
    anyhow::ensure!(answer.status().is_success(), "{}", answer.status());
    let body = Limited::new(answer.into_body(), BODY_BYTES_MAX)
        .collect()
        .await
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    driving.abort();
    Ok(body.to_bytes())
}
