//! One file per command: flags in, a subsystem's configuration out, and the run.

pub(crate) mod agent;
mod agent_fuse;
mod agent_gate;
mod agent_orders;
mod agent_report;
mod api_servers;
pub(crate) mod breakglass;
pub(crate) mod certs;
pub(crate) mod dns;
pub(crate) mod drill;
pub(crate) mod fake_apiserver;
pub(crate) mod gate;
pub(crate) mod hub;
pub(crate) mod node;
mod node_fuse;
mod node_order;
mod orders;
mod person;
pub(crate) mod preflight;
pub(crate) mod rollout;
mod rollout_objects;
mod rollout_verbs;
mod rollouts;
pub(crate) mod runtime;
pub(crate) mod top;
pub(crate) mod up;
