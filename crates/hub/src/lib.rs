//! The hub: the only client of the API server. It knows the cluster's state, says how old that knowledge is, and passes on
//! what others need of it.
//!
//! Owns: the store of objects ([`store`]), its exposition in kube-state-metrics' families (`scrape`), the copy on disk from which
//! a restart resumes without a LIST (`snapshot`), the per-node sets for the agents (`agents`), the names for their DNS servers (`names`), and health. Does not know: how the
//! API server is asked (`apiserver-client`), what a family looks like (`state-metrics`), how items travel to agents
//! (`agent-link`), flags and logging (the binary).
//!
//! ```text
//!   Door --Change--> intake --> store --copy--> scrape --chunks--> /metrics
//!                       |         ^ |
//!                       v         | +--cut--> snapshot files (restart: back into the store, watches resume)
//!                 agents, names   |
//!                       |      health: known, restored or missing? --> /readyz
//!                       v
//!                   HubHandle (agent-link)
//! ```
//! Entry points: [`assemble()`], [`Hub::run`]. Read `store.rs` first.

mod agents;
mod assemble;
mod config;
mod endpoint;
mod health;
mod intake;
mod metrics;
mod names;
mod run;
mod scrape;
mod snapshot;
mod status;
pub mod store;

pub use assemble::{Addresses, Extension, Hub, StartError, assemble, assemble_with};
pub use config::{AgentsConfig, Config, DEFAULT_RESOURCES};
pub use snapshot::DataDirError;
pub use status::{AgentsStatus, BudgetUse, KindStatus, SnapshotStatus, Status};
