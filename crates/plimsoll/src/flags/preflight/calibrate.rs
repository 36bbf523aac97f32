//! `plimsoll preflight calibrate`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct CalibrateFlags {
    /// The API server. Without it, the service account of the pod that this runs in.
    #[arg(long, value_name = "FILE", env = "PLIMSOLL_KUBECONFIG")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Where the model is written.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// At most so many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(30..=3600))]
    pub(crate) seconds: u64,
    /// At most so many requests.
    #[arg(long, value_name = "N", default_value_t = 8000)]
    pub(crate) max_requests: u64,
    /// At most so many bytes of answers.
    #[arg(long, value_name = "BYTES", default_value_t = 3_000_000_000)]
    pub(crate) max_bytes: u64,
    /// Measure writes, too: of one ConfigMap of our own in this namespace, which is removed in the end.
    #[arg(long, value_name = "NAMESPACE")]
    pub(crate) write_namespace: Option<String>,
}
