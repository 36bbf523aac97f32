//! `plimsoll agent`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::{AgentFuseFlags, AgentGateFlags, ServeFlags};

#[derive(Debug, Args)]
pub(crate) struct AgentFlags {
    /// This node's name in the cluster.
    #[arg(long, env = "NODE_NAME", value_name = "NAME")]
    pub(crate) node_name: String,
    /// Address of the hub, host:port. Without it the agent says what the node alone knows.
    #[arg(long, value_name = "ADDR")]
    pub(crate) hub: Option<String>,
    /// The name that the hub's certificate must have, when --hub is another one (an address behind a load balancer, say).
    #[arg(long, value_name = "NAME", requires = "hub", conflicts_with = "insecure_loopback")]
    pub(crate) hub_name: Option<String>,
    /// Where /metrics, /healthz, /livez and /readyz are served.
    #[arg(long, default_value = "127.0.0.1:9466", value_name = "ADDR")]
    pub(crate) listen: SocketAddr,
    /// Folder with ca.crt, agent.crt and agent.key (`plimsoll certs init`).
    #[arg(long, value_name = "DIR", requires = "hub")]
    pub(crate) tls_dir: Option<PathBuf>,
    /// Reach the hub without TLS; refused unless --hub is a loopback address.
    #[arg(long, conflicts_with = "tls_dir", requires = "hub")]
    pub(crate) insecure_loopback: bool,
    /// Where the host's procfs is mounted.
    #[arg(long = "path.procfs", default_value = "/proc", value_name = "DIR")]
    pub(crate) path_procfs: PathBuf,
    /// Where the host's sysfs is mounted.
    #[arg(long = "path.sysfs", default_value = "/sys", value_name = "DIR")]
    pub(crate) path_sysfs: PathBuf,
    /// Where the host's root is mounted.
    #[arg(long = "path.rootfs", default_value = "/", value_name = "DIR")]
    pub(crate) path_rootfs: PathBuf,
    /// The kubelet's Pods API (Kubernetes 1.37).
    #[arg(long, default_value = "/var/lib/kubelet/pods-api/pods-api.sock", value_name = "FILE")]
    pub(crate) pods_api_socket: PathBuf,
    /// The container runtime's CRI socket.
    #[arg(long, default_value = "/run/containerd/containerd.sock", value_name = "FILE")]
    pub(crate) cri_socket: PathBuf,
    /// The kubelet's read-only port on this machine, used only if it is open; 0 leaves it alone.
    #[arg(long, default_value_t = 10255, value_name = "PORT")]
    pub(crate) kubelet_read_only_port: u16,
    #[command(flatten)]
    pub(crate) gate: AgentGateFlags,
    #[command(flatten)]
    pub(crate) fuse: AgentFuseFlags,
    #[command(flatten)]
    pub(crate) orders: AgentOrderFlags,
    #[command(flatten)]
    pub(crate) dns: AgentDnsFlags,
}

/// Both are given, or none.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Sealed orders (`plimsoll breakglass order`)")]
pub(crate) struct AgentOrderFlags {
    /// Follow sealed orders of the people in this file: from the hub, and from the folder `orders` in --gate-run-dir.
    #[arg(long, value_name = "FILE", requires = "order_state_dir")]
    pub(crate) order_roster: Option<PathBuf>,
    /// What was followed, so that nothing is followed twice; must survive reboots.
    #[arg(long, value_name = "DIR", requires = "order_roster")]
    pub(crate) order_state_dir: Option<PathBuf>,
}

/// The DNS server of `plimsoll dns` in the agent's process. What stands nowhere here is as there, or in the Corefile.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Cluster DNS in this process (all as in `plimsoll dns`)")]
pub(crate) struct AgentDnsFlags {
    /// Serve the cluster's DNS here, over UDP and TCP; may be given several times. Without it there is no DNS.
    #[arg(long, value_name = "ADDR")]
    pub(crate) dns_listen: Vec<SocketAddr>,
    /// Where /metrics, /health and /ready of DNS are served. [default: what the Corefile says, or 127.0.0.1:9153]
    #[arg(long, value_name = "ADDR", requires = "dns_listen")]
    pub(crate) dns_metrics_listen: Vec<SocketAddr>,
    /// Keep the zone here, so that a restart with everything else gone answers.
    #[arg(long, value_name = "DIR", requires = "dns_listen")]
    pub(crate) dns_data_dir: Option<PathBuf>,
    /// Give new nodes that find no hub what this one knows, here; with the certificates of --tls-dir.
    #[arg(long, value_name = "ADDR", requires = "dns_data_dir")]
    pub(crate) dns_neighbour_listen: Option<SocketAddr>,
    /// Where to ask for the names of the cluster when there is no hub and nothing is known, host:port.
    #[arg(long, value_name = "ADDR", requires = "dns_data_dir")]
    pub(crate) dns_neighbours: Option<String>,
    /// Ask this server for names that are not the cluster's; may be given several times.
    #[arg(long, value_name = "ADDR", conflicts_with = "dns_corefile", requires = "dns_listen")]
    pub(crate) dns_upstream: Vec<SocketAddr>,
    /// Take zones, upstreams, caches and ports from this Corefile.
    #[arg(long, value_name = "FILE", requires = "dns_listen")]
    pub(crate) dns_corefile: Option<PathBuf>,
    /// The cluster's domain; a Corefile's `kubernetes` has the last word.
    #[arg(long, value_name = "NAME", requires = "dns_listen")]
    pub(crate) dns_cluster_domain: Option<String>,
    /// Give the addresses of --dns-listen to a dummy interface of this name; it goes when the agent stops.
    #[arg(long, value_name = "NAME", requires = "dns_listen")]
    pub(crate) dns_interface: Option<String>,
    /// Set NOTRACK rules for the addresses of --dns-listen; they go when the agent stops.
    #[arg(long, requires = "dns_listen")]
    pub(crate) dns_notrack: bool,
}

impl AgentFlags {
    /// The DNS server that was asked for, with the agent's own way to the hub and the kubelet.
    pub(crate) fn dns(&self) -> Option<ServeFlags> {
        let own = &self.dns;
        if own.dns_listen.is_empty() {
            return None;
        }
        let mut flags = ServeFlags::unset();
        flags.hub.clone_from(&self.hub);
        flags.hub_name.clone_from(&self.hub_name);
        flags.tls_dir.clone_from(&self.tls_dir);
        flags.insecure_loopback = self.insecure_loopback;
        flags.node_name = Some(self.node_name.clone());
        flags.pods_api_socket = Some(self.pods_api_socket.clone());
        flags.cri_socket = Some(self.cri_socket.clone());
        flags.listen.clone_from(&own.dns_listen);
        flags.metrics_listen.clone_from(&own.dns_metrics_listen);
        flags.data_dir.clone_from(&own.dns_data_dir);
        flags.neighbour_listen = own.dns_neighbour_listen;
        flags.neighbours.clone_from(&own.dns_neighbours);
        flags.upstream.clone_from(&own.dns_upstream);
        flags.corefile.clone_from(&own.dns_corefile);
        flags.notrack = own.dns_notrack;
        flags.interface.clone_from(&own.dns_interface);
        if let Some(domain) = &own.dns_cluster_domain {
            flags.cluster_domain.clone_from(domain);
        }
        Some(flags)
    }
}
