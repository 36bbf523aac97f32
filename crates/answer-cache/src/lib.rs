//! Answers of upstreams, kept for as long as they may be, and given when nothing better can be had.
//!
//! Owns: for how long an answer is good (RFC 2308 for negative ones), when it may go out stale and with which TTL (RFC
//! 8767), that a failure never replaces an answer, that identical questions are asked once ([`Cache::join`]), when popular
//! answers are fetched early, a limit in bytes, and how fast an empty cache may fill itself ([`Pace`]).
//!
//! Does not know: sockets, how a message is parsed (the caller says where its TTLs stand), what time it is. Pure: `now` is
//! time since any origin that never goes back, `jitter` is in `[0, 1)`.
//!
//! The caller's part, one question at a time: [`Cache::ready`]; when that has nothing, [`Cache::join`]; who leads asks the
//! upstream and tells [`Cache::complete`]; who has waited until `stale_at` takes [`Cache::stale`]. What `ready` marked with
//! `refresh` is asked in the background: [`Cache::complete`], or [`Cache::postpone`] when [`Pace`] says no.

mod answer;
mod cache;
mod entry;
mod key;
mod pace;
mod settings;
mod store;

pub use answer::{Answer, Ask, Fetched, Given, Kind};
pub use cache::{Cache, Joined, Stats};
pub use key::Key;
pub use pace::{Pace, PaceSettings};
pub use settings::{Bounds, Prefetch, Settings, Stale};

#[cfg(test)]
mod tests;
