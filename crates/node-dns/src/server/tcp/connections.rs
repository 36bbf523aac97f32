//! How many connections there may be, and which goes first when there are too many.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;

/// Connections at once on one address: some 2 KB each while idle, 8 MB. One more closes the one that was idle the longest:
/// whoever opens ten thousand and says nothing takes no place from a client that asks.
pub(crate) const CONNECTIONS_MAX: usize = 4096;

/// All connections of one listener.
#[derive(Debug)]
pub(crate) struct Connections {
    metrics: Metrics,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    /// By when they were last used, the longest idle first.
    by_use: BTreeMap<u64, CancellationToken>,
}

/// The place of one connection; given back when dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    of: Arc<Connections>,
    key: Mutex<u64>,
    evicted: CancellationToken,
}

impl Connections {
    pub(super) fn new(metrics: Metrics) -> Self {
        Self { metrics, open: Mutex::default() }
    }

    /// A place, if need be that of the one that was idle the longest. It goes when it is idle: `None` when so many of those
    /// evicted are still busy that there would be twice too many.
    pub(super) fn open(self: &Arc<Self>) -> Option<Slot> {
        let evicted = CancellationToken::new();
        let mut open = self.open.lock();
        if open.by_use.len() >= CONNECTIONS_MAX {
            if let Some((_, oldest)) = open.by_use.pop_first() {
                oldest.cancel();
                self.metrics.tcp_evicted.inc();
            }
            if self.metrics.tcp_connections.get() >= 2 * CONNECTIONS_MAX as i64 {
                return None;
            }
        }
        let key = open.next;
        open.next += 1;
        open.by_use.insert(key, evicted.clone());
        drop(open);
        self.metrics.tcp_connections.inc();
        Some(Slot { of: self.clone(), key: Mutex::new(key), evicted })
    }
}

impl Slot {
    /// A query came: this connection is the last to be evicted now.
    pub(super) fn used(&self) {
        let mut key = self.key.lock();
        let mut open = self.of.open.lock();
        if let Some(token) = open.by_use.remove(&key) {
            *key = open.next;
            open.next += 1;
            open.by_use.insert(*key, token);
        }
    }

    /// Its place was given to another one.
    pub(super) async fn evicted(&self) {
        self.evicted.cancelled().await;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.of.open.lock().by_use.remove(&self.key.lock());
        self.of.metrics.tcp_connections.dec();
    }
}
