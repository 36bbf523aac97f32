//! Who watches queries: the query log and dnstap. Each has a thread of its own behind a bounded queue; a reader that is too
//! slow loses lines, which are counted, and never holds up an answer.

mod dnstap;
mod query_log;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use environment::Clock;
use prometheus_client::metrics::counter::Counter;

use crate::config::Config;
use crate::metrics::{Metrics, Protocol};

/// Lines or messages that wait: some 150 B to 4 KB each, 1 to 32 MB.
const QUEUE_MAX: usize = 8192;

/// Why nobody can watch.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// No thread.
    #[error(
        "cannot start the thread of the query log or of dnstap: {0}; allow more processes (ulimit -u, pids.max)"
    )]
    Thread(std::io::Error),
}

/// See the module.
pub(crate) struct Observers {
    clock: Arc<dyn Clock>,
    log: Option<(Sample, Queue)>,
    tap: Option<(dnstap::Settings, Queue)>,
}

/// One query and its response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) query: &'a [u8],
    pub(crate) response: &'a [u8],
    pub(crate) client: SocketAddr,
    pub(crate) protocol: Protocol,
    pub(crate) took: Duration,
}

/// One of so many.
struct Sample {
    every: u32,
    seen: AtomicU32,
}

struct Queue {
    sender: SyncSender<Vec<u8>>,
    dropped: Counter,
}

impl Observers {
    /// Starts the threads; `None` when nobody watches.
    ///
    /// # Errors
    /// There is no thread left.
    pub(crate) fn start(
        config: &Config,
        metrics: &Metrics,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<Self>, ObserveError> {
        if config.query_log.is_none() && config.dnstap.is_none() {
            return Ok(None);
        }
        let mut observers = Self { clock: clock.clone(), log: None, tap: None };
        if let Some(every) = config.query_log {
            let (sender, lines) = sync_channel(QUEUE_MAX);
            environment::thread("dns-query-log", move || query_log::write(&lines, &mut std::io::stdout()))
                .map_err(ObserveError::Thread)?;
            let sample = Sample { every: every.max(1), seen: AtomicU32::new(0) };
            observers.log = Some((sample, Queue { sender, dropped: metrics.query_log_dropped.clone() }));
        }
        if let Some(tap) = &config.dnstap {
            let (sender, messages) = sync_channel(QUEUE_MAX);
            let (socket, dropped) = (tap.socket.clone(), metrics.dnstap_dropped.clone());
            environment::thread("dns-dnstap", move || dnstap::write(&socket, &messages, &dropped, &*clock))
                .map_err(ObserveError::Thread)?;
            let settings = dnstap::Settings { full: tap.full, identity: tap.identity.clone().into_bytes() };
            observers.tap = Some((settings, Queue { sender, dropped: metrics.dnstap_dropped.clone() }));
        }
        Ok(Some(observers))
    }

    /// Writes it down, if it is one of those.
    pub(crate) fn seen(&self, seen: &Seen<'_>) {
        if let Some((sample, queue)) = &self.log
            && sample.seen.fetch_add(1, Ordering::Relaxed) % sample.every == 0
        {
            queue.push(query_log::line(seen).into_bytes());
        }
        if let Some((settings, queue)) = &self.tap {
            let now = self.clock.wall();
            dnstap::messages(settings, seen, now).into_iter().for_each(|message| queue.push(message));
        }
    }
}

impl Queue {
    fn push(&self, bytes: Vec<u8>) {
        if self.sender.try_send(bytes).is_err() {
            self.dropped.inc();
        }
    }
}
