//! Sealed orders on their way: the hub's [`Board`], and the [`Desk`] of a node.
//!
//! Owns: which orders a hub hands on and until when, who is engaged ([`engagement`]), how each node hears of them, a node's folder for orders that come by hand,
//! what a node has followed (on its disk), and what came of it. Does not know: signatures (`sealed-order`), the fuse and gated
//! workloads (the [`Hands`] that the binary gives it), the API server.
//!
//! ```text
//!   people --POST /orders--> Board --fan-out--> Desk --> Hands (fuse, gated workloads)
//!   people --a file, by whatever reaches the node--^ \--> outcomes.json, metrics
//! ```
//! A hub that forgets its orders, or is taken over by somebody, can withhold one, and nothing else.

pub mod board;
pub mod desk;
pub mod engagement;
mod hands;
mod outcomes;

pub use board::Board;
pub use desk::{Config, Desk, DeskError, FOLDER, OUTCOMES, SUFFIX};
pub use hands::{Doing, Hands};
pub use outcomes::{Counts, Outcome, Outcomes};

/// How often folder, fan-out and times are looked at. An order comes to a node within this and its way through the hub.
pub const LOOK: std::time::Duration = std::time::Duration::from_secs(1);
