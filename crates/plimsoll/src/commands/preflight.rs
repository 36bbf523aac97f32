//! `plimsoll preflight`.

mod calibrate;
mod import;
mod inspect;
mod predict;
mod record;

use crate::flags::{PreflightAction, PreflightFlags};
use crate::outcome::Outcome;

pub(crate) fn run(flags: PreflightFlags) -> Outcome {
    match flags.action {
        PreflightAction::Import(flags) => import::run(flags),
        PreflightAction::Record(flags) => record::run(flags),
        PreflightAction::Calibrate(flags) => calibrate::run(flags),
        PreflightAction::Inspect(flags) => inspect::run(flags),
        PreflightAction::Predict(flags) => predict::run(&flags),
    }
}
