//! The fuse in `plimsoll agent`, and `plimsoll node fuse`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use fuse::{Subject, Whom};

#[derive(Debug, Default, Args)]
#[command(next_help_heading = "The fuse (traffic of this node's workloads to the API servers)")]
pub(crate) struct AgentFuseFlags {
    /// Count, by workload, what goes to the API servers and comes from them, and limit or cut it when that is said or needed;
    /// needs the program nft, the host's network and the capability NET_ADMIN.
    #[arg(long)]
    pub(crate) fuse: bool,
    /// An API server, or the Service in front of them, address:port; may be given several times. The hub says them too.
    #[arg(long, value_name = "ADDR", requires = "fuse")]
    pub(crate) fuse_api_server: Vec<SocketAddr>,
    /// A workload that is counted, but never limited or cut, namespace/kind/name; may be given several times.
    #[arg(long, value_name = "WORKLOAD", requires = "fuse")]
    pub(crate) fuse_exempt: Vec<Subject>,
    /// The folder of its state and of people's orders; only root may write there.
    #[arg(long, default_value = "/run/plimsoll/fuse", value_name = "DIR")]
    pub(crate) fuse_run_dir: PathBuf,
    /// The program nft.
    #[arg(long, default_value = "nft", value_name = "FILE", requires = "fuse")]
    pub(crate) fuse_nft: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Lasts {
    /// How long it is to last; 0: until `restore`. The kernel forgets it 10 min after the last agent died in any case.
    #[arg(long, default_value_t = 600, value_name = "SECONDS")]
    pub(crate) seconds: u64,
    /// Why, for those who come after.
    #[arg(long, default_value = "", value_name = "TEXT")]
    pub(crate) why: String,
    /// It is in kube-system, and that is what is meant.
    #[arg(long)]
    pub(crate) system: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RateFlags {
    /// namespace/kind/name, for instance telemetry/DaemonSet/collector; or "everybody".
    pub(crate) workload: Whom,
    /// Bytes a second, in each direction.
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..=100_000_000_000))]
    pub(crate) bytes_per_second: u64,
    /// New connections a second.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) connections_per_second: u32,
    #[command(flatten)]
    pub(crate) lasts: Lasts,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FuseVerb {
    /// What each workload of this node exchanges with the API servers, and what it may.
    Status {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Let nothing of a workload of this node through to the API servers: what is open is reset, what is new is dropped.
    Cut {
        /// namespace/kind/name, for instance telemetry/DaemonSet/collector; or "everybody".
        workload: Whom,
        #[command(flatten)]
        lasts: Lasts,
    },
    /// Let so much of a workload through and no more, from now on.
    Limit(RateFlags),
    /// Hold a workload to so much once it has used more for 10 s.
    Share(RateFlags),
    /// Let a workload do what it likes, whatever it does and however the API server is.
    Exempt {
        /// namespace/kind/name, for instance telemetry/DaemonSet/collector; or "everybody".
        workload: Whom,
        #[command(flatten)]
        lasts: Lasts,
    },
    /// Take back what was said of a workload.
    Restore {
        /// namespace/kind/name, for instance telemetry/DaemonSet/collector; or "everybody".
        workload: Whom,
    },
    /// Take the fuse's table out of the kernel; refused while an agent with --fuse runs.
    Remove {
        /// The program nft.
        #[arg(long, default_value = "nft", value_name = "FILE")]
        nft: PathBuf,
    },
}
