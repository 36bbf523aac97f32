//! What a stream of requests met.

use serde::Serialize;

use crate::apf::queue_set::Reject;

/// Waits and rejects of one stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Wait {
    /// Requests that came.
    pub requests: u64,
    /// Seconds in a queue, median of those that ran.
    pub queued_seconds_p50: f64,
    /// 99th percentile of it.
    pub queued_seconds_p99: f64,
    /// Seconds from arrival to answer, 99th percentile; what is not answered at the end counts with its age.
    pub answered_seconds_p99: f64,
    /// Part that was refused because its queue was full.
    pub queue_full: f64,
    /// Part that was refused because it had waited for too long.
    pub time_out: f64,
    /// Part that was refused because no seat was free in a level without queues.
    pub concurrency_limit: f64,
    /// Largest `Retry-After` that one was told, seconds.
    pub retry_after_seconds: i64,
}

/// What a [`Wait`] is made of.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub(super) requests: u64,
    pub(super) queued: Vec<f64>,
    pub(super) answered: Vec<f64>,
    rejects: [u64; 3],
    retry_after: i64,
}

impl Tally {
    pub(super) fn reject(&mut self, reason: Reject, retry_after: i64) {
        let at = match reason {
            Reject::QueueFull => 0,
            Reject::TimeOut => 1,
            Reject::ConcurrencyLimit => 2,
        };
        self.rejects[at] += 1;
        self.retry_after = self.retry_after.max(retry_after);
    }

    pub(super) fn close(mut self) -> Wait {
        self.queued.sort_by(f64::total_cmp);
        self.answered.sort_by(f64::total_cmp);
        let part = |count: u64| to_f64(count) / to_f64(self.requests.max(1));
        Wait {
            requests: self.requests,
            queued_seconds_p50: quantile(&self.queued, 50),
            queued_seconds_p99: quantile(&self.queued, 99),
            answered_seconds_p99: quantile(&self.answered, 99),
            queue_full: part(self.rejects[0]),
            time_out: part(self.rejects[1]),
            concurrency_limit: part(self.rejects[2]),
            retry_after_seconds: self.retry_after,
        }
    }
}

impl Wait {
    /// Part that was refused.
    #[must_use]
    pub fn rejected(&self) -> f64 {
        self.queue_full + self.time_out + self.concurrency_limit
    }
}

fn quantile(sorted: &[f64], percent: usize) -> f64 {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or(0.0)
}

#[expect(clippy::cast_precision_loss, reason = "requests of a simulation")]
fn to_f64(count: u64) -> f64 {
    count as f64
}
