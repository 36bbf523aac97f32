//! The agent: metrics of this node, its pods and containers, from local sources alone.
//!
//! Owns: the table of pods on this node ([`pods`]), the cgroups that belong to them, the metric families that dashboards
//! already know (node_exporter's, cAdvisor's, the kubelet's), the scrape that writes them piece by piece, the link to the
//! hub, its own health.
//!
//! Does not know: the API server. Nothing in its dependency tree can reach it; the hub only adds labels.
//!
//! ```text
//! node_probe::pods::follow -> pods::Pods <- link (the hub: workloads that the node cannot tell)
//!                                |
//! GET /metrics -> scrape: node collectors, read groups, write families, own metrics -> chunks
//! ```
//! Start reading at [`mod@assemble`], then [`scrape`].

pub mod assemble;
pub mod config;
mod containers;
mod endpoint;
mod groups;
mod link;
mod metrics;
mod node;
mod own;
pub mod pods;
mod reading;
pub mod scrape;
pub mod status;

pub use assemble::{Addresses, Agent, StartError, assemble};
pub use config::Config;
pub use link::HubError;
pub use status::Status;
