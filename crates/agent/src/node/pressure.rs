//! Collector `pressure`.

use std::io;

use exposition::{Kind, Writer};
use node_probe::filesystems::Filesystems;
use node_probe::proc::pressure::Pressure;

use super::{Node, absent_is_fine};

const MICROSECONDS: f64 = 1e6;

struct Resource {
    file: &'static str,
    waiting: Option<(&'static str, &'static str)>,
    stalled: Option<(&'static str, &'static str)>,
}

/// What node_exporter shows: no stalls on CPU, which a machine as a whole never has.
const RESOURCES: [Resource; 4] = [
    Resource {
        file: "pressure/cpu",
        waiting: Some((
            "node_pressure_cpu_waiting_seconds_total",
            "Total time in seconds that processes have waited for CPU time",
        )),
        stalled: None,
    },
    Resource {
        file: "pressure/io",
        waiting: Some((
            "node_pressure_io_waiting_seconds_total",
            "Total time in seconds that processes have waited due to IO congestion",
        )),
        stalled: Some((
            "node_pressure_io_stalled_seconds_total",
            "Total time in seconds no process could make progress due to IO congestion",
        )),
    },
    Resource {
        file: "pressure/memory",
        waiting: Some((
            "node_pressure_memory_waiting_seconds_total",
            "Total time in seconds that processes have waited for memory",
        )),
        stalled: Some((
            "node_pressure_memory_stalled_seconds_total",
            "Total time in seconds no process could make progress due to memory congestion",
        )),
    },
    Resource {
        file: "pressure/irq",
        waiting: None,
        stalled: Some((
            "node_pressure_irq_stalled_seconds_total",
            "Total time in seconds no process could make progress due to IRQ congestion",
        )),
    },
];

pub(super) fn pressure(node: &mut Node, _: &Filesystems, writer: &mut Writer<'_>) -> io::Result<()> {
    for resource in RESOURCES {
        let pressure = absent_is_fine(node.proc(resource.file).map(Pressure::parse))?;
        let mut single = |family: Option<(&str, &str)>, total: Option<u64>| {
            if let (Some((name, help)), Some(total)) = (family, total) {
                writer.single(name, help, Kind::Counter, total as f64 / MICROSECONDS);
            }
        };
        single(resource.waiting, pressure.some);
        single(resource.stalled, pressure.full);
    }
    Ok(())
}
