//! SIGINT and SIGTERM end a command with status 0; a second one ends it at once.

use anyhow::Context;
use environment::spawn;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Cancelled at the first SIGINT or SIGTERM. A second one finds the default action, so that a person is never locked in.
pub(crate) fn shutdown() -> anyhow::Result<CancellationToken> {
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let token = CancellationToken::new();
    let cancelled = token.clone();
    spawn("signals", async move {
        let mut next = async || {
            tokio::select! {
                _ = interrupt.recv() => 130,
                _ = terminate.recv() => 143,
            }
        };
        next().await;
        cancelled.cancel();
        let code = next().await;
        leave(code);
    });
    Ok(token)
}

#[expect(clippy::disallowed_methods, reason = "the user asked twice: nothing more is to be saved")]
fn leave(code: i32) {
    std::process::exit(code);
}
