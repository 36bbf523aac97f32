//! The scrape endpoint: a small HTTP/1.1 server for metrics, health and status pages.
//!
//! Owns: connections and their limits, streaming with back-pressure, gzip, containment of panics, helpful errors
//! ([`serve`]); the other end of such a connection ([`fetch()`]); listening on a port or saying why not ([`bind`]); a table of paths ([`Routes`]); the process' own metrics
//! as OpenMetrics text ([`registry_handler`]).
//!
//! Does not know: Kubernetes, what a metric means, TLS, or anything about the machine.
//!
//! ```text
//! TcpListener -> serve (limits) -> deadline (stall, idle) -> hyper -> Handler::handle -> Reply -> stream (gzip) -> socket
//! ```
//! Start reading at [`reply`], then [`mod@serve`].

pub mod bind;
mod deadline;
mod fetch;
pub mod limits;
pub mod metrics;
pub mod registry;
pub mod reply;
pub mod request;
pub mod routes;
pub mod serve;
mod stream;

pub use bind::{BindError, bind};
pub use fetch::{FetchError, fetch, post};
pub use limits::Limits;
pub use metrics::Metrics;
pub use registry::registry_handler;
pub use reply::{Body, Reply};
pub use request::{Handler, Method, Request};
pub use routes::Routes;
pub use serve::{serve, serve_measured};
