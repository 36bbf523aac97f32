//! `plimsoll dns`.

mod horizon;
mod sources;

use crate::flags::{DnsAction, DnsFlags};
use crate::outcome::Outcome;

pub(crate) fn run(flags: DnsFlags) -> Outcome {
    match flags.action {
        DnsAction::Horizon(flags) => horizon::run(flags),
    }
}
