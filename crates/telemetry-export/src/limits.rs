//! What one endpoint allows its clients.

use std::time::Duration;

/// Connections at once. A scraper keeps one or two open, a browser six; a thousand scrapers would need another design.
pub const CONNECTIONS_MAX: usize = 256;
/// From the first byte of a request (or the start of the connection) to the end of its head; kube-state-metrics' default.
pub const HEADER_READ_SECONDS: u64 = 5;
/// Without a byte taken by the client while there is one to send; kube-state-metrics' write timeout is as long.
pub const WRITE_STALL_SECONDS: u64 = 60;
/// Between two requests on one connection; kube-state-metrics' default.
pub const IDLE_SECONDS: u64 = 300;
/// What a stop waits for scrapes under way: as long as Prometheus' default scrape timeout.
pub const STOP_GRACE_SECONDS: u64 = 10;
/// Head of a request. Prometheus sends some 300 bytes, a browser with cookies some 4 KiB.
pub const HEAD_BYTES_MAX: usize = 16 << 10;

/// The limits of one endpoint; the default is the constants of this file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once; the next one gets a 503 and is closed.
    pub connections_max: usize,
    /// Time to send the head of a request.
    pub header_read: Duration,
    /// Time without progress while the client has something to read.
    pub write_stall: Duration,
    /// Time between two requests.
    pub idle: Duration,
    /// Time that a stop leaves to the requests under way.
    pub stop_grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: CONNECTIONS_MAX,
            header_read: Duration::from_secs(HEADER_READ_SECONDS),
            write_stall: Duration::from_secs(WRITE_STALL_SECONDS),
            idle: Duration::from_secs(IDLE_SECONDS),
            stop_grace: Duration::from_secs(STOP_GRACE_SECONDS),
        }
    }
}
