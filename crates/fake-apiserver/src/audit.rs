//! Who asked for what: the last requests, in memory.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde::Serialize;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestRecord {
    /// Time since the Unix epoch, by the server's clock.
    #[serde(skip)]
    pub at: Duration,
    /// As in the real server's audit log: "get", "list", "watch", "create", …; in lower case the HTTP method for paths that
    /// are about no resource.
    pub verb: String,
    /// "pods"; empty for paths that are about no resource.
    pub resource: String,
    /// API group; empty for the core group.
    pub group: String,
    /// Empty: all, or none.
    pub namespace: String,
    /// Empty for collections.
    pub name: String,
    /// Path and query as they came.
    pub uri: String,
    /// `User-Agent`
    pub user_agent: String,
    /// `Accept`
    pub accept: String,
    /// "HTTP/1.1" or "HTTP/2.0".
    pub protocol: String,
    /// HTTP status; 0 while there is none.
    pub code: u16,
    /// Bytes of the body so far, as they went into the connection.
    pub bytes: u64,
}

/// The log.
#[derive(Debug, Clone)]
pub(crate) struct Audit {
    entries: Arc<Mutex<VecDeque<Entry>>>,
    total: Arc<AtomicU64>,
    entries_max: usize,
}

#[derive(Debug, Clone)]
struct Entry {
    record: RequestRecord,
    progress: Arc<Progress>,
}

/// What becomes known of a request after it came.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    code: AtomicU64,
    bytes: AtomicU64,
}

impl Progress {
    pub(crate) fn answered(&self, code: u16) {
        self.code.store(u64::from(code), Ordering::Relaxed);
    }

    pub(crate) fn sent(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

impl Audit {
    pub(crate) fn new(entries_max: usize) -> Self {
        Self { entries: Arc::default(), total: Arc::default(), entries_max }
    }

    pub(crate) fn begin(&self, record: RequestRecord) -> Arc<Progress> {
        let progress = Arc::new(Progress::default());
        self.total.fetch_add(1, Ordering::Relaxed);
        let mut entries = self.entries.lock();
        if entries.len() >= self.entries_max {
            entries.pop_front();
        }
        entries.push_back(Entry { record, progress: progress.clone() });
        progress
    }

    /// The last requests, the oldest first.
    pub(crate) fn records(&self) -> Vec<RequestRecord> {
        let entries = self.entries.lock();
        let finished = entries.iter().map(|entry| RequestRecord {
            code: entry.progress.code.load(Ordering::Relaxed) as u16,
            bytes: entry.progress.bytes.load(Ordering::Relaxed),
            ..entry.record.clone()
        });
        finished.collect()
    }

    /// How many requests there ever were, also those that the log has forgotten.
    pub(crate) fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }
}
