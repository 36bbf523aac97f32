//! API Priority and Fairness (KEP-1040), as kube-apiserver has it.
//!
//! [`seats`] says how wide a request is, [`FlowSchema`] and [`PriorityLevel`] where it goes, [`Dealer`] and [`QueueSet`] in which
//! queue it waits and when it leaves it, [`Demand`] and [`borrow`] how many seats its level has just now, [`RetryAfter`] what a
//! rejected one is told, [`Server`] all of it together. Time is an argument everywhere: nanoseconds since any moment.
//!
//! `k8s.io/apiserver` v0.36 is followed decision by decision, ties included. `testbed/apf` makes the traces of the original that
//! the tests replay; `testbed/checks/7-apf.sh` compares with a real API server, request by request.

mod borrowing;
mod crowd;
mod dealer;
mod demand;
mod flow_schema;
mod levels;
mod queue_set;
mod retry_after;
mod seat_seconds;
mod seats;
mod server;

pub use borrowing::{BorrowError, Borrower, borrow};
pub use crowd::{Crowd, Stream, Wait, crowd};
pub use dealer::{Dealer, NoDealer, flow_hash};
pub use demand::{Demand, SmoothedDemand};
pub use flow_schema::{Distinguisher, FlowSchema, User, user_name};
pub use levels::{LevelLimits, LimitResponse, PriorityLevel, Queuing, limits};
pub use queue_set::{Phase, QueueSet, Reject, RequestId, Ticket};
pub use retry_after::RetryAfter;
pub use seat_seconds::SeatSeconds;
pub use seats::{ObjectStats, Seats, seats};
pub use server::{Outcome, Server};
