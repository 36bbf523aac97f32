//! The tokio runtime of a command.

use std::future::Future;

use anyhow::Context;

use crate::outcome::Outcome;

/// Threads of a command that serves many connections: more would not help two metric ports and a stream per agent.
const WORKERS_MAX: usize = 4;

/// Runs `command` on several threads.
pub(crate) fn many_threads(command: impl Future<Output = Outcome>) -> Outcome {
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(WORKERS_MAX);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let outcome = runtime.block_on(command);
    // Whatever still blocks (a credential plugin, a file system that hangs) must not keep the process from ending.
    runtime.shutdown_background();
    outcome
}

/// Runs `command` on this thread alone: one thread's stack and one allocator heap, for a process whose budget is 15 MB.
pub(crate) fn one_thread(command: impl Future<Output = Outcome>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let outcome = runtime.block_on(command);
    runtime.shutdown_background();
    outcome
}
