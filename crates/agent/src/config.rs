//! What the agent is told.

use std::net::SocketAddr;
use std::path::PathBuf;

use node_probe::Roots;

/// Settings of one agent; the binary's flags fill it.
#[derive(Debug, Clone)]
pub struct Config {
    /// The node's name in the cluster.
    pub node_name: String,
    /// Where `/metrics` and the health endpoints are served.
    pub listen: SocketAddr,
    /// Take a free port when that of `listen` is in use.
    pub port_fallback: bool,
    /// Address of the hub, "host:port"; without it the agent says what the node alone knows.
    pub hub: Option<String>,
    /// The name that the hub's certificate must have; the host of `hub` when `None`.
    pub hub_name: Option<String>,
    /// Folder with ca.crt, agent.crt and agent.key.
    pub tls_dir: Option<PathBuf>,
    /// Talk to a hub on loopback without TLS.
    pub insecure_loopback: bool,
    /// Where the host's files are.
    pub roots: Roots,
    /// Socket of the kubelet's Pods API.
    pub pods_api_socket: PathBuf,
    /// Socket of the container runtime.
    pub cri_socket: PathBuf,
    /// The kubelet's read-only port on this host; `None` leaves it alone.
    pub kubelet_read_only_port: Option<u16>,
}

impl Config {
    /// The defaults of a node, for `node_name`.
    pub fn new(node_name: &str, listen: SocketAddr) -> Self {
        Self {
            node_name: node_name.to_owned(),
            listen,
            port_fallback: false,
            hub: None,
            hub_name: None,
            tls_dir: None,
            insecure_loopback: false,
            roots: Roots::default(),
            pods_api_socket: "/var/lib/kubelet/pods-api/pods-api.sock".into(),
            cri_socket: "/run/containerd/containerd.sock".into(),
            kubelet_read_only_port: Some(10_255),
        }
    }
}
