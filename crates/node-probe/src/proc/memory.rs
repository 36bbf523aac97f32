//! `/proc/meminfo`.

use crate::scan::{fields, lines, number, text};

/// One line of `/proc/meminfo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// "MemTotal", "Active(anon)", …
    pub name: &'a str,
    /// Bytes, or a bare count.
    pub value: u64,
    /// Whether it is bytes: the line ends with "kB".
    pub bytes: bool,
}

/// The lines of `/proc/meminfo`, in their order.
pub fn meminfo(bytes: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    lines(bytes).filter_map(|line| {
        let mut fields = fields(line);
        let name = text(fields.next()?.strip_suffix(b":")?);
        let value = number(fields.next()?)?;
        let bytes = fields.next() == Some(b"kB");
        (!name.is_empty()).then(|| Entry {
            name,
            value: if bytes { value.saturating_mul(1024) } else { value },
            bytes,
        })
    })
}

/// What the rest of the agent needs of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// `MemTotal`, bytes.
    pub total: u64,
    /// `MemFree`, bytes.
    pub free: u64,
    /// `MemAvailable`, bytes.
    pub available: u64,
    /// `Inactive(file)`, bytes.
    pub inactive_file: u64,
    /// `SwapTotal`, bytes.
    pub swap_total: u64,
    /// `SwapFree`, bytes.
    pub swap_free: u64,
}

impl Summary {
    /// Picks the fields out of the file.
    pub fn parse(file: &[u8]) -> Self {
        let mut summary = Self::default();
        for entry in meminfo(file) {
            match entry.name {
                "MemTotal" => summary.total = entry.value,
                "MemFree" => summary.free = entry.value,
                "MemAvailable" => summary.available = entry.value,
                "Inactive(file)" => summary.inactive_file = entry.value,
                "SwapTotal" => summary.swap_total = entry.value,
                "SwapFree" => summary.swap_free = entry.value,
                _ => {}
            }
        }
        summary
    }

    /// What cannot be had back without reclaiming more than inactive files, as the kubelet computes it for the root cgroup.
    pub fn working_set(&self) -> u64 {
        self.total.saturating_sub(self.free).saturating_sub(self.inactive_file)
    }
}
