//! Tools of the DNS checks and measurements: fill an API server with names, change them at a rate, ask two servers the same.
//!
//! Written without any of our own crates: what they measure and compare must not be what measures and compares.

mod api;
mod compare;
mod differences;
mod fill;
mod latency;
mod message;
mod questions;
mod record;
mod seen;
mod server;
mod shapes;
mod updates;

pub(crate) use compare::compare;
pub(crate) use fill::fill;
pub(crate) use latency::latency;
pub(crate) use seen::seen;
pub(crate) use updates::updates;
