//! `plimsoll dns`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Command, FromArgMatches, Subcommand};

use super::{ConfirmFlags, HorizonFlags, ProbeFlags};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct DnsFlags {
    #[command(subcommand)]
    pub(crate) action: Option<DnsAction>,
    #[command(flatten)]
    pub(crate) serve: ServeFlags,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DnsAction {
    /// For how long could caches hide that the control plane is dead? Computed from configurations, line by line.
    Horizon(HorizonFlags),
    /// Ask past every cache, over UDP and TCP: does the path work, and how old is what it says?
    Probe(ProbeFlags),
    /// Tell the DNS server of this node that the loss of names that it holds back is true.
    Confirm(ConfirmFlags),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ServeFlags {
    /// Address of the hub, host:port. Without it the zone is what --data-dir or --snapshot holds.
    #[arg(long, value_name = "ADDR")]
    pub(crate) hub: Option<String>,
    /// The name that the hub's certificate must have, when --hub is another one (an address behind a load balancer, say).
    #[arg(long, value_name = "NAME", requires = "hub", conflicts_with = "insecure_loopback")]
    pub(crate) hub_name: Option<String>,
    /// Folder with ca.crt, agent.crt and agent.key (`plimsoll certs init`).
    #[arg(long, value_name = "DIR")]
    pub(crate) tls_dir: Option<PathBuf>,
    /// Reach the hub without TLS; refused unless --hub is a loopback address.
    #[arg(long, conflicts_with = "tls_dir")]
    pub(crate) insecure_loopback: bool,
    /// This node's name in the cluster; the host name if not given.
    #[arg(long, env = "NODE_NAME", value_name = "NAME")]
    pub(crate) node_name: Option<String>,
    /// Where DNS is served, over UDP and TCP; may be given several times. [default: what the Corefile binds, or 127.0.0.1:53]
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Vec<SocketAddr>,
    /// Where /metrics, /health and /ready are served. [default: what the Corefile says, or 127.0.0.1:9153]
    #[arg(long, value_name = "ADDR")]
    pub(crate) metrics_listen: Vec<SocketAddr>,
    /// Keep the zone here, so that a restart with everything else gone answers; also hands the sockets to the next process.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Start from this snapshot when --data-dir has none.
    #[arg(long, value_name = "FILE")]
    pub(crate) snapshot: Option<PathBuf>,
    /// Give new nodes that find no hub what this one knows, here; with the certificates of --tls-dir.
    #[arg(long, value_name = "ADDR", requires = "data_dir")]
    pub(crate) neighbour_listen: Option<SocketAddr>,
    /// Where to ask for the names of the cluster when there is no hub and nothing is known, host:port.
    #[arg(long, value_name = "ADDR", requires = "data_dir")]
    pub(crate) neighbours: Option<String>,
    /// Ask this server for names that are not the cluster's; may be given several times.
    #[arg(long, value_name = "ADDR", conflicts_with = "corefile")]
    pub(crate) upstream: Vec<SocketAddr>,
    /// Take zones, upstreams, caches and ports from this Corefile (CoreDNS's configuration).
    #[arg(long, value_name = "FILE")]
    pub(crate) corefile: Option<PathBuf>,
    /// The cluster's domain; a Corefile's `kubernetes` has the last word.
    #[arg(long, default_value = "cluster.local", value_name = "NAME")]
    pub(crate) cluster_domain: String,
    /// Answers from older knowledge carry Extended DNS Error 3 and short TTLs.
    #[arg(long, default_value_t = 30, value_name = "SECONDS")]
    pub(crate) fresh_for: u64,
    /// After how long a suspicious loss of names is believed without an operator's word; 0: never.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) shrink_confirm_after: Option<u64>,
    /// Queries a second of one client (an IPv4 address, an IPv6 /64); more are dropped.
    #[arg(long, value_name = "RATE", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate_limit: Option<u32>,
    /// Go on answering for so long after SIGTERM, while /ready says no.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) lame_duck: Option<u64>,
    /// Log one query of so many on standard output, as CoreDNS's `log` does.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) query_log: Option<u32>,
    /// Write queries and responses to the dnstap reader that listens on this Unix socket.
    #[arg(long, value_name = "FILE")]
    pub(crate) dnstap: Option<PathBuf>,
    /// A search domain of the nodes: names below it that only a pod's search list can have made are answered here.
    #[arg(long, value_name = "NAME")]
    pub(crate) search_domain: Vec<String>,
    /// Answer the whole search list of a pod at its first step; needs the hub's --dns-pod-addresses.
    #[arg(long)]
    pub(crate) autopath: bool,
    /// Give the addresses of --listen to a dummy interface of this name; it goes when the server stops.
    #[arg(long, value_name = "NAME")]
    pub(crate) interface: Option<String>,
    /// Set NOTRACK rules for the addresses of --listen (one nf_tables table); they go when the server stops.
    #[arg(long)]
    pub(crate) notrack: bool,
    /// After a new process has taken the sockets, stay until SIGTERM instead of ending: for a pod, whose container would be
    /// started again and take them back.
    #[arg(long, requires = "data_dir")]
    pub(crate) wait_after_handover: bool,
    /// Threads that read UDP on each address. [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) udp_threads: Option<u16>,
    /// The kubelet's Pods API: endpoints on this node that it calls dead are not answered. [default: not looked at]
    #[arg(long, value_name = "FILE")]
    pub(crate) pods_api_socket: Option<PathBuf>,
    /// The container runtime's CRI socket, where there is no Pods API.
    #[arg(long, value_name = "FILE")]
    pub(crate) cri_socket: Option<PathBuf>,
}

impl ServeFlags {
    /// As if nothing had been typed: every default has one place, above.
    pub(crate) fn unset() -> Self {
        let command = Self::augment_args(Command::new("plimsoll dns"));
        let matches = command.get_matches_from(["plimsoll dns"]);
        Self::from_arg_matches(&matches).expect("no flag is required")
    }
}
