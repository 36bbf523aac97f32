//! Collector `meminfo`.

use std::io;

use exposition::{Kind, Writer};
use node_probe::filesystems::Filesystems;
use node_probe::proc::memory::{Summary, meminfo as entries};

use super::Node;

pub(super) fn meminfo(node: &mut Node, _: &Filesystems, writer: &mut Writer<'_>) -> io::Result<()> {
    let bytes = node.proc("meminfo")?;
    let summary = Summary::parse(bytes);
    let (mut name, mut help) = (String::new(), String::new());
    for entry in entries(bytes) {
        name.clear();
        name.push_str("node_memory_");
        // "Active(anon)" is Active_anon.
        name.extend(entry.name.chars().filter(|c| *c != ')').map(|c| if c == '(' { '_' } else { c }));
        if entry.bytes {
            name.push_str("_bytes");
        }
        help.clear();
        help.push_str("Memory information field ");
        help.push_str(name.trim_start_matches("node_memory_"));
        help.push('.');
        writer.single(&name, &help, Kind::Gauge, entry.value as f64);
    }
    writer.single(
        "machine_memory_bytes",
        "Amount of memory installed on the machine.",
        Kind::Gauge,
        summary.total as f64,
    );
    node.memory = summary;
    Ok(())
}
