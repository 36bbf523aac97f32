//! The families of containers and pods, under cAdvisor's names and the kubelet's: a table, and those with labels of their own.

mod devices;
mod lines;
mod networks;
mod table;

pub(crate) use lines::Lines;
pub(crate) use table::{FAMILIES, Family, Values};

use crate::reading::Readings;

/// Names of block devices by number, for the label `device`.
pub(crate) type DeviceNames = Vec<((u32, u32), String)>;

/// Writes one family for all groups; nothing at all when no group has it.
pub(crate) fn write(family: &Family, readings: &Readings, names: &DeviceNames, out: &mut Vec<u8>) {
    let mut lines = Lines::new(family, out);
    for reading in readings.iter() {
        match family.values {
            Values::One(value) => {
                if let (Some(labels), Some(value)) = (&reading.labels, value(reading)) {
                    lines.one(labels, value);
                }
            }
            Values::Pod(value) => {
                if let (Some(labels), Some(value)) = (&reading.short_labels, value(reading)) {
                    lines.one(labels, value);
                }
            }
            Values::Node(value) => {
                if let Some(value) = value(reading) {
                    lines.bare(value);
                }
            }
            Values::Many(values) => {
                if let Some(labels) = &reading.labels {
                    values(reading, names, &mut |extra, value| lines.with(labels, extra, value));
                }
            }
        }
    }
}
