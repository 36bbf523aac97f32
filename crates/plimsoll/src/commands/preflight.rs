//! `plimsoll preflight`.

mod predict;

use crate::flags::{PreflightAction, PreflightFlags};
use crate::outcome::Outcome;

pub(crate) fn run(flags: PreflightFlags) -> Outcome {
    match flags.action {
        PreflightAction::Predict(flags) => predict::run(&flags),
    }
}
