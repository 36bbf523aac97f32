//! Drills: a cluster of thousands of nodes in virtual time, with the production state machines in it.
//!
//! Owns: the simulated world (API servers as shared cores, the fan-out, DNS caches, processes), the catalogue of drills
//! ([`Scenario`]), what came of one ([`Report`]). The nodes are `confirmation::Slot`, the controller is
//! `rollout_plan::Rollout`: what is true here is true of them. Does not know: real clusters, clocks, files. The same scenario
//! gives the same report.
//!
//! Start at [`run`].

mod api_server;
mod controller;
mod machine;
mod picture;
mod reconnect;
mod report;
mod scenario;
mod world;

pub use picture::picture;
pub use reconnect::{ColdRestart, Reconnected, cold_restart};
pub use report::{Event, Report, Second};
pub use scenario::{Delivery, Fault, Scenario, Workload};
pub use world::run;
