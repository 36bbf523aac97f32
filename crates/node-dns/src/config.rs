//! What the DNS server is told.

mod from_corefile;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use agent_link::Transport;
use dns_message::Name;
use service_names::ZoneConfig;

use crate::reload::{Every, Reloads};
use crate::{feed, forward};

pub use from_corefile::ConfigError;

/// Threads that read UDP at most: each answers some 400,000 queries a second, and a descriptor goes with each in a handover.
pub const UDP_THREADS_MAX: usize = 64;
/// Knowledge is fresh for this long; a heartbeat comes every 5 s, so that six are missing then.
pub const FRESH_FOR: Duration = Duration::from_secs(30);

/// Settings of one server; the binary's flags and a Corefile fill it.
#[derive(Clone)]
pub struct Config {
    /// Where DNS is served, over UDP and TCP.
    pub listen: Vec<SocketAddr>,
    /// Where `/metrics`, `/health`, `/ready`, `/healthz`, `/livez` and `/readyz` are served.
    pub http: Vec<SocketAddr>,
    /// Where new nodes may ask for what this one knows, and how they show who they are.
    pub neighbour_listen: Option<(SocketAddr, Transport)>,
    /// Take a free port when that of `http` is in use.
    pub port_fallback: bool,
    /// The zone and where it comes from.
    pub feed: feed::Config,
    /// Everything that is not the cluster's.
    pub elsewhere: forward::Settings,
    /// `--fresh-for`.
    pub fresh_for: Duration,
    /// Threads for UDP on each address.
    pub udp_threads: usize,
    /// The largest response over UDP, in octets.
    pub udp_bytes_max: usize,
    /// Queries a second of one client.
    pub rate_limit: Option<u32>,
    /// Go on answering for this time after the signal to stop, while `/ready` says no.
    pub lame_duck: Duration,
    /// Sets of records begin at another one each time.
    pub rotate: bool,
    /// Log one query of so many on standard output.
    pub query_log: Option<u32>,
    /// A dnstap socket.
    pub dnstap: Option<Dnstap>,
    /// Search domains of the nodes, beside those of the cluster: names that only a search list can have made below them are
    /// answered without asking anybody.
    pub search_domains: Vec<Name>,
    /// Walk the rest of a pod's search list here; needs `pods verified`, and a hub that tells the addresses of pods.
    pub autopath: bool,
    /// After its sockets went to a new process, wait for the signal to stop: a kubelet would start a process that ends
    /// again, and that one would take the sockets back.
    pub wait_after_handover: bool,
    /// Look whether the settings have changed; needs [`feed::Config::data_dir`].
    pub reload: Option<Every>,
    /// What became of that.
    pub reloads: Reloads,
    /// Keep connection tracking away from the addresses of `listen`.
    pub notrack: bool,
    /// A dummy interface that has the addresses of `listen`.
    pub interface: Option<String>,
}

/// Where queries and responses are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dnstap {
    /// Path of a Unix socket that somebody listens on.
    pub socket: PathBuf,
    /// With the messages.
    pub full: bool,
    /// Who says so.
    pub identity: String,
}

impl Config {
    /// kubeadm's settings for `zone`, on `listen`; nothing is forwarded and nothing comes from anywhere.
    pub fn new(zone: Name, listen: SocketAddr) -> Self {
        Self {
            listen: vec![listen],
            http: Vec::new(),
            neighbour_listen: None,
            port_fallback: false,
            feed: feed::Config {
                zone: ZoneConfig::kubeadm(zone),
                hub: None,
                data_dir: None,
                snapshot: None,
                neighbours: None,
                guard: feed::guard::GuardConfig::default(),
                pods: None,
            },
            elsewhere: forward::Settings::default(),
            fresh_for: FRESH_FOR,
            udp_threads: std::thread::available_parallelism().map_or(1, usize::from).min(UDP_THREADS_MAX),
            udp_bytes_max: dns_message::UDP_BYTES_MAX,
            rate_limit: None,
            lame_duck: Duration::ZERO,
            rotate: true,
            query_log: None,
            dnstap: None,
            search_domains: Vec::new(),
            autopath: false,
            wait_after_handover: false,
            reload: None,
            reloads: Reloads::default(),
            notrack: false,
            interface: None,
        }
    }
}
