//! One API server's flow control: all priority levels, and the seats that they lend each other.

use crate::apf::borrowing::{Borrower, borrow};
use crate::apf::dealer::{Dealer, NoDealer};
use crate::apf::demand::{Demand, SmoothedDemand};
use crate::apf::levels::{LevelLimits, LimitResponse, PriorityLevel, limits};
use crate::apf::queue_set::{QueueSet, Reject, RequestId};
use crate::apf::retry_after::RetryAfter;
use crate::apf::seats::Seats;

/// Seats are shared out anew this often (`borrowingAdjustmentPeriod`), nanoseconds.
const BORROWING_NANOSECONDS: i64 = 10_000_000_000;
/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;

/// All levels of one API server.
#[derive(Debug, Clone)]
pub struct Server {
    levels: Vec<Level>,
    /// Sum of the nominal limits.
    seats: u64,
    next_borrowing: i64,
}

/// What becomes of a request that comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It runs or waits: [`Server::started`] says when it runs.
    Accepted(RequestId),
    /// It gets 429.
    Rejected {
        /// Why.
        reason: Reject,
        /// `Retry-After`, seconds.
        retry_after: i64,
    },
}

#[derive(Debug, Clone)]
struct Level {
    exempt: bool,
    limits: LevelLimits,
    queues: QueueSet,
    demand: Demand,
    smoothed: SmoothedDemand,
    retry_after: RetryAfter,
}

impl Server {
    /// With that many seats in all.
    ///
    /// # Errors
    /// [`NoDealer`] for a level that an API server would not take.
    pub fn new(levels: &[PriorityLevel], total: u64, now: i64) -> Result<Self, NoDealer> {
        let all = limits(levels, total);
        let seats = all.iter().map(|limits| limits.nominal).sum();
        let levels = levels.iter().zip(all).map(|(level, limits)| Level::new(level, limits, now));
        let levels = levels.collect::<Result<_, _>>()?;
        let mut server = Self { levels, seats, next_borrowing: now };
        server.borrow(now);
        Ok(server)
    }

    /// A request for the level of that index.
    pub fn arrive(&mut self, now: i64, level: usize, flow: u64, seats: Seats) -> Outcome {
        let level = &mut self.levels[level];
        match level.queues.arrive(now, flow, seats) {
            Ok(id) => {
                level.note_demand(now);
                Outcome::Accepted(id)
            }
            Err(reason) => level.reject(now, reason),
        }
    }

    /// Requests of a level that have begun since this was last asked.
    pub fn started(&mut self, level: usize) -> Vec<RequestId> {
        self.levels[level].queues.started()
    }

    /// See [`QueueSet::finish`].
    pub fn finish(&mut self, now: i64, level: usize, id: RequestId) -> Option<i64> {
        let level = &mut self.levels[level];
        let lingers = level.queues.finish(now, id);
        level.note_demand(now);
        lingers
    }

    /// See [`QueueSet::release`].
    pub fn release(&mut self, now: i64, level: usize, id: RequestId) {
        let level = &mut self.levels[level];
        level.queues.release(now, id);
        level.note_demand(now);
    }

    /// A request has waited for as long as it may; `None` if it runs by now.
    pub fn time_out(&mut self, now: i64, level: usize, id: RequestId) -> Option<Outcome> {
        let level = &mut self.levels[level];
        if !level.queues.give_up(now, id) {
            return None;
        }
        level.note_demand(now);
        Some(level.reject(now, Reject::TimeOut))
    }

    /// When [`Self::borrow`] is due.
    #[must_use]
    pub fn next_borrowing(&self) -> i64 {
        self.next_borrowing
    }

    /// Shares the seats out anew.
    pub fn borrow(&mut self, now: i64) {
        self.next_borrowing = now + BORROWING_NANOSECONDS;
        for level in &mut self.levels {
            level.demand.period(now, &mut level.smoothed);
        }
        let borrowers: Vec<Borrower> = self
            .levels
            .iter()
            .map(|level| Borrower { limits: level.limits, demand: level.smoothed, exempt: level.exempt })
            .collect();
        // Bounds that contradict each other leave all as it is.
        let Ok(shares) = borrow(self.seats, &borrowers) else { return };
        for (level, seats) in self.levels.iter_mut().zip(shares) {
            level.queues.set_limit(now, seats);
        }
    }

    /// The level's queues.
    #[must_use]
    pub fn queues(&self, level: usize) -> &QueueSet {
        &self.levels[level].queues
    }
}

impl Level {
    fn new(level: &PriorityLevel, limits: LevelLimits, now: i64) -> Result<Self, NoDealer> {
        // Until the first borrowing, half of what it lends is lent.
        let first = limits.nominal - (limits.nominal - limits.lower) / 2;
        let queues = match level.response {
            LimitResponse::Exempt => QueueSet::exempt(now),
            LimitResponse::Reject => QueueSet::rejecting(first, now),
            LimitResponse::Queue(queuing) => {
                let count = queuing.queues as usize;
                let dealer = Dealer::new(count, queuing.hand_size as usize)?;
                QueueSet::queuing(dealer, count, queuing.queue_length_limit as usize, first, now)
            }
        };
        let exempt = level.response == LimitResponse::Exempt;
        let smoothed = SmoothedDemand::default();
        Ok(Self {
            exempt,
            limits,
            queues,
            demand: Demand::new(now),
            smoothed,
            retry_after: RetryAfter::default(),
        })
    }

    fn note_demand(&mut self, now: i64) {
        #[expect(clippy::cast_precision_loss, reason = "a number of seats")]
        self.demand.set(now, self.queues.demand() as f64);
    }

    fn reject(&mut self, now: i64, reason: Reject) -> Outcome {
        self.retry_after.reject(now / SECOND);
        Outcome::Rejected { reason, retry_after: self.retry_after.seconds() }
    }
}

#[cfg(test)]
mod tests;
