//! The crate from outside: every kind in both encodings, lists and watches in chunks of every size.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod arbitrary;
mod bodies;
mod bounds;
mod kinds;
mod lists;
mod round_trip;
mod statuses;
mod watches;
