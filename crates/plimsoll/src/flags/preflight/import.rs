//! `plimsoll preflight import`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct ImportFlags {
    /// An audit log: a file, a folder of rotated files, or `-` for standard input; compressed with gzip or not.
    #[arg(value_name = "LOG", required_unless_present = "listen")]
    pub(crate) log: Option<PathBuf>,
    /// Instead of a log: be the audit webhook of API servers, until Ctrl-C. A loopback address, or with --tls-dir.
    #[arg(long, value_name = "ADDR", conflicts_with = "log")]
    pub(crate) listen: Option<SocketAddr>,
    /// Folder with ca.crt, hub.crt and hub.key (`plimsoll certs init`): who connects has to show a certificate.
    #[arg(long, value_name = "DIR", requires = "listen")]
    pub(crate) tls_dir: Option<PathBuf>,
    /// Listen for so many seconds.
    #[arg(long, value_name = "SECONDS", requires = "listen", value_parser = clap::value_parser!(u64).range(1..=604_800))]
    pub(crate) duration: Option<u64>,
    /// Only what begins so: a User-Agent.
    #[arg(long, value_name = "PREFIX")]
    pub(crate) user_agent: Option<String>,
    /// Only this service account.
    #[arg(long, value_name = "NAMESPACE/NAME")]
    pub(crate) service_account: Option<String>,
    /// Only this user; `system:node:*` is all nodes together.
    #[arg(long, value_name = "USER")]
    pub(crate) user: Option<String>,
    /// Write the profile here. Without it, the workloads that were found are listed.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Write a profile of each workload, numbered, into this folder.
    #[arg(long, value_name = "DIR", conflicts_with = "out")]
    pub(crate) out_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) about: AboutFlags,
}

/// What a recording cannot see by itself.
#[derive(Debug, Args)]
pub(crate) struct AboutFlags {
    /// What runs the workload; decides what the number of its requests grows with.
    #[arg(long, value_name = "KIND", default_value = "daemonset")]
    pub(crate) kind: Kind,
    /// Its name in the profile.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Nodes of the cluster in which it was recorded.
    #[arg(long, value_name = "N")]
    pub(crate) cluster_nodes: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// One copy on each node.
    Daemonset,
    /// Replicas, however many nodes there are.
    Deployment,
    /// Replicas, too.
    Statefulset,
}
