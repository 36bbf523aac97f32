//! Confirm or revert on a node, with a disk, a clock and a process.
//!
//! Owns: the agent's side ([`Registry`], [`Server`]: a `confirmation::Slot` for each gated workload, its record and its
//! revisions on the disk, the sockets for gates and for people), and the other end of the socket ([`Gate`]: holds the
//! process, stops it at its deadline whoever is dead). Does not know: how directives and revisions reach the node
//! ([`Registry::tell`], [`Registry::load`]), rollouts, the API server.
//!
//! ```text
//!   hub or hand --tell, load--> Registry --> keeper (Slot) <--gate.sock--> gate --> process
//!                       people --node.sock--^      |
//!                                                disk
//! ```

mod client;
mod clock;
mod collect;
mod gate;
mod keeper;
pub mod limits;
pub mod protocol;
mod registry;
mod server;
mod store;

pub use client::{AskError, ask};
pub use clock::NodeClock;
pub use collect::{Collect, Shared};
pub use gate::{Gate, GateConfig, become_workload};
pub use registry::{Config, Refused, Registry};
pub use server::{GATE_DIR, GATE_SOCKET, NODE_SOCKET, SENTINEL, Server};
pub use store::{Store, is_name};
