//! Families with the label `device`.

use node_probe::cgroup::Io;

use super::DeviceNames;
use crate::reading::Reading;

type Each<'a> = &'a mut dyn FnMut(&[(&str, &str)], f64);

pub(super) fn read_bytes(reading: &Reading, names: &DeviceNames, each: Each<'_>) {
    values(reading, names, each, |io| io.read_bytes);
}

pub(super) fn written_bytes(reading: &Reading, names: &DeviceNames, each: Each<'_>) {
    values(reading, names, each, |io| io.written_bytes);
}

pub(super) fn reads(reading: &Reading, names: &DeviceNames, each: Each<'_>) {
    values(reading, names, each, |io| io.reads);
}

pub(super) fn writes(reading: &Reading, names: &DeviceNames, each: Each<'_>) {
    values(reading, names, each, |io| io.writes);
}

pub(super) fn usage(reading: &Reading, names: &DeviceNames, each: Each<'_>) {
    for io in &reading.stats.io {
        let (major, minor) = (io.device.0.to_string(), io.device.1.to_string());
        let mut operation = |operation, value: u64| {
            let device = name(names, io);
            let labels = [("device", device), ("major", &major), ("minor", &minor), ("operation", operation)];
            each(&labels, value as f64);
        };
        operation("Read", io.read_bytes);
        operation("Write", io.written_bytes);
    }
}

fn values(reading: &Reading, names: &DeviceNames, each: Each<'_>, value: fn(&Io) -> u64) {
    for io in &reading.stats.io {
        each(&[("device", name(names, io))], value(io) as f64);
    }
}

/// "/dev/sda"; empty when `/proc/diskstats` does not have it, as with a device that is gone.
fn name<'a>(names: &'a DeviceNames, io: &Io) -> &'a str {
    names.iter().find(|(number, _)| *number == io.device).map_or("", |(_, name)| name)
}
