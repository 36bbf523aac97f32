//! `/proc/diskstats`.

use crate::scan::{fields, lines, number, text};

/// Fields of a line after the name: 11 always, 15 since Linux 4.18, 17 since 5.5.
pub const FIELDS: usize = 17;

/// One block device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disk<'a> {
    /// "sda", "nvme0n1", …
    pub name: &'a str,
    /// Device number.
    pub major: u32,
    /// Device number.
    pub minor: u32,
    /// The figures in the file's order.
    pub values: [u64; FIELDS],
    /// How many of them the kernel has.
    pub count: usize,
}

/// The block devices, in their order.
pub fn diskstats(bytes: &[u8]) -> impl Iterator<Item = Disk<'_>> {
    lines(bytes).filter_map(|line| {
        let mut fields = fields(line);
        let major = u32::try_from(number(fields.next()?)?).ok()?;
        let minor = u32::try_from(number(fields.next()?)?).ok()?;
        let name = text(fields.next()?);
        let (mut values, mut count) = ([0; FIELDS], 0);
        for (slot, field) in values.iter_mut().zip(fields) {
            *slot = number(field)?;
            count += 1;
        }
        (count >= 11 && !name.is_empty()).then_some(Disk { name, major, minor, values, count })
    })
}

/// Whether node_exporter leaves this device out by default: RAM disks, loops, floppies, and partitions of disks.
pub fn ignored(name: &str) -> bool {
    let number_at_end = name.trim_end_matches(|digit: char| digit.is_ascii_digit());
    if number_at_end.len() == name.len() {
        return false;
    }
    match number_at_end {
        "ram" | "zram" | "loop" | "fd" => true,
        // hda1, sda1, vda1, xvda1
        _ => partition(number_at_end) || nvme_partition(number_at_end),
    }
}

fn partition(stem: &str) -> bool {
    let letters = ["xvd", "hd", "sd", "vd"].iter().find_map(|prefix| stem.strip_prefix(prefix));
    letters.is_some_and(|letters| {
        !letters.is_empty() && letters.bytes().all(|letter| letter.is_ascii_lowercase())
    })
}

/// `nvme0n1p` of `nvme0n1p2`.
fn nvme_partition(stem: &str) -> bool {
    let controller = stem.strip_prefix("nvme").and_then(|rest| rest.strip_suffix('p'));
    let numbers = controller.and_then(|rest| rest.split_once('n'));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
    numbers.is_some_and(|(controller, namespace)| digits(controller) && digits(namespace))
}
