//! Collector `diskstats`.

use std::io;

use exposition::{Kind, Writer};
use node_probe::filesystems::Filesystems;
use node_probe::proc::disk::{self, FIELDS};
use node_probe::{Folder, scan};

use super::Node;
use crate::containers::Device;

const SECTOR_BYTES: f64 = 512.0;
const MILLISECOND: f64 = 0.001;

/// Each field of `/proc/diskstats`: name, help, type, factor.
const FAMILIES: [(&str, &str, Kind, f64); FIELDS] = [
    (
        "node_disk_reads_completed_total",
        "The total number of reads completed successfully.",
        Kind::Counter,
        1.0,
    ),
    ("node_disk_reads_merged_total", "The total number of reads merged.", Kind::Counter, 1.0),
    (
        "node_disk_read_bytes_total",
        "The total number of bytes read successfully.",
        Kind::Counter,
        SECTOR_BYTES,
    ),
    (
        "node_disk_read_time_seconds_total",
        "The total number of seconds spent by all reads.",
        Kind::Counter,
        MILLISECOND,
    ),
    (
        "node_disk_writes_completed_total",
        "The total number of writes completed successfully.",
        Kind::Counter,
        1.0,
    ),
    ("node_disk_writes_merged_total", "The number of writes merged.", Kind::Counter, 1.0),
    (
        "node_disk_written_bytes_total",
        "The total number of bytes written successfully.",
        Kind::Counter,
        SECTOR_BYTES,
    ),
    (
        "node_disk_write_time_seconds_total",
        "This is the total number of seconds spent by all writes.",
        Kind::Counter,
        MILLISECOND,
    ),
    ("node_disk_io_now", "The number of I/Os currently in progress.", Kind::Gauge, 1.0),
    ("node_disk_io_time_seconds_total", "Total seconds spent doing I/Os.", Kind::Counter, MILLISECOND),
    (
        "node_disk_io_time_weighted_seconds_total",
        "The weighted # of seconds spent doing I/Os.",
        Kind::Counter,
        MILLISECOND,
    ),
    (
        "node_disk_discards_completed_total",
        "The total number of discards completed successfully.",
        Kind::Counter,
        1.0,
    ),
    ("node_disk_discards_merged_total", "The total number of discards merged.", Kind::Counter, 1.0),
    (
        "node_disk_discarded_sectors_total",
        "The total number of sectors discarded successfully.",
        Kind::Counter,
        1.0,
    ),
    (
        "node_disk_discard_time_seconds_total",
        "This is the total number of seconds spent by all discards.",
        Kind::Counter,
        MILLISECOND,
    ),
    (
        "node_disk_flush_requests_total",
        "The total number of flush requests completed successfully",
        Kind::Counter,
        1.0,
    ),
    (
        "node_disk_flush_requests_time_seconds_total",
        "This is the total number of seconds spent by all flush requests.",
        Kind::Counter,
        MILLISECOND,
    ),
];

struct Shown {
    name: String,
    number: (u32, u32),
    values: [u64; FIELDS],
    count: usize,
}

/// Also keeps the devices, for the figures of containers.
pub(super) fn diskstats(node: &mut Node, _: &Filesystems, writer: &mut Writer<'_>) -> io::Result<()> {
    let (mut shown, mut devices) = (Vec::new(), Vec::new());
    for disk in disk::diskstats(node.proc("diskstats")?) {
        let number = (disk.major, disk.minor);
        let whole = !disk::ignored(disk.name);
        devices.push(Device { number, name: format!("/dev/{}", disk.name), values: disk.values, whole });
        if whole {
            shown.push(Shown { name: disk.name.to_owned(), number, values: disk.values, count: disk.count });
        }
    }
    node.machine.devices = devices;
    info(node, &shown, writer);
    for (field, (name, help, kind, factor)) in FAMILIES.into_iter().enumerate() {
        if shown.iter().all(|disk| disk.count <= field) {
            continue;
        }
        writer.family(name, help, kind);
        for disk in shown.iter().filter(|disk| field < disk.count) {
            writer.sample().label("device", &disk.name).value(disk.values[field] as f64 * factor);
        }
    }
    Ok(())
}

/// What sysfs says; model, serial number and the like are in udev's database, which is the host's own business.
fn info(node: &mut Node, shown: &[Shown], writer: &mut Writer<'_>) {
    writer.family("node_disk_info", "Info of /sys/block/<block_device>.", Kind::Gauge);
    for disk in shown {
        let queue = Folder::open(&node.roots.sysfs.join("block").join(&disk.name).join("queue")).ok();
        let rotational = queue.and_then(|queue| node.reader.single(&queue, "rotational"));
        let device = Folder::open(&node.roots.sysfs.join("block").join(&disk.name).join("device")).ok();
        let mut text = |name| {
            let bytes =
                device.as_ref().and_then(|device| node.reader.optional(device, name)).unwrap_or_default();
            scan::text(bytes.trim_ascii()).to_owned()
        };
        let (model, wwn) = (text("model"), text("wwid"));
        writer
            .sample()
            .label("device", &disk.name)
            .label("major", &disk.number.0.to_string())
            .label("minor", &disk.number.1.to_string())
            .labels([
                ("path", ""),
                ("wwn", wwn.as_str()),
                ("model", model.as_str()),
                ("serial", ""),
                ("revision", ""),
            ])
            .label("rotational", if rotational == Some(1) { "1" } else { "0" })
            .value(1.0);
    }
}
