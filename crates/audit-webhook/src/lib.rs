//! A receiver of kube-apiserver's audit events (`--audit-webhook-config-file`).
//!
//! Owns: the port, its TLS, batches and their limits, the bounded queue with what is sampled and dropped. Does not know what is in an
//! event. Batches come in by HTTP; events leave one by one through a channel, as they were written.
//!
//! Start with [`Sink`].

mod sink;

pub use sink::{AuditConfig, AuditError, Counted, Counts, Item, Sink};
