//! Families with the label `interface`.

use super::Machine;
use crate::reading::Reading;

type Each<'a> = &'a mut dyn FnMut(&[(&str, &str)], f64);

/// Column `COLUMN` of bytes, packets, errors, drops.
pub(super) fn receive<const COLUMN: usize>(reading: &Reading, _: &Machine, each: Each<'_>) {
    for interface in &reading.interfaces {
        each(&[("interface", &interface.name)], interface.receive[COLUMN] as f64);
    }
}

/// Column `COLUMN` of bytes, packets, errors, drops.
pub(super) fn transmit<const COLUMN: usize>(reading: &Reading, _: &Machine, each: Each<'_>) {
    for interface in &reading.interfaces {
        each(&[("interface", &interface.name)], interface.transmit[COLUMN] as f64);
    }
}
