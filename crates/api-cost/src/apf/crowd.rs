//! What a crowd of requests meets at one API server: waits, rejects, answers that come too late.
//!
//! Events in virtual time drive the same [`Server`] that is checked against a real one. CPU is shared evenly among what runs
//! (Go's scheduler), so that a small request is late where large ones run beside it, though it has a seat at once.

mod clock;
mod run;
mod wait;

pub use wait::Wait;

use crate::apf::seats::Seats;
use crate::apf::server::Server;

/// Most requests of one simulation: about a second of ours for the slowest case, 128 queues that are full.
const ARRIVALS_MAX: f64 = 100_000.0;

/// Requests of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Stream {
    /// Index of its priority level.
    pub level: usize,
    /// Its flows; each request is of one of them, at random.
    pub flows: Vec<u64>,
    /// Seats of one.
    pub seats: Seats,
    /// Arrivals at this server.
    pub per_second: f64,
    /// CPU of one.
    pub cpu_seconds: f64,
    /// What it waits for that is not CPU: etcd, the network.
    pub other_seconds: f64,
}

/// One API server and what comes.
#[derive(Debug, Clone)]
pub struct Crowd {
    /// Its flow control.
    pub server: Server,
    /// CPU that is left for the streams.
    pub cores: f64,
    /// `--request-timeout`, seconds.
    pub request_timeout_seconds: f64,
    /// What comes.
    pub streams: Vec<Stream>,
    /// For how long it comes.
    pub seconds: f64,
}

/// Lets them come, independently of each other (Poisson), and says what each stream met. The same seed gives the same answer.
#[must_use]
pub fn crowd(crowd: Crowd, seed: u64) -> Vec<Wait> {
    let per_second: f64 = crowd.streams.iter().map(|stream| stream.per_second).sum();
    let seconds = crowd.seconds.min(ARRIVALS_MAX / per_second.max(1e-9));
    run::Run::new(crowd, seconds, seed).play()
}

#[cfg(test)]
mod tests;
