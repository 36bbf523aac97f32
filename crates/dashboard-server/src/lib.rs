//! The status page: what is known and how old it is, the API budget and its use, this machine's load.
//!
//! Owns: the page (hand-written HTML, CSS and one ES module under `page/`, embedded into the binary) and its one source of
//! data, `/status.json`. Does not know hub or agent: the binary hands it a function that returns the status of whatever
//! runs in this process.
//!
//! Entry points: [`assemble`], [`DashboardServer::run`].

mod assemble;
mod config;
mod page;

pub use assemble::{DashboardServer, assemble};
pub use config::{Config, Status};
