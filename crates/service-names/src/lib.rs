//! The cluster's names: Services, EndpointSlices, Namespaces and Pods in, answers on the wire out, by the Kubernetes
//! DNS-Based Service Discovery specification 1.1.0 and by what CoreDNS does where that is silent.
//!
//! Owns: what the hub tells every node about them ([`payload`], keyed by [`topic`]), and the [`Zone`] that is made of it and
//! that many threads ask at once.
//!
//! Does not know: sockets, where items come from, how old they are (staleness is an argument of a question), what time it
//! is (the serial is an argument of a change), who is dead (a set is given).
//!
//! Where this differs from CoreDNS v1.15.0, it follows the RFCs:
//! - A name that exists, or has something below it, is NODATA for every type that it has not: CoreDNS says NXDOMAIN for TXT
//!   at `svc` and at the zone, for A at `dns-version`, and at `_tcp.<service>`; a resolver may then deny all that is below
//!   (RFC 8020). A name that does not exist is NXDOMAIN for every type, SOA too.
//! - `_port._protocol.<service>` has SRV records only, has its underscores, and is never a wildcard.
//! - An alias is one for every type (RFC 1034, 3.6.2), and the result is that of the last step (RFC 6604); circles are SERVFAIL.
//! - ANY gets one set of records (RFC 8482).

mod address;
mod compile;
mod config;
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
pub use zone::{Answered, EachItem, Manner, Outcome, Stale, Zone, ZoneStats};
