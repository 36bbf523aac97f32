//! The live forecast: who loads the API server now, whose cost grows with the cluster, how far the load line is, what has changed.
//!
//! Owns: reading the API server's metrics (one request every 7.5 s, whatever the size of the cluster), what becomes of audit events, the outlook by dimension, the bank of detectors with its named alerts, the page `/load`, and the
//! picture that `plimsoll top` draws of it. Does not know the hub's state, nor how anything is priced (`load-attribution`) or
//! recognised (`change-points`).
//!
//! ```text
//!   Door::apiserver_metrics --Reading--> core --Report--> /load, /metrics, `plimsoll top`
//!   audit webhook --events--> queue ------^
//! ```
//! Entry point: [`LoadWatch`]. Read `core.rs` first.

mod alerts;
mod collect;
mod core;
mod outlook;
mod picture;
mod report;
mod watch;

pub use audit_webhook::{AuditConfig, AuditError};
pub use picture::picture;
pub use report::{Alert, AlertName, AuditReport, Dimension, DimensionName, Flow, Report};
pub use watch::LoadWatch;
