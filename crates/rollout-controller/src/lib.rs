//! x
mod prometheus;
pub mod spec;
