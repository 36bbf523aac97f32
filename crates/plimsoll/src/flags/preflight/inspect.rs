//! `plimsoll preflight inspect`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct InspectFlags {
    /// Manifests: files, folders, or `-` for standard input (`helm template … | plimsoll preflight inspect -`).
    #[arg(value_name = "MANIFESTS", required = true)]
    pub(crate) manifests: Vec<PathBuf>,
    /// Only the workload of this name.
    #[arg(long, value_name = "NAME")]
    pub(crate) workload: Option<String>,
    /// Write the profile of the one workload here.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Write a profile of each workload into this folder.
    #[arg(long, value_name = "DIR", conflicts_with = "out")]
    pub(crate) out_dir: Option<PathBuf>,
}
