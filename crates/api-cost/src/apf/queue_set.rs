//! Fair queuing for server requests: the queues of one priority level.
//!
//! Facts: k8s.io/apiserver `util/flowcontrol/fairqueuing/queueset/queueset.go`. Requests wait in queues; in a virtual world in
//! which all queues that are not empty share the seats evenly, each queue has a moment at which its next request starts. The
//! request that would be done first there leaves first here. How long it takes is guessed (3 ms) and put right when it is known.
//! If the one that is first in turn does not fit into the seats that are free, nobody overtakes it.

mod arrival;
mod dispatch;

use std::collections::{BTreeMap, VecDeque};

use crate::apf::dealer::Dealer;
use crate::apf::seat_seconds::SeatSeconds;
use crate::apf::seats::Seats;

/// How long a request is thought to take before it is known, nanoseconds.
const GUESSED_NANOSECONDS: i64 = 3_000_000;

/// A request that is waiting or running.
pub type RequestId = u64;

/// Why a request is refused with 429 (the label `reason` of `apiserver_flowcontrol_rejected_requests_total`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reject {
    /// No seat is free and its queue is full.
    QueueFull,
    /// No seat is free, and the level has no queues.
    ConcurrencyLimit,
    /// It waited for too long.
    TimeOut,
}

/// Where a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// In a queue.
    Waiting {
        /// Which.
        queue: usize,
        /// How many are before it there.
        position: usize,
    },
    /// Running, and since when.
    Executing {
        /// From which queue; none where the level has none.
        queue: Option<usize>,
        /// Nanoseconds.
        since: i64,
    },
    /// Done, but its last seats are not free yet.
    Lingering,
}

/// What a level's queues decide about an arrival; [`QueueSet::started`] says which requests run.
pub type Ticket = Result<RequestId, Reject>;

/// The queues of one priority level.
#[derive(Debug, Clone)]
pub struct QueueSet {
    kind: Kind,
    /// Seats that the level has just now.
    limit: u64,
    queues: Vec<Queue>,
    requests: BTreeMap<RequestId, Request>,
    next_id: RequestId,
    /// How far each queue has come in the virtual world.
    progress: SeatSeconds,
    last_sync: i64,
    /// The queue that was served last.
    robin: usize,
    /// Requests that were ever dealt.
    enqueues: usize,
    waiting: usize,
    executing: usize,
    seats_in_use: u64,
    seats_waiting: u64,
    started: Vec<RequestId>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Exempt,
    Reject,
    Queue { dealer: Dealer, length_limit: usize },
}

#[derive(Debug, Clone, Default)]
struct Queue {
    waiting: VecDeque<RequestId>,
    /// Where its next request starts in the virtual world.
    next_dispatch: SeatSeconds,
    executing: usize,
    seats_in_use: u64,
    seats_waiting: u64,
    work_waiting: SeatSeconds,
}

#[derive(Debug, Clone)]
struct Request {
    seats: Seats,
    /// First and last work together.
    work: SeatSeconds,
    last_work: SeatSeconds,
    last_nanoseconds: i64,
    queue: Option<usize>,
    arrived: SeatSeconds,
    /// Nanoseconds.
    started: Option<i64>,
    done: bool,
}

impl QueueSet {
    /// Of a level that queues.
    #[must_use]
    pub fn queuing(dealer: Dealer, queues: usize, length_limit: usize, limit: u64, now: i64) -> Self {
        let mut set = Self::empty(Kind::Queue { dealer, length_limit }, limit, now);
        set.queues = vec![Queue::default(); queues];
        set
    }

    /// Of a level that refuses what does not fit.
    #[must_use]
    pub fn rejecting(limit: u64, now: i64) -> Self {
        Self::empty(Kind::Reject, limit, now)
    }

    /// Of a level that lets everything pass.
    #[must_use]
    pub fn exempt(now: i64) -> Self {
        Self::empty(Kind::Exempt, 0, now)
    }

    fn empty(kind: Kind, limit: u64, now: i64) -> Self {
        Self {
            kind,
            limit,
            queues: Vec::new(),
            requests: BTreeMap::new(),
            next_id: 0,
            progress: SeatSeconds(0),
            last_sync: now,
            robin: 0,
            enqueues: 0,
            waiting: 0,
            executing: 0,
            seats_in_use: 0,
            seats_waiting: 0,
            started: Vec::new(),
        }
    }

    /// Requests that have begun since this was last asked, in the order in which they did.
    pub fn started(&mut self) -> Vec<RequestId> {
        std::mem::take(&mut self.started)
    }

    /// Seats that are taken and wanted: the demand that borrowing goes by.
    #[must_use]
    pub fn demand(&self) -> u64 {
        self.seats_in_use + self.seats_waiting
    }

    /// Seats that are taken.
    #[must_use]
    pub fn seats_in_use(&self) -> u64 {
        self.seats_in_use
    }

    /// Seats that the level has just now.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Requests that run.
    #[must_use]
    pub fn executing(&self) -> usize {
        self.executing
    }

    /// Where a request is; `None` once it has left or was refused.
    #[must_use]
    pub fn phase(&self, id: RequestId) -> Option<Phase> {
        let request = self.requests.get(&id)?;
        if request.done {
            return Some(Phase::Lingering);
        }
        if let Some(since) = request.started {
            return Some(Phase::Executing { queue: request.queue, since });
        }
        let queue = request.queue?;
        let position = self.queues[queue].waiting.iter().position(|other| *other == id)?;
        Some(Phase::Waiting { queue, position })
    }
}

impl Seats {
    /// What the request occupies for as long as it is there: its first or its last seats, whichever are more.
    #[must_use]
    pub fn most(&self) -> u64 {
        self.initial.max(self.last)
    }
}

#[expect(clippy::cast_precision_loss, reason = "seats: far below 2^52")]
fn to_f64(seats: u64) -> f64 {
    seats as f64
}

#[cfg(test)]
mod tests;
