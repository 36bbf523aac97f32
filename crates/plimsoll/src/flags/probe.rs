//! `plimsoll dns probe` and `plimsoll dns confirm`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct ProbeFlags {
    /// The DNS server of a node.
    #[arg(long, value_name = "ADDR", value_parser = server)]
    pub(crate) node: Vec<SocketAddr>,
    /// The cluster's DNS service.
    #[arg(long, value_name = "ADDR", value_parser = server)]
    pub(crate) cluster: Vec<SocketAddr>,
    /// What pods have in /etc/resolv.conf.
    #[arg(long, value_name = "ADDR", value_parser = server)]
    pub(crate) stub: Vec<SocketAddr>,
    /// A server outside of the cluster.
    #[arg(long, value_name = "ADDR", value_parser = server)]
    pub(crate) upstream: Vec<SocketAddr>,
    /// The cluster's domain.
    #[arg(long, default_value = "cluster.local", value_name = "ZONE")]
    pub(crate) cluster_domain: String,
    /// Where upstreams are asked for names that nobody has asked for before.
    #[arg(long, default_value = node_dns::probe::UPSTREAM_ZONE, value_name = "ZONE")]
    pub(crate) upstream_zone: String,
    /// Oldest heartbeat that counts as a live path.
    #[arg(long, default_value_t = node_dns::probe::AGE_MAX.as_secs(), value_name = "SECONDS")]
    pub(crate) max_age: u64,
    /// Succeed also when somebody answers without a heartbeat: CoreDNS, or a cluster where the hub may not write one.
    #[arg(long)]
    pub(crate) allow_unproven: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ConfirmFlags {
    /// The data directory of the DNS server on this node.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: PathBuf,
}

/// An address with or without a port; 53 if not given.
pub(super) fn server(text: &str) -> Result<SocketAddr, String> {
    let with_port = text.parse::<SocketAddr>();
    let alone = || text.trim_matches(['[', ']']).parse::<IpAddr>().map(|address| (address, 53).into());
    with_port
        .or_else(|_| alone())
        .map_err(|_| format!("{text} is no address, such as 10.96.0.10 or [fd00::a]:53"))
}
