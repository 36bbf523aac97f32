//! Collectors `vmstat`, `conntrack`, `filefd`, `entropy`.

use std::io;

use exposition::{Kind, Writer};
use node_probe::filesystems::Filesystems;
use node_probe::proc::{counters, sockets};
use node_probe::scan;

use super::{Node, absent_is_fine};

pub(super) fn vmstat(node: &mut Node, _: &Filesystems, writer: &mut Writer<'_>) -> io::Result<()> {
    for (field, value) in counters::vmstat(node.proc("vmstat")?) {
        let (name, help) =
            (format!("node_vmstat_{field}"), format!("/proc/vmstat information field {field}."));
        writer.single(&name, &help, Kind::Unknown, value as f64);
    }
    Ok(())
}

/// The kernel module may not be there.
pub(super) fn conntrack(node: &mut Node, _: &Filesystems, writer: &mut Writer<'_>) -> io::Result<()> {
    let entries = optional(node, "sys/net/netfilter/nf_conntrack_count")?;
    let limit = optional(node, "sys/net/netfilter/nf_conntrack_max")?;
    if let (Some(entries), Some(limit)) = (entries, limit) {
        let help = "Number of currently allocated flow entries for connection tracking.";
        writer.single("node_nf_conntrack_entries", help, Kind::Gauge, entries);
        let help = "Maximum size of connection tracking table.";
        writer.single("node_nf_conntrack_entries_limit", help, Kind::Gauge, limit);
    }
    let totals = absent_is_fine(node.net("stat/nf_conntrack").map(sockets::conntrack))?;
    for (field, help) in CONNTRACK {
        if let Some(total) = totals.iter().find(|(name, _)| name == field).map(|(_, total)| *total) {
            writer.single(&format!("node_nf_conntrack_stat_{field}"), help, Kind::Gauge, total as f64);
        }
    }
    Ok(())
}

const CONNTRACK: [(&str, &str); 8] = [
    ("drop", "Number of packets dropped due to conntrack failure."),
    ("early_drop", "Number of dropped conntrack entries to make room for new ones."),
    ("found", "Number of searched entries which were successful."),
    ("ignore", "Number of packets seen which are already connected to a conntrack entry."),
    ("insert", "Number of entries inserted into the list."),
    ("insert_failed", "Number of entries for which list insertion was attempted but failed."),
    ("invalid", "Number of packets seen which can not be tracked."),
    (
        "search_restart",
        "Number of conntrack table lookups which had to be restarted due to hashtable resizes.",
    ),
];

pub(super) fn kernel_hung(node: &mut Node, _: &Filesystems, writer: &mut Writer<'_>) -> io::Result<()> {
    if let Some(tasks) = optional(node, "sys/kernel/hung_task_detect_count")? {
        writer.single(
            "node_kernel_hung_tasks_total",
            "Number of hung tasks since boot.",
            Kind::Counter,
            tasks,
        );
    }
    Ok(())
}

pub(super) fn filefd(node: &mut Node, _: &Filesystems, writer: &mut Writer<'_>) -> io::Result<()> {
    let (allocated, maximum) =
        sockets::file_nr(node.proc("sys/fs/file-nr")?).ok_or(io::ErrorKind::InvalidData)?;
    writer.single(
        "node_filefd_allocated",
        "File descriptor statistics: allocated.",
        Kind::Gauge,
        allocated as f64,
    );
    writer.single("node_filefd_maximum", "File descriptor statistics: maximum.", Kind::Gauge, maximum as f64);
    Ok(())
}

pub(super) fn entropy(node: &mut Node, _: &Filesystems, writer: &mut Writer<'_>) -> io::Result<()> {
    if let Some(bits) = optional(node, "sys/kernel/random/entropy_avail")? {
        writer.single("node_entropy_available_bits", "Bits of available entropy.", Kind::Gauge, bits);
    }
    if let Some(bits) = optional(node, "sys/kernel/random/poolsize")? {
        writer.single("node_entropy_pool_size_bits", "Bits of entropy pool.", Kind::Gauge, bits);
    }
    Ok(())
}

fn optional(node: &mut Node, name: &str) -> io::Result<Option<f64>> {
    absent_is_fine(node.proc(name).map(|bytes| scan::number(bytes).map(|number| number as f64)))
}
