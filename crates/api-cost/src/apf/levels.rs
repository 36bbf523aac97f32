//! Priority levels: what is configured, and what follows for one API server.
//!
//! Facts: k8s.io/apiserver `apis/flowcontrol/bootstrap/default.go`, `util/flowcontrol/apf_controller.go`
//! (`finishQueueSetReconfigsLocked`).

/// Of its nominal seats a single request may take at most.
const REQUEST_PERCENT_MAX: u64 = 15;

/// A `PriorityLevelConfiguration`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriorityLevel {
    /// Its name.
    pub name: String,
    /// `nominalConcurrencyShares`.
    pub shares: u64,
    /// `lendablePercent`.
    pub lendable_percent: u64,
    /// `borrowingLimitPercent`; `None` for as much as there is.
    pub borrowing_limit_percent: Option<u64>,
    /// `limitResponse`.
    pub response: LimitResponse,
}

/// What happens to a request for which no seat is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitResponse {
    /// The level is exempt: it runs all the same.
    Exempt,
    /// It is refused.
    Reject,
    /// It waits.
    Queue(Queuing),
}

/// The queues of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queuing {
    /// How many.
    pub queues: u32,
    /// Of which each flow uses so many.
    pub hand_size: u32,
    /// Requests that each holds.
    pub queue_length_limit: u32,
}

/// Seats of a level on one API server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelLimits {
    /// Its own.
    pub nominal: u64,
    /// What it keeps when it lends all that it lends.
    pub lower: u64,
    /// What it has when it borrows all that it may.
    pub upper: u64,
    /// Most of one request; 0 where the level has no limit of its own.
    pub request_max: u64,
}

impl PriorityLevel {
    /// The levels that every cluster has, in the order of the API server's table.
    #[must_use]
    pub fn defaults() -> Vec<Self> {
        let queue =
            |queues, hand_size| LimitResponse::Queue(Queuing { queues, hand_size, queue_length_limit: 50 });
        let rows = [
            ("exempt", 0, 0, LimitResponse::Exempt),
            ("catch-all", 5, 0, LimitResponse::Reject),
            ("system", 30, 33, queue(64, 6)),
            ("node-high", 40, 25, queue(64, 6)),
            ("leader-election", 10, 0, queue(16, 4)),
            ("workload-high", 40, 50, queue(128, 6)),
            ("workload-low", 100, 90, queue(128, 6)),
            ("global-default", 20, 50, queue(128, 6)),
        ];
        rows.into_iter()
            .map(|(name, shares, lendable_percent, response)| Self {
                name: name.to_owned(),
                shares,
                lendable_percent,
                borrowing_limit_percent: None,
                response,
            })
            .collect()
    }
}

/// What follows for an API server with `total` seats (`--max-requests-inflight` and `--max-mutating-requests-inflight` together).
#[must_use]
pub fn limits(levels: &[PriorityLevel], total: u64) -> Vec<LevelLimits> {
    let shares: u64 = levels.iter().map(|level| level.shares).sum();
    let one = |level: &PriorityLevel| {
        let nominal = (total * level.shares).div_ceil(shares.max(1));
        let part = |percent: u64| (2 * nominal * percent + 100) / 200;
        let borrowed = level.borrowing_limit_percent.map_or(total, part);
        let request_max = match level.response {
            LimitResponse::Queue(queuing) => {
                let hand = u64::from(queuing.hand_size.max(1));
                (nominal * REQUEST_PERCENT_MAX).div_ceil(100).min(nominal / hand).max(1)
            }
            LimitResponse::Exempt | LimitResponse::Reject => 0,
        };
        LevelLimits {
            nominal,
            lower: nominal - part(level.lendable_percent),
            upper: nominal + borrowed,
            request_max,
        }
    };
    levels.iter().map(one).collect()
}

#[cfg(test)]
mod tests;
