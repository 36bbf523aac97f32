//! What a workload asks of the API server: the profile, and how it follows from requests that were seen.
//!
//! Owns the file format (`kind: Profile`), what may stand in it, and the derivation of request classes from single requests.
//! Does not know where requests are seen (a proxy, an audit log) nor what they cost (`api-cost`).
//! Data comes in as [`Observation`]s or as text, and leaves as a [`Profile`].
//!
//! Start with [`RequestClass`].

pub mod audit;
mod class;
mod derive;
pub mod document;
mod observation;
mod profile;
mod read;
#[cfg(test)]
mod schema;
mod shape;
mod span;

pub use class::{
    Accept, Actor, Confidence, EventSource, Observed, RequestClass, ResourceVersion, ResourceVersionMatch,
    Retry, RetryLaw, Returns, Trigger, Verb,
};
pub use derive::{Collector, Facts};
pub use document::DocumentError;
pub use observation::{Ending, Observation};
pub use profile::{ApiVersion, Kind, Profile, Recorded, Source, Workload, WorkloadKind};
pub use read::CLASSES_MAX;
pub use shape::{Asked, Shape};
pub use span::{Span, SpanRange};
