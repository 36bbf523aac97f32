//! `plimsoll top`.

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct TopFlags {
    /// The hub's telemetry port.
    #[arg(long, default_value = "127.0.0.1:8081", value_name = "ADDR")]
    pub(crate) hub: String,
    /// Print once and end. Without it the picture is drawn anew every two seconds, on a terminal.
    #[arg(long)]
    pub(crate) once: bool,
    /// What is printed.
    #[arg(long, short, default_value = "text", value_name = "FORMAT")]
    pub(crate) output: TopOutput,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TopOutput {
    /// A picture.
    Text,
    /// The report, once.
    Json,
}
