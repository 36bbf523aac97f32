//! Families with the label `interface`.

use exposition::Kind;

use super::{DeviceNames, Family, Values};
use crate::reading::Reading;

type Each<'a> = &'a mut dyn FnMut(&[(&str, &str)], f64);

pub(super) const fn family(
    name: &'static str,
    help: &'static str,
    values: fn(&Reading, &DeviceNames, Each<'_>),
) -> Family {
    Family { name, help, kind: Kind::Counter, extra: b"", values: Values::Many(values) }
}

/// Column `COLUMN` of bytes, packets, errors, drops.
pub(super) fn receive<const COLUMN: usize>(reading: &Reading, _: &DeviceNames, each: Each<'_>) {
    for interface in &reading.interfaces {
        each(&[("interface", &interface.name)], interface.receive[COLUMN] as f64);
    }
}

/// Column `COLUMN` of bytes, packets, errors, drops.
pub(super) fn transmit<const COLUMN: usize>(reading: &Reading, _: &DeviceNames, each: Each<'_>) {
    for interface in &reading.interfaces {
        each(&[("interface", &interface.name)], interface.transmit[COLUMN] as f64);
    }
}
