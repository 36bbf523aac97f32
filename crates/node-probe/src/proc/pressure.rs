//! Pressure stall information: `/proc/pressure/*`, and `*.pressure` of a cgroup.

use crate::scan::{fields, lines, number};

/// Time lost to one resource, in microseconds since boot (or since the cgroup was made).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pressure {
    /// At least one task waited.
    pub some: Option<u64>,
    /// No task could run.
    pub full: Option<u64>,
}

impl Pressure {
    /// Reads the `total` of each line; absent lines stay `None` (cpu has no `full` on old kernels, irq has no `some`).
    pub fn parse(bytes: &[u8]) -> Self {
        let mut pressure = Self::default();
        for line in lines(bytes) {
            let mut fields = fields(line);
            let slot = match fields.next() {
                Some(b"some") => &mut pressure.some,
                Some(b"full") => &mut pressure.full,
                _ => continue,
            };
            *slot = fields.find_map(|field| field.strip_prefix(b"total=")).and_then(number);
        }
        pressure
    }
}
