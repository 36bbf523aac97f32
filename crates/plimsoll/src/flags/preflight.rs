//! `plimsoll preflight …`.

mod calibrate;
mod import;
mod inspect;
mod predict;
mod record;

use clap::{Args, Subcommand};

pub(crate) use calibrate::CalibrateFlags;
pub(crate) use import::{AboutFlags, ImportFlags, Kind};
pub(crate) use inspect::InspectFlags;
pub(crate) use predict::{ForecastOutput, PredictFlags};
pub(crate) use record::RecordFlags;

#[derive(Debug, Args)]
pub(crate) struct PreflightFlags {
    #[command(subcommand)]
    pub(crate) action: PreflightAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PreflightAction {
    /// A proxy in front of a real API server that makes a profile of what a workload asks.
    Record(RecordFlags),
    /// Profiles of workloads that run already, from an audit log of the API server.
    Import(ImportFlags),
    /// What a workload will ask, as far as its manifests say it.
    Inspect(InspectFlags),
    /// At how many nodes a workload sinks the control plane, what sinks first, and what to change.
    Predict(PredictFlags),
    /// The coefficients of one API server, measured on itself within a stated budget.
    Calibrate(CalibrateFlags),
}
