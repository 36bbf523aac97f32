//! THE door to the API server: no other code of Plimsoll opens a connection to it.
//!
//! Owns: credentials and connections ([`Door::connect`]), the list/watch/resume loop of each resource ([`Door::keep`]), the
//! one write, a heartbeat ([`Door::beat`]), the waiting for the one budget, exact counts of what it asked for and what it got ([`Door::status`], `plimsoll_api_*`), and the
//! table of all requests that exist ([`calls`]), from which they are built and `docs/api-calls.md` is written.
//!
//! Does not know: what objects mean, who wants them, where they are kept. It hands [`Change`]s to a [`Sink`].
//!
//! ```text
//!   keep -> drive (I/O) -> transport -> kube's TLS and authentication -> API server
//!             |   ^   \-> answer -> gunzip -> objects::stream -> objects::decode
//!             v   |
//!           reflector (pure: what to do next)     gate (waits for budget::Budget)
//! ```
//! Start at [`door`], then [`reflector`].

mod answer;
mod beat;
mod board;
pub mod calls;
pub mod change;
mod cluster;
pub mod config;
pub mod connect;
pub mod custom;
pub mod door;
mod drive;
mod export;
pub mod failure;
mod fetch;
mod gate;
mod gunzip;
mod metrics;
mod outage;
pub mod passage;
pub mod reflector;
pub mod status;
pub mod times;
mod transport;

pub use beat::{BEAT_SECONDS, HeartbeatState, Wanted};
pub use budget::Limits;
pub use change::{Change, Resume, Sink};
pub use config::{DoorConfig, Source};
pub use connect::ConnectError;
pub use custom::Named;
pub use door::{Door, KeepError};
pub use fetch::Probe;
pub use metrics::Answers;
pub use status::{BudgetStatus, BudgetUse, DoorStatus, Phase, ResourceStatus};
