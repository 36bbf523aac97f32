//! `plimsoll hub`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::Args;

use super::ApiFlags;

#[derive(Debug, Args)]
pub(crate) struct HubFlags {
    /// How to reach the cluster; the in-cluster configuration if not given.
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Address of both metrics ports.
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,
    /// Port of /metrics: the state of the cluster, as kube-state-metrics has it. 0 takes a free one.
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    /// Port of the hub's own /metrics, /healthz, /livez and /readyz. 0 takes a free one.
    #[arg(long, default_value_t = 8081)]
    pub(crate) telemetry_port: u16,
    /// Where the snapshot lives. Without it, every start costs one LIST of each kind.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Where agents connect. Without it, no agent can.
    #[arg(long, value_name = "ADDR")]
    pub(crate) agents_listen: Option<SocketAddr>,
    /// Folder with ca.crt, hub.crt and hub.key (`plimsoll certs init`).
    #[arg(long, value_name = "DIR")]
    pub(crate) tls_dir: Option<PathBuf>,
    /// Serve agents without TLS; refused unless --agents-listen is a loopback address.
    #[arg(long, conflicts_with = "tls_dir", requires = "agents_listen")]
    pub(crate) insecure_loopback: bool,
    /// Tell the DNS servers of all nodes the address of each pod, which `pods verified` needs.
    #[arg(long, requires = "agents_listen")]
    pub(crate) dns_pod_addresses: bool,
    /// Steer the rollouts (`DaemonRollout`, *.yaml) of this folder.
    #[arg(long, value_name = "DIR", requires_all = ["agents_listen", "rollouts_state_dir", "rollouts_key"], conflicts_with = "rollouts_objects")]
    pub(crate) rollouts_dir: Option<PathBuf>,
    /// Steer the DaemonRollouts of the cluster, if of all hubs this one leads; needs deploy/rollout/crds.yaml and hub-rollouts.yaml.
    #[arg(long, requires_all = ["agents_listen", "rollouts_state_dir", "rollouts_key"])]
    pub(crate) rollouts_objects: bool,
    /// What the rollouts of earlier runs told the nodes; must survive restarts.
    #[arg(long, value_name = "DIR")]
    pub(crate) rollouts_state_dir: Option<PathBuf>,
    /// The key that directives are signed with (`plimsoll rollout keygen`).
    #[arg(long, value_name = "FILE")]
    pub(crate) rollouts_key: Option<PathBuf>,
    /// Hand sealed orders (`plimsoll breakglass order`) of the people in this file on to the agents: POST /orders on the telemetry
    /// port.
    #[arg(long, value_name = "FILE", requires = "agents_listen")]
    pub(crate) order_roster: Option<PathBuf>,
    /// Where they outlive this process. Without it a restart forgets them, and agents that were away do not hear of them.
    #[arg(long, value_name = "DIR", requires = "order_roster")]
    pub(crate) order_state_dir: Option<PathBuf>,
    /// Rehearse break-glass on a schedule with this kubeconfig (`plimsoll breakglass issue`), which is read anew each time; results
    /// are metrics.
    #[arg(long, value_name = "FILE")]
    pub(crate) breakglass_kubeconfig: Option<PathBuf>,
    /// How often, seconds.
    #[arg(long, default_value_t = 3_600, value_name = "SECONDS", requires = "breakglass_kubeconfig", value_parser = clap::value_parser!(u64).range(10..=86_400))]
    pub(crate) breakglass_every: u64,
    /// Ask this server of the cluster's DNS every 5 s, past every cache, for gates of rollouts; may be given several times.
    #[arg(long, value_name = "ADDR", value_parser = super::probe::server)]
    pub(crate) dns_probe: Vec<std::net::SocketAddr>,
    /// The cluster's domain, for --dns-probe.
    #[arg(long, default_value = "cluster.local", value_name = "ZONE", requires = "dns_probe")]
    pub(crate) dns_probe_domain: String,
    /// Forecast the load line of what runs: read the API server's metrics every 7.5 s (`plimsoll top` shows it).
    #[arg(long)]
    pub(crate) load_watch: bool,
    /// Where API servers send audit events (`--audit-webhook-config-file`), so that costs have names. With --tls-dir, TLS that
    /// demands a certificate; else a loopback address only.
    #[arg(long, value_name = "ADDR", requires = "load_watch")]
    pub(crate) audit_listen: Option<SocketAddr>,
    /// Resources to keep, by their plural names; all that this version knows if not given.
    #[arg(long, value_delimiter = ',', value_name = "PLURAL,…")]
    pub(crate) resources: Vec<String>,
    /// Labels to show as kube_*_labels: `pods=[app,team],nodes=[*]`.
    #[arg(long, value_name = "LIST", default_value = "")]
    pub(crate) metric_labels_allowlist: String,
    /// Annotations to show as kube_*_annotations, in the same form.
    #[arg(long, value_name = "LIST", default_value = "")]
    pub(crate) metric_annotations_allowlist: String,
    #[command(flatten)]
    pub(crate) api: ApiFlags,
}
