//! The way of one query.

pub mod elsewhere;

pub use elsewhere::{Elsewhere, Outcome, Reply};
