//! The families of containers and pods, under cAdvisor's names and the kubelet's: a table, and those with labels of their own.

mod devices;
mod filesystems;
mod lines;
mod networks;
mod table;

pub(crate) use lines::Lines;
pub(crate) use table::{FAMILIES, Family, Values};

use node_probe::filesystems::Space;
use node_probe::proc::disk::FIELDS;

use crate::reading::Readings;

/// What the node's collectors have found and the groups' families need.
#[derive(Debug, Default)]
pub(crate) struct Machine {
    pub(crate) devices: Vec<Device>,
    /// By the label `device`: the device, or where it is mounted when there is none.
    pub(crate) spaces: Vec<(String, Space)>,
}

/// A block device.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) number: (u32, u32),
    /// "/dev/sda"
    pub(crate) name: String,
    /// As `/proc/diskstats` has them.
    pub(crate) values: [u64; FIELDS],
    /// Not a partition, a loop or the like.
    pub(crate) whole: bool,
}

/// Writes one family for all groups; nothing at all when no group has it.
pub(crate) fn write(family: &Family, readings: &Readings, machine: &Machine, out: &mut Vec<u8>) {
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
                    values(reading, machine, &mut |extra, value| lines.with(labels, extra, value));
                }
            }
        }
    }
}
