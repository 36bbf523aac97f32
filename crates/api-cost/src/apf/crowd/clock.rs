//! CPU that is shared evenly: who is done next.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Go's scheduler lets a goroutine run for so long while others wait, seconds (`forcePreemptNS`).
const SLICE_SECONDS: f64 = 0.01;
/// Goroutines through which a request goes one after the other, each of which waits for its turn: the connection's reader, the
/// handler, the writer to etcd, its reader, the answer's writer.
const TURNS: f64 = 5.0;

/// Runs requests on some cores.
///
/// Work is counted on a clock of its own, which goes as fast as each request is served: done is who has the smallest reading.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    cores: f64,
    now: i64,
    served: f64,
    running: BinaryHeap<Reverse<(Reading, usize)>>,
}

/// Of the clock, in picoseconds of service.
type Reading = u64;

impl Clock {
    pub(super) fn new(cores: f64) -> Self {
        Self { cores: cores.max(0.01), now: 0, served: 0.0, running: BinaryHeap::new() }
    }

    /// Begins to serve a request.
    pub(super) fn begin(&mut self, now: i64, request: usize, cpu_seconds: f64) {
        self.advance(now);
        let crowded = to_f64(self.running.len()) >= self.cores;
        let turns = if crowded { TURNS * SLICE_SECONDS } else { 0.0 };
        let done = self.served + cpu_seconds.max(turns);
        self.running.push(Reverse((reading(done), request)));
    }

    /// When the next one is done, if nothing changes before.
    pub(super) fn next(&self) -> Option<i64> {
        let Reverse((done, _)) = self.running.peek()?;
        let left = (seconds(*done) - self.served).max(0.0) / self.pace();
        Some(self.now + nanoseconds(left))
    }

    /// The one that is done at `now`.
    pub(super) fn finish(&mut self, now: i64) -> Option<usize> {
        self.advance(now);
        self.running.pop().map(|Reverse((_, request))| request)
    }

    fn advance(&mut self, now: i64) {
        self.served += to_seconds(now - self.now) * self.pace();
        self.now = now;
    }

    /// Service that each gets in a second: nobody uses more than one core.
    fn pace(&self) -> f64 {
        (self.cores / to_f64(self.running.len().max(1))).min(1.0)
    }
}

#[expect(clippy::cast_precision_loss, reason = "requests in flight")]
fn to_f64(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "minutes in picoseconds: 2^57")]
fn reading(seconds: f64) -> Reading {
    (seconds * 1e12) as Reading
}

#[expect(clippy::cast_precision_loss, reason = "minutes in picoseconds: an error of some hundred")]
fn seconds(reading: Reading) -> f64 {
    reading as f64 / 1e12
}

#[expect(clippy::cast_possible_truncation, reason = "minutes in nanoseconds")]
pub(super) fn nanoseconds(seconds: f64) -> i64 {
    (seconds * 1e9) as i64
}

#[expect(clippy::cast_precision_loss, reason = "minutes in nanoseconds")]
pub(super) fn to_seconds(nanoseconds: i64) -> f64 {
    nanoseconds as f64 / 1e9
}
