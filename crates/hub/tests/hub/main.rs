//! The hub end to end: against an embedded API server over loopback, with its faults. Real sockets, so nothing here can be
//! paused; what is waited for is a state, never a time.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its world has nothing to say")]

mod agents;
mod names;
mod outage;
mod refusal;
mod restart;
mod world;
