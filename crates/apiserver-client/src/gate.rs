//! Waiting for the budget: the async side of [`budget::Budget`].

use std::sync::Arc;
use std::time::Duration;

use budget::{Budget, Limits, LimitsError, Slots, Take};
use environment::Clock;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::metrics::Metrics;
use crate::status::{BudgetStatus, BudgetUse};

/// A 429 without a Retry-After: one second, which is what kube-apiserver itself says.
const CONGESTION_PAUSE: Duration = Duration::from_secs(1);

/// What every request and every reader passes.
pub(crate) struct Gate {
    budget: Mutex<Budget>,
    limits: Limits,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    // First come, first served: tokio's mutex is fair, and who holds it is the only one to wait.
    requests: tokio::sync::Mutex<()>,
    retries: tokio::sync::Mutex<()>,
    lists: Queue,
    watches: Queue,
}

#[derive(Default)]
struct Queue {
    turn: tokio::sync::Mutex<()>,
    freed: Notify,
}

/// Something of which only so many are allowed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    List,
    Watch,
}

/// A slot taken; dropped, it is free again.
pub(crate) struct Slot {
    gate: Arc<Gate>,
    kind: Kind,
}

impl Gate {
    pub(crate) fn new(
        limits: &Limits,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, LimitsError> {
        Ok(Self {
            budget: Mutex::new(Budget::new(limits)?),
            limits: limits.clone(),
            clock,
            metrics,
            requests: Default::default(),
            retries: Default::default(),
            lists: Queue::default(),
            watches: Queue::default(),
        })
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Returns when a request may go out.
    pub(crate) async fn request(&self) {
        let asked = self.clock.monotonic();
        let _turn = self.requests.lock().await;
        self.wait("requests", asked, Budget::request).await;
    }

    /// Returns when a retry may go out; ask for the request next.
    pub(crate) async fn retry(&self) {
        let asked = self.clock.monotonic();
        let _turn = self.retries.lock().await;
        self.wait("retries", asked, Budget::retry).await;
    }

    /// Returns when a reader may read on, and how long it had to wait for that.
    pub(crate) async fn read(&self) -> Duration {
        let asked = self.clock.monotonic();
        self.wait("bytes", asked, Budget::read).await
    }

    /// Returns when one more of `kind` may be open.
    pub(crate) async fn slot(self: &Arc<Self>, kind: Kind) -> Slot {
        let asked = self.clock.monotonic();
        let queue = self.queue(kind);
        let _turn = queue.turn.lock().await;
        while !kind.slots(&mut self.budget.lock()).step() {
            queue.freed.notified().await;
        }
        self.waited(kind.name(), asked);
        Slot { gate: self.clone(), kind }
    }

    /// Bytes of a body have arrived.
    pub(crate) fn charge(&self, bytes: u64) {
        self.budget.lock().charge(bytes, self.clock.monotonic());
    }

    /// A request was answered as wished.
    pub(crate) fn succeeded(&self) {
        self.budget.lock().succeeded();
    }

    /// The server has no room.
    pub(crate) fn congestion(&self, retry_after: Option<Duration>) {
        self.budget.lock().hold(retry_after.unwrap_or(CONGESTION_PAUSE), self.clock.monotonic());
    }

    /// The budget and its use now.
    pub(crate) fn status(&self) -> BudgetStatus {
        let usage = self.budget.lock().usage(self.clock.monotonic());
        let limits = &self.limits;
        let bucket = |limit: f64, available: f64, per_second: f64| BudgetUse {
            limit,
            used: (limit - available).max(0.0),
            per_second: Some(per_second),
        };
        let slots =
            |limit: u32, used: u32| BudgetUse { limit: limit.into(), used: used.into(), per_second: None };
        let retry_limit = f64::from(limits.retry_burst);
        let budgets = [
            (
                "requests",
                bucket(limits.requests_burst.into(), usage.requests_available, limits.requests_per_second),
            ),
            (
                "bytes",
                bucket(limits.bytes_burst as f64, usage.bytes_available, limits.bytes_per_second as f64),
            ),
            ("retries", bucket(retry_limit, usage.retries_available, limits.retry_floor_per_second)),
            ("lists", slots(limits.concurrent_lists, usage.lists)),
            ("watches", slots(limits.open_watches, usage.watches)),
        ];
        BudgetStatus {
            budgets: budgets.into(),
            held_seconds: usage.held.as_secs_f64(),
            requests_total: self.metrics.requests_total(),
            response_bytes_total: self.metrics.bytes_total(),
        }
    }

    async fn wait(
        &self,
        name: &'static str,
        asked: Duration,
        step: impl Fn(&mut Budget, Duration) -> Take,
    ) -> Duration {
        loop {
            let take = step(&mut self.budget.lock(), self.clock.monotonic());
            match take {
                Take::Now => return self.waited(name, asked),
                Take::After(wait) => tokio::time::sleep(wait).await,
            }
        }
    }

    fn waited(&self, name: &'static str, asked: Duration) -> Duration {
        let waited = self.clock.monotonic().saturating_sub(asked);
        if !waited.is_zero() {
            self.metrics.waited(name, waited.as_secs_f64());
        }
        waited
    }

    fn queue(&self, kind: Kind) -> &Queue {
        match kind {
            Kind::List => &self.lists,
            Kind::Watch => &self.watches,
        }
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::List => "lists",
            Self::Watch => "watches",
        }
    }

    fn slots(self, budget: &mut Budget) -> &mut Slots {
        match self {
            Self::List => &mut budget.lists,
            Self::Watch => &mut budget.watches,
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.kind.slots(&mut self.gate.budget.lock()).give_back();
        self.gate.queue(self.kind).freed.notify_one();
    }
}
