//! Lean views of Kubernetes objects: the one vocabulary that every other crate speaks.
//!
//! Owns: the fields of each kind that Plimsoll needs and no others, their decoding from Kubernetes protobuf and JSON
//! (streamed: a LIST body is never whole in memory), their encoding back into the same protobuf (the snapshot on disk
//! uses it), and the interner that keeps a repeated string once.
//!
//! Does not know: where bytes come from, what time it is, who asks. No I/O, no async.
//!
//! Entry points: [`Resource`] (the table of kinds), [`Object`], [`decode`], [`stream`].

mod convert;
pub mod decode;
pub mod encode;
pub mod envelope;
pub mod interner;
#[expect(
    missing_docs,
    reason = "fields and variants have the names of the Kubernetes API, whose reference describes them"
)]
pub mod meta;
#[expect(
    missing_docs,
    reason = "fields and variants have the names of the Kubernetes API, whose reference describes them"
)]
pub mod node;
#[expect(
    missing_docs,
    reason = "fields and variants have the names of the Kubernetes API, whose reference describes them"
)]
pub mod object;
#[expect(
    missing_docs,
    reason = "fields and variants have the names of the Kubernetes API, whose reference describes them"
)]
pub mod pod;
#[expect(
    missing_docs,
    reason = "fields and variants have the names of the Kubernetes API, whose reference describes them"
)]
pub mod quantity;
#[expect(
    missing_docs,
    reason = "fields and variants have the names of the Kubernetes API, whose reference describes them"
)]
pub mod resource;
mod seeded;
#[expect(
    missing_docs,
    reason = "fields and variants have the names of the Kubernetes API, whose reference describes them"
)]
pub mod service;
pub mod shared;
pub mod status;
pub mod stream;
mod wire;
#[expect(
    missing_docs,
    reason = "fields and variants have the names of the Kubernetes API, whose reference describes them"
)]
pub mod workload;

pub use envelope::ObjectBytes;
pub use interner::{Interner, Sym};
pub use meta::{Condition, Labels, Meta, Owner, Status3};
pub use object::{Key, Object};
pub use quantity::{IntOrString, Quantity};
pub use resource::{Resource, ResourceInfo};
pub use seeded::Seeded;
pub use shared::Shared;
pub use status::Status;

/// A string that is mostly unique (a name, a UID): inline up to 24 bytes.
pub type Text = compact_str::CompactString;

/// Whole seconds since the Unix epoch, as `metav1.Time` has them.
pub type Seconds = i64;
