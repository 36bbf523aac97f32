//! How much one process may ask of an API server, and when it may ask again.
//!
//! Owns: the arithmetic of rates ([`Rate`]), byte debts ([`Debt`]), concurrency limits ([`Slots`]), waiting after failures
//! ([`Backoff`], [`retry_after`]) and the budget of retries ([`RetryBudget`]); [`Limits`] are their settings, [`Budget`] is
//! all of them together.
//!
//! Does not know: requests, sockets, Kubernetes. Pure: `now` (time since any origin that never goes back) and `random` (in
//! `[0, 1)`) are arguments, waiting is an answer. Who asks must wait as told and ask again; `apiserver-client` does.
//!
//! Start at [`Budget`].

mod backoff;
mod budget;
mod debt;
mod limits;
mod rate;
pub mod retry_after;
mod retry_budget;
mod slots;

pub use backoff::{BASE_SECONDS, Backoff, CAP_SECONDS_MIN, Failed, fleet_base, fleet_cap};
pub use budget::{Budget, Usage};
pub use debt::Debt;
pub use limits::{Limits, LimitsError};
pub use rate::{Rate, Take};
pub use retry_budget::RetryBudget;
pub use slots::Slots;
