//! What the two ends are told.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fanout::Limits;

use crate::resolve::{Resolve, SystemResolver};

/// How often the three files are read and compared. They have some KiB and are in the page cache: not worth an inotify.
const RELOAD: Duration = Duration::from_secs(5);

/// How the two ends trust each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transport {
    /// TLS 1.3 with certificates of both sides, from a folder as [`crate::certificates::init`] fills it.
    Mutual {
        /// `--tls-dir`.
        dir: PathBuf,
    },
    /// No TLS; refused unless the address is a loopback address.
    InsecureLoopback,
}

/// The hub's end.
#[derive(Debug, Clone)]
pub struct HubLinkConfig {
    /// `--agents-listen`.
    pub listen: SocketAddr,
    /// `--tls-dir` or `--insecure-loopback`.
    pub transport: Transport,
    /// Bounds.
    pub limits: Limits,
    /// How often the certificates on disk are looked at.
    pub reload: Duration,
}

/// The agent's end.
#[derive(Clone)]
pub struct AgentLinkConfig {
    /// `--node-name`.
    pub node: String,
    /// `--hub`: `host:port`.
    pub hub: String,
    /// The name that the hub's certificate must have; the host of `hub` when `None`.
    pub hub_name: Option<String>,
    /// `--tls-dir` or `--insecure-loopback`.
    pub transport: Transport,
    /// The agent's version, shown by the hub.
    pub version: String,
    /// Turns the host of `hub` into addresses.
    pub resolver: Arc<dyn Resolve>,
    /// How often the certificates on disk are looked at.
    pub reload: Duration,
}

impl HubLinkConfig {
    /// With the default bounds.
    pub fn new(listen: SocketAddr, transport: Transport) -> Self {
        Self { listen, transport, limits: Limits::default(), reload: RELOAD }
    }
}

impl AgentLinkConfig {
    /// With the system's resolver, and the hub's certificate bearing the name that is dialled.
    pub fn new(node: impl Into<String>, hub: impl Into<String>, transport: Transport) -> Self {
        Self {
            node: node.into(),
            hub: hub.into(),
            hub_name: None,
            transport,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            resolver: Arc::new(SystemResolver),
            reload: RELOAD,
        }
    }
}
