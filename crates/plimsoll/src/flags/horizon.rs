//! `plimsoll dns horizon`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Output;

#[derive(Debug, Args)]
pub(crate) struct HorizonFlags {
    /// Corefile of the server of the cluster's zone. Without it, it is `plimsoll dns` with the settings below.
    #[arg(long, value_name = "FILE")]
    pub(crate) corefile: Option<PathBuf>,
    /// Which program runs that Corefile.
    #[arg(long, default_value = "coredns", requires = "corefile", value_name = "PROGRAM")]
    pub(crate) server: ServerProgram,
    /// Corefile of a cache between the server and the pods, such as NodeLocal DNSCache; nearest to the server first.
    #[arg(long, value_name = "FILE")]
    pub(crate) node_cache: Vec<PathBuf>,
    /// What programs keep: glibc, musl, go, java, or NAME=POSITIVE[/NEGATIVE], each SECONDS, ttl, ttl+SECONDS or forever.
    #[arg(long = "client", value_name = "CACHE")]
    pub(crate) clients: Vec<String>,
    /// The cluster's domain.
    #[arg(long, default_value = "cluster.local", value_name = "ZONE")]
    pub(crate) cluster_domain: String,
    /// TTL of the answers of `plimsoll dns`, in seconds.
    #[arg(long, default_value_t = 30, value_name = "SECONDS", conflicts_with = "corefile")]
    pub(crate) ttl: u32,
    /// Answers of `plimsoll dns` older than this are marked as stale.
    #[arg(long, default_value_t = 30, value_name = "SECONDS")]
    pub(crate) fresh_for: u32,
    /// How to say it.
    #[arg(long, default_value = "text")]
    pub(crate) output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ServerProgram {
    /// CoreDNS.
    Coredns,
    /// `plimsoll dns --corefile`.
    Plimsoll,
}
