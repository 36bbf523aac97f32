//! `plimsoll agent`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

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
}
