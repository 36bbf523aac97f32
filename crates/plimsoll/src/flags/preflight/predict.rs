//! `plimsoll preflight predict`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 below the load line, 1 over it or over the budget, 2 between p10 and p90, 3 the profile is \
                        incomplete, 64 wrong usage."
)]
pub(crate) struct PredictFlags {
    /// What the workload asks: docs/profile.md.
    #[arg(value_name = "PROFILE")]
    pub(crate) profile: PathBuf,
    /// The cluster, as a file: docs/profile.md. Without it, a usual cluster of --nodes nodes with 30 pods on each.
    #[arg(long, value_name = "FILE")]
    pub(crate) cluster: Option<PathBuf>,
    /// The cluster itself, read-only, with a few dozen small requests: its objects, sizes, version, gates and present load.
    #[arg(long, value_name = "FILE", conflicts_with = "cluster")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Write what --kubeconfig found here, to be corrected by hand and used with --cluster.
    #[arg(long, value_name = "FILE", requires = "kubeconfig")]
    pub(crate) write_cluster: Option<PathBuf>,
    /// Nodes at which it is to run; otherwise those of the budget or the cluster.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) nodes: Option<u32>,
    /// Coefficients of this API server. Without it, the shipped ones.
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
    /// Written limits (`kind: LoadLine`); a broken one is a failure.
    #[arg(long, value_name = "FILE")]
    pub(crate) budget: Option<PathBuf>,
    /// How to say it.
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    pub(crate) output: ForecastOutput,
    /// Of the 200 draws of the coefficients: the same gives the same answer.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ForecastOutput {
    /// For people, with a picture.
    Text,
    /// For programs.
    Json,
    /// One page with plots.
    Html,
    /// A test suite.
    Junit,
    /// For a pull request.
    Markdown,
}
