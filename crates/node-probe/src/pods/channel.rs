//! A gRPC channel over a Unix socket.

use std::path::Path;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};

use super::SourceError;

/// A socket on the same machine connects at once or not at all.
const CONNECT_SECONDS: u64 = 2;
/// Largest message: the runtime's list of containers. 4,096 pods with four containers of 1 KB each are 16 MB; the Pods API
/// sends one pod a message, at most 1.5 MB of an object.
const MESSAGE_BYTES_MAX: usize = 16 << 20;
/// HTTP/2 windows. hyper's own are 2 MB and 5 MB of buffers that nobody needs here.
const WINDOW_BYTES: u32 = 256 << 10;

/// Connects to the server that listens on `socket`.
pub(super) async fn connect(socket: &Path) -> Result<Grpc<Channel>, SourceError> {
    let failed = |reason: String| SourceError::Connect(socket.display().to_string(), reason);
    let path = socket.to_owned();
    let connector = tower::service_fn(move |_| {
        let path = path.clone();
        async move { UnixStream::connect(path).await.map(TokioIo::new) }
    });
    // No keep-alive pings: Go's server takes more than one in five minutes for an attack. A dead peer closes the socket; a
    // stopped one is found out by the deadlines of the callers.
    let endpoint = Endpoint::from_static("http://localhost")
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES);
    let connecting = endpoint.connect_with_connector(connector);
    match tokio::time::timeout(Duration::from_secs(CONNECT_SECONDS), connecting).await {
        Ok(Ok(channel)) => Ok(Grpc::new(channel).max_decoding_message_size(MESSAGE_BYTES_MAX)),
        Ok(Err(error)) => Err(failed(root_cause(&error))),
        Err(_) => Err(SourceError::Late("connecting", CONNECT_SECONDS)),
    }
}

/// "transport error" says nothing; its innermost source does.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
