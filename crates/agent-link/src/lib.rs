//! The fan-out on the wire: gRPC over mTLS between one hub and its agents.
//!
//! Owns: the drivers around [`fanout::Publisher`] ([`HubLink`], [`HubHandle`]) and [`fanout::Subscriber`] ([`AgentLink`] for
//! what a node needs, [`NamesLink`] for the names of the cluster), a node's files for a node that has none and finds no hub
//! ([`neighbours`]), TLS with certificates that may change on disk at any time ([`tls`]), and making such certificates for
//! trials ([`certificates`]).
//!
//! Does not know: what the items mean, where they come from, the API server. An agent needs no credential but its
//! certificate, and the hub checks that certificate itself: nobody is asked.
//!
//! Entry points: [`HubLink::bind`], [`AgentLink::spawn`], [`NamesLink::follow`], [`certificates::init`].

pub mod agent;
pub mod certificates;
pub mod config;
pub mod error;
pub mod hub;
mod identity;
mod metrics;
pub mod neighbours;
pub mod resolve;
pub mod tls;
mod wire;

pub use agent::{AgentLink, LinkStatus, NamesLink, Update};
pub use config::{AgentLinkConfig, HubLinkConfig, Transport};
pub use error::LinkError;
pub use hub::{HubHandle, HubLink};
pub use tls::CertificateError;
