//! The other end of the people's socket.

use std::path::{Path, PathBuf};

use tokio::net::UnixStream;

use crate::limits::PATIENCE;
use crate::protocol::{Answer, Messages, Verb, send};
use crate::server::{GATE_DIR, NODE_SOCKET, SENTINEL};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// No agent.
    #[error("no agent answers on {}: {error}. Without one, `touch {}` stops every gated workload of this node", .socket.display(), .sentinel.display())]
    NoAgent {
        /// Where it should be.
        socket: PathBuf,
        /// What works all the same.
        sentinel: PathBuf,
        /// What the operating system says.
        error: std::io::Error,
    },
    /// Only root may.
    #[error("{} is for root only: use sudo", .0.display())]
    NotRoot(PathBuf),
    /// The agent does not answer.
    #[error("the agent has not answered for {} s; it may still do what it was told", PATIENCE.as_secs())]
    Silent,
    /// It hung up.
    #[error("the agent hung up: {0}")]
    HungUp(String),
}

/// Asks the agent whose sockets are in `dir`.
///
/// # Errors
/// There is none, or it does not answer.
pub async fn ask(dir: &Path, verb: &Verb) -> Result<Answer, AskError> {
    tokio::time::timeout(PATIENCE, converse(dir, verb)).await.unwrap_or(Err(AskError::Silent))
}

async fn converse(dir: &Path, verb: &Verb) -> Result<Answer, AskError> {
    let socket = dir.join(NODE_SOCKET);
    let stream = UnixStream::connect(&socket).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::PermissionDenied => AskError::NotRoot(socket.clone()),
        _ => AskError::NoAgent { socket: socket.clone(), sentinel: dir.join(GATE_DIR).join(SENTINEL), error },
    })?;
    let (reading, mut writing) = stream.into_split();
    let hung_up = |error: std::io::Error| AskError::HungUp(error.to_string());
    send(&mut writing, verb).await.map_err(hung_up)?;
    let answer = Messages::of(reading).next().await.map_err(hung_up)?;
    answer.ok_or_else(|| AskError::HungUp("without an answer".into()))
}
