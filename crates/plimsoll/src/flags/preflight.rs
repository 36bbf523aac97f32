//! `plimsoll preflight …`.

mod predict;

use clap::{Args, Subcommand};

pub(crate) use predict::{ForecastOutput, PredictFlags};

#[derive(Debug, Args)]
pub(crate) struct PreflightFlags {
    #[command(subcommand)]
    pub(crate) action: PreflightAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PreflightAction {
    /// At how many nodes a workload sinks the control plane, what sinks first, and what to change.
    Predict(PredictFlags),
}
