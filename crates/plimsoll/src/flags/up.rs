//! `plimsoll up`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct UpFlags {
    /// Nodes of the embedded cluster.
    #[arg(long, default_value_t = 100, conflicts_with = "kubeconfig")]
    pub(crate) nodes: u32,
    /// Pods on each node of the embedded cluster.
    #[arg(long, default_value_t = 30, conflicts_with = "kubeconfig")]
    pub(crate) pods_per_node: u32,
    /// Changes a second in the embedded cluster.
    #[arg(long, default_value_t = 5.0, value_name = "RATE", conflicts_with = "kubeconfig")]
    pub(crate) churn: f64,
    /// The same seed gives the same embedded cluster.
    #[arg(long, default_value_t = 1, conflicts_with = "kubeconfig")]
    pub(crate) seed: u64,
    /// Use this real cluster instead of an embedded one.
    #[arg(long, env = "PLIMSOLL_KUBECONFIG", value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Name under which this machine's agent introduces itself; the host name if not given.
    #[arg(long, value_name = "NAME")]
    pub(crate) node_name: Option<String>,
    /// Keep the hub's state here, so that the next start needs no LIST. Without it a temporary folder is used.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// First choice for the status page; a free port is taken when it is in use.
    #[arg(long, default_value_t = 8088)]
    pub(crate) page_port: u16,
    /// How to say where things are.
    #[arg(long, default_value = "text")]
    pub(crate) output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    Text,
    /// One JSON object on standard output once everything is ready.
    Json,
}
