//! SIGINT and SIGTERM end a command with status 0; one more, a while later, ends it at once.

use std::time::Duration;

use anyhow::Context;
use environment::spawn;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Signals this soon after the first belong to it: `timeout` and process supervisors send one to the process and one to its
/// group, and a person who asks again has waited.
const ONE_WISH: Duration = Duration::from_secs(1);

/// Cancelled at the first SIGINT or SIGTERM. A second one ends the process, so that a person is never locked in.
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
        let same_wish = async {
            loop {
                next().await;
            }
        };
        let _ = tokio::time::timeout(ONE_WISH, same_wish).await;
        let code = next().await;
        leave(code);
    });
    Ok(token)
}

#[expect(clippy::disallowed_methods, reason = "the user asked twice: nothing more is to be saved")]
fn leave(code: i32) {
    std::process::exit(code);
}
