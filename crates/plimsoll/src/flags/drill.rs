//! `plimsoll drill`.

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct DrillFlags {
    /// Which drill; without it, all that there are are listed.
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Nodes of the simulated cluster, instead of the drill's own number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) nodes: Option<u32>,
    /// Of all chance: the same seed gives the same report.
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// What is printed.
    #[arg(long, short, default_value = "text", value_name = "FORMAT")]
    pub(crate) output: DrillOutput,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DrillOutput {
    /// A picture, the story, the figures.
    Text,
    /// The report.
    Json,
}
