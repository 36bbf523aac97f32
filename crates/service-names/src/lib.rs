//! The cluster's names: Services, EndpointSlices, Namespaces and Pods in, answers on the wire out, by the Kubernetes
//! DNS-Based Service Discovery specification 1.1.0 and by what CoreDNS does where that is silent.
//!
//! Owns: what the hub tells every node about them ([`payload`], keyed by [`topic`]), and the [`Zone`] that is made of it and
//! that many threads ask at once.
//!
//! Does not know: sockets, where items come from, how old they are (staleness is an argument of a question), what time it
//! is (the serial is an argument of a change), who is dead (a set is given).
//!
//! Where this differs from CoreDNS, and why: `docs/dns-differences.md` is written from [`differences`].

mod address;
mod compile;
mod config;
pub mod differences;
mod endpoints;
mod label;
mod locate;
mod owners;
pub mod payload;
mod reply;
mod respond;
mod reverse;
mod service;
mod shards;
mod sources;
pub mod topic;
mod zone;

pub use config::{EmptyServices, PodRecords, ZoneConfig};
pub use label::LabelError;
pub use sources::{Applied, Refused, RefusedReason};
pub use zone::{Answered, Manner, Outcome, Stale, Zone, ZoneStats};
