//! Families with the label `device` that count I/O: of a container by its group, of the node by `/proc/diskstats`.

use node_probe::cgroup::Io;

use super::{Device, Machine};
use crate::reading::{Reading, Subject};

type Each<'a> = &'a mut dyn FnMut(&[(&str, &str)], f64);

/// Fields of `/proc/diskstats`.
const READS: usize = 0;
const WRITES: usize = 4;
const SECTOR_BYTES: f64 = 512.0;
const MILLISECONDS: f64 = 1e3;

pub(super) fn read_bytes(reading: &Reading, machine: &Machine, each: Each<'_>) {
    match reading.subject {
        Subject::Node => whole(machine, each, |device| device.values[2] as f64 * SECTOR_BYTES),
        _ => values(reading, machine, each, |io| io.read_bytes),
    }
}

pub(super) fn written_bytes(reading: &Reading, machine: &Machine, each: Each<'_>) {
    match reading.subject {
        Subject::Node => whole(machine, each, |device| device.values[6] as f64 * SECTOR_BYTES),
        _ => values(reading, machine, each, |io| io.written_bytes),
    }
}

pub(super) fn reads(reading: &Reading, machine: &Machine, each: Each<'_>) {
    match reading.subject {
        Subject::Node => count::<READS>(reading, machine, each),
        _ => values(reading, machine, each, |io| io.reads),
    }
}

pub(super) fn writes(reading: &Reading, machine: &Machine, each: Each<'_>) {
    match reading.subject {
        Subject::Node => count::<WRITES>(reading, machine, each),
        _ => values(reading, machine, each, |io| io.writes),
    }
}

/// Column `FIELD` of `/proc/diskstats`, of the node alone.
pub(super) fn count<const FIELD: usize>(reading: &Reading, machine: &Machine, each: Each<'_>) {
    if reading.subject == Subject::Node {
        whole(machine, each, |device| device.values[FIELD] as f64);
    }
}

/// The same of a column in milliseconds, as seconds.
pub(super) fn seconds<const FIELD: usize>(reading: &Reading, machine: &Machine, each: Each<'_>) {
    if reading.subject == Subject::Node {
        whole(machine, each, |device| device.values[FIELD] as f64 / MILLISECONDS);
    }
}

pub(super) fn usage(reading: &Reading, machine: &Machine, each: Each<'_>) {
    for io in &reading.stats.io {
        let (major, minor) = (io.device.0.to_string(), io.device.1.to_string());
        let mut operation = |operation, value: u64| {
            let device = name(machine, io);
            let labels = [("device", device), ("major", &major), ("minor", &minor), ("operation", operation)];
            each(&labels, value as f64);
        };
        operation("Read", io.read_bytes);
        operation("Write", io.written_bytes);
    }
}

fn whole(machine: &Machine, each: Each<'_>, value: impl Fn(&Device) -> f64) {
    for device in machine.devices.iter().filter(|device| device.whole) {
        each(&[("device", &device.name)], value(device));
    }
}

/// Devices without a name (they are gone) are taken together: two samples with the same labels are not allowed.
fn values(reading: &Reading, machine: &Machine, each: Each<'_>, value: fn(&Io) -> u64) {
    let mut nameless = None;
    for io in &reading.stats.io {
        match name(machine, io) {
            "" => *nameless.get_or_insert(0u64) = nameless.unwrap_or_default().saturating_add(value(io)),
            name => each(&[("device", name)], value(io) as f64),
        }
    }
    if let Some(value) = nameless {
        each(&[("device", "")], value as f64);
    }
}

/// "/dev/sda"; empty when `/proc/diskstats` does not have it, as with a device that is gone.
fn name<'a>(machine: &'a Machine, io: &Io) -> &'a str {
    machine.devices.iter().find(|device| device.number == io.device).map_or("", |device| &device.name)
}
