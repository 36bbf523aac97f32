//! The DNS of a node: authoritative for the cluster's zone, a caching forwarder for every other name.
//!
//! Owns: the sockets ([`server`]), the way of one query ([`pipeline`]), where the zone comes from ([`feed`], [`disk`]),
//! everything that is asked elsewhere ([`forward`]), the prober that looks past every cache ([`probe`]), its own
//! health, and the change to other settings while it serves ([`reload`]).
//!
//! Does not know: the API server; nothing in its dependency tree can reach it. The rules of Kubernetes' names are in
//! `service-names`, the wire format in `dns-message`.
//!
//! ```text
//! hub's stream, disk -> feed -> service_names::Zone
//!                                                |
//! UDP thread: recvmmsg -> gate -> rate limit -> zone -> cache -> sendmmsg
//!                                                         | what has to be asked elsewhere: a bounded queue
//!                                            tokio: hosts -> rewrite -> cache -> forward
//! ```
//! Start reading at [`mod@assemble`], then [`pipeline`].

pub mod assemble;
pub mod config;
mod disk;
pub mod feed;
pub mod forward;
mod handover;
mod hosts;
mod interface;
mod lifecycle;
mod metrics;
mod observe;
mod pipeline;
pub mod probe;
mod rate_limit;
pub mod reload;
mod rewrite;
mod run;
mod server;
mod untracked;

pub use assemble::{Addresses, NodeDns, StartError, assemble};
pub use config::{Config, ConfigError, Dnstap};
pub use handover::HandoverError;
pub use interface::InterfaceError;
pub use observe::ObserveError;
pub use pipeline::elsewhere::{Elsewhere, Outcome, Reply};
pub use pipeline::knowledge::{Freshness, Knowledge, Origin};
pub use reload::Reloading;
pub use run::Ended;
pub use server::sockets::ListenError;
pub use untracked::UntrackedError;
