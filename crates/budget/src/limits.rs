//! The settings of a budget.

use std::time::Duration;

use crate::backoff::{Backoff, fleet_base, fleet_cap};

/// What one process may ask of one API server. Every field is a flag of the binary.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Requests per second, over time. client-go's default is 5 too.
    pub requests_per_second: f64,
    /// Requests at once, after a quiet time.
    pub requests_burst: u32,
    /// Bytes of response bodies per second, over time, as they come over the wire.
    pub bytes_per_second: u64,
    /// Bytes of response bodies at once, after a quiet time.
    pub bytes_burst: u64,
    /// LISTs and initial events of watch-lists at the same time.
    pub concurrent_lists: u32,
    /// Watches open at the same time.
    pub open_watches: u32,
    /// Processes like this one that ask the same API server: the cap of the backoff grows with them.
    pub clients: u32,
    /// Retries earned by each success.
    pub retry_fraction: f64,
    /// Retries per second in any case.
    pub retry_floor_per_second: f64,
    /// Retries at once.
    pub retry_burst: u32,
}

/// A setting that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} must be {must}")]
pub struct LimitsError {
    /// The field of [`Limits`].
    pub field: &'static str,
    /// What it must be.
    pub must: &'static str,
}

impl Default for Limits {
    /// Safe for any cluster: a start of 11 kinds is 11 requests, two seconds' worth of burst and rate; 50 MiB/s are what a
    /// busy API server encodes in half a core (163 MB of protobuf cost it 2.4 CPU seconds).
    fn default() -> Self {
        Self {
            requests_per_second: 5.0,
            requests_burst: 10,
            bytes_per_second: 50 << 20,
            bytes_burst: 50 << 20,
            concurrent_lists: 1,
            open_watches: 15,
            clients: 1,
            retry_fraction: 0.2,
            retry_floor_per_second: 0.5,
            retry_burst: 20,
        }
    }
}

impl Limits {
    /// Whether every setting can work.
    ///
    /// # Errors
    /// Names the first field that cannot.
    pub fn check(&self) -> Result<(), LimitsError> {
        let rows = [
            (positive(self.requests_per_second), "requests_per_second", "a number above 0"),
            (self.requests_burst > 0, "requests_burst", "at least 1"),
            (self.bytes_per_second > 0, "bytes_per_second", "at least 1"),
            (self.concurrent_lists > 0, "concurrent_lists", "at least 1"),
            (self.open_watches > 0, "open_watches", "at least 1"),
            (self.clients > 0, "clients", "at least 1"),
            ((0.0..=1.0).contains(&self.retry_fraction), "retry_fraction", "between 0 and 1"),
            (positive(self.retry_floor_per_second), "retry_floor_per_second", "a number above 0"),
            (self.retry_burst > 0, "retry_burst", "at least 1"),
        ];
        match rows.into_iter().find(|(holds, ..)| !holds) {
            None => Ok(()),
            Some((_, field, must)) => Err(LimitsError { field, must }),
        }
    }

    /// A backoff whose first ceiling and cap fit the number of clients.
    pub fn backoff(&self) -> Backoff {
        let base: Duration = fleet_base(self.clients, self.requests_per_second);
        Backoff::new(base, fleet_cap(self.clients, self.requests_per_second))
    }
}

fn positive(number: f64) -> bool {
    number.is_finite() && number > 0.0
}
