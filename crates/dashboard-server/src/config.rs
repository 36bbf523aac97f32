//! What the page needs to be told.

use std::net::SocketAddr;
use std::sync::Arc;

/// The state of everything that runs in this process, made anew at each call. It must be quick: a browser asks every second.
pub type Status = Arc<dyn Fn() -> serde_json::Value + Send + Sync>;

/// Where the page is served and what it shows.
#[derive(Clone)]
pub struct Config {
    /// Address of the page. It has no authentication: keep it on loopback.
    pub listen: SocketAddr,
    /// Take a free port when the one of `listen` is in use.
    pub port_fallback: bool,
    /// The data behind the page.
    pub status: Status,
}
