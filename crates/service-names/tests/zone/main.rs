//! The zone from outside: items in, answers out.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod answers;
mod changes;
mod cluster;
mod no_allocation;
mod specification;
