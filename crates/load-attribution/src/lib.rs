//! Who loads the API server: requests that were seen, priced, by who sent them.
//!
//! Owns: the price of a request on the present cluster and on one twice as large (`api-cost`), a bounded table of who, windows of
//! time, how many copies each has, and the exponent with which its cost grows. Does not know where requests are seen. Requests come
//! in as [`workload_profile::Observation`]s with the time as an argument; rows go out.
//!
//! Start with [`Attribution`].

mod attribution;
mod cluster;
mod prices;
mod who;

pub use attribution::{Attribution, Row};
pub use cluster::cluster;
pub use prices::Prices;
pub use who::who;
