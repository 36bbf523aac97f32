//! `plimsoll preflight record`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::AboutFlags;

#[derive(Debug, Args)]
pub(crate) struct RecordFlags {
    /// The API server, and who one is there. Without it, the service account of the pod that this runs in.
    #[arg(long, value_name = "FILE", env = "PLIMSOLL_KUBECONFIG")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Where the profile is written.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Where the workload finds the proxy; loopback, port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDR")]
    pub(crate) listen: SocketAddr,
    /// End after so many seconds; otherwise with the command, or on Ctrl-C.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=604_800))]
    pub(crate) duration: Option<u64>,
    /// Start the command so often, as on so many nodes; each copy has PLIMSOLL_COPY and a proxy of its own.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100), requires = "command")]
    pub(crate) copies: u16,
    /// Write a kubeconfig that leads through the proxy, for a workload that is started by hand.
    #[arg(long, value_name = "FILE")]
    pub(crate) write_kubeconfig: Option<PathBuf>,
    /// Answer a few requests of each kind with 429 and 503 and hold one back for 65 s, to learn how the workload retries and when it
    /// gives up. What is refused does not reach the API server.
    #[arg(long)]
    pub(crate) provoke: bool,
    #[command(flatten)]
    pub(crate) about: AboutFlags,
    /// The workload, started with KUBECONFIG and PLIMSOLL_PROXY_URL; the recording ends when it ends.
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}
