//! Tasks and threads with names.

use std::future::Future;
use std::io;
use std::thread::JoinHandle as ThreadHandle;

use tokio::task::JoinHandle;
use tracing::Instrument;

/// Spawns `future` on the current runtime under a span with its name. A panic ends this task only; who holds the handle
/// sees it.
#[expect(clippy::disallowed_methods, reason = "the one place that spawns")]
pub fn spawn<F>(name: &'static str, future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(future.instrument(tracing::info_span!("task", name)))
}

/// Starts a thread, for work that blocks in the kernel by design (a socket read by nobody else). Linux shows the first 15
/// bytes of its name.
///
/// # Errors
/// The operating system has no thread left.
pub fn thread<F>(name: &str, work: F) -> io::Result<ThreadHandle<()>>
where
    F: FnOnce() + Send + 'static,
{
    std::thread::Builder::new().name(name.to_owned()).spawn(work)
}
