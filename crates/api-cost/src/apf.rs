//! API Priority and Fairness (KEP-1040), as kube-apiserver has it.

mod seats;

pub use seats::{ObjectStats, Seats, seats};
