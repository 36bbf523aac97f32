//! Families with the label `device` that measure file systems: of the node alone, as cAdvisor has them with containerd.

use node_probe::filesystems::Space;

use super::Machine;
use crate::reading::{Reading, Subject};

type Each<'a> = &'a mut dyn FnMut(&[(&str, &str)], f64);

pub(super) fn limit(reading: &Reading, machine: &Machine, each: Each<'_>) {
    spaces(reading, machine, each, |space| space.size);
}

pub(super) fn usage(reading: &Reading, machine: &Machine, each: Each<'_>) {
    spaces(reading, machine, each, |space| space.size.saturating_sub(space.free));
}

pub(super) fn inodes(reading: &Reading, machine: &Machine, each: Each<'_>) {
    spaces(reading, machine, each, |space| space.files);
}

pub(super) fn inodes_free(reading: &Reading, machine: &Machine, each: Each<'_>) {
    spaces(reading, machine, each, |space| space.files_free);
}

fn spaces(reading: &Reading, machine: &Machine, each: Each<'_>, value: fn(&Space) -> u64) {
    if reading.subject != Subject::Node {
        return;
    }
    for (device, space) in &machine.spaces {
        each(&[("device", device)], value(space) as f64);
    }
}
