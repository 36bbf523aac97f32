//! Preflight: what a workload will cost a cluster's control plane, before it ships.
//!
//! Owns the ways by which a profile comes into being (a recording proxy, audit logs, manifests), the measuring of an API server's
//! coefficients, the reading of a cluster's facts, and how a forecast is shown. Does not know the cost model (`api-cost`), the
//! profile's format and how classes follow from requests (`workload-profile`).

pub mod api;
pub mod calibrate;
pub mod facts;
pub mod import;
pub mod inspect;
pub mod predict;
pub mod record;
pub mod report;
