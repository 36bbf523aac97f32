//! An embedded Kubernetes API server: a test double with faults.
//!
//! **It is no production server.** No authentication, no authorization, no admission, no disk; whoever reaches its port can do
//! everything. It listens on loopback and refuses any other address unless told.
//!
//! Owns: a store with the resource-version semantics of the real server (LIST in pages, exact versions, compaction; WATCH with
//! bookmarks and initial events), the built-in kinds that telemetry is about and custom resources, JSON, protobuf, metadata-only
//! and table answers, writes with optimistic conflicts and all patch types, a plausible cluster that churns, and faults that
//! are switched while it runs. Stock kubectl works with it.
//!
//! Does not know: who its clients are. Nothing of Plimsoll is in here, so that anybody's operator can be tested with it.
//!
//! What it leaves out, so that nobody is surprised: defaulting but for a few fields, validation but for types and names,
//! controllers (a Deployment that you create gets no pods; garbage collection and pod deletion do happen), server-side apply
//! for fields that were not applied, protobuf for CustomResourceDefinitions, OpenAPI's prose (names and types are there),
//! `exec`, `logs` and port-forwarding (refused with a sentence), schemas of custom resources (shown, not enforced), conversion between versions of custom resources, and what Kubernetes' API Priority and Fairness does.
//!
//! ```text
//! request -> handler::route -> faults -> handler::{objects, watching, writing} -> store
//!                                                |                                   |
//!                                       answer::{item, list, watch, table} <- history, objects
//! ```
//!
//! Entry points: [`FakeApiserver::start`], [`Store`] (read and write objects from a test), [`Faults`].

mod admin;
mod answer;
mod audit;
mod certificate;
mod churn;
mod config;
mod custom;
mod discovery;
mod error;
mod faults;
mod handler;
mod kind;
mod line;
mod media;
mod population;
mod query;
mod reply;
mod schema;
mod selector;
mod server;
mod store;
mod transcode;
mod writes;

pub use audit::RequestRecord;
pub use certificate::CertificateError;
pub use config::{ClusterPlan, Config, StartError};
pub use error::ApiError;
pub use faults::{Fault, FaultError, Faults, RULES_MAX, Rule};
pub use server::FakeApiserver;
pub use store::Store;
