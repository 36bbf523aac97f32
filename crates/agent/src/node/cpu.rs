//! Collectors `stat`, `cpu`, `schedstat`, `loadavg`.

use std::io;

use exposition::{Kind, Writer};
use node_probe::filesystems::Filesystems;
use node_probe::proc::stat::{self, GUEST, MODES, Schedstat, TICKS_PER_SECOND};

use super::{Node, absent_is_fine};

const NANOSECONDS: f64 = 1e9;

/// Reads `/proc/stat` for this collector and the next.
pub(super) fn stat(node: &mut Node, _: &Filesystems, writer: &mut Writer<'_>) -> io::Result<()> {
    let mut stat = std::mem::take(&mut node.stat);
    let read = node.proc("stat").map(|bytes| stat.parse(bytes));
    node.stat = stat;
    read?;
    let stat = &node.stat;
    let mut single = |name, help, kind, value: Option<u64>| {
        if let Some(value) = value {
            writer.single(name, help, kind, value as f64);
        }
    };
    single("node_boot_time_seconds", "Node boot time, in unixtime.", Kind::Gauge, stat.boot_time);
    single(
        "node_context_switches_total",
        "Total number of context switches.",
        Kind::Counter,
        stat.context_switches,
    );
    single("node_forks_total", "Total number of forks.", Kind::Counter, stat.forks);
    single("node_intr_total", "Total number of interrupts serviced.", Kind::Counter, stat.interrupts);
    let blocked = "Number of processes blocked waiting for I/O to complete.";
    single("node_procs_blocked", blocked, Kind::Gauge, stat.procs_blocked);
    single("node_procs_running", "Number of processes in runnable state.", Kind::Gauge, stat.procs_running);
    Ok(())
}

pub(super) fn cpu(node: &mut Node, _: &Filesystems, writer: &mut Writer<'_>) -> io::Result<()> {
    let mut number = String::new();
    writer.family("node_cpu_seconds_total", "Seconds the CPUs spent in each mode.", Kind::Counter);
    for cpu in &node.stat.cpus {
        decimal(&mut number, cpu.cpu);
        for (mode, ticks) in MODES.iter().zip(cpu.ticks) {
            writer.sample().label("cpu", &number).label("mode", mode).value(ticks as f64 / TICKS_PER_SECOND);
        }
    }
    writer.family(
        "node_cpu_guest_seconds_total",
        "Seconds the CPUs spent in guests (VMs) for each mode.",
        Kind::Counter,
    );
    for cpu in &node.stat.cpus {
        decimal(&mut number, cpu.cpu);
        for (mode, place) in ["user", "nice"].iter().zip(GUEST) {
            let seconds = cpu.ticks[place] as f64 / TICKS_PER_SECOND;
            writer.sample().label("cpu", &number).label("mode", mode).value(seconds);
        }
    }
    writer.single(
        "machine_cpu_cores",
        "Number of logical CPU cores.",
        Kind::Gauge,
        node.stat.cpus.len() as f64,
    );
    Ok(())
}

pub(super) fn schedstat(node: &mut Node, _: &Filesystems, writer: &mut Writer<'_>) -> io::Result<()> {
    let read = node.proc("schedstat").map(|bytes| stat::schedstat(bytes).collect::<Vec<Schedstat>>());
    let cpus = absent_is_fine(read)?;
    if cpus.is_empty() {
        return Ok(());
    }
    let mut family = |name, help, value: fn(&Schedstat) -> f64| {
        writer.family(name, help, Kind::Counter);
        for cpu in &cpus {
            writer.sample().label("cpu", &cpu.cpu.to_string()).value(value(cpu));
        }
    };
    let running = "Number of seconds CPU spent running a process.";
    family("node_schedstat_running_seconds_total", running, |cpu| cpu.running as f64 / NANOSECONDS);
    family("node_schedstat_timeslices_total", "Number of timeslices executed by CPU.", |cpu| {
        cpu.slices as f64
    });
    let waiting = "Number of seconds spent by processing waiting for this CPU.";
    family("node_schedstat_waiting_seconds_total", waiting, |cpu| cpu.waiting as f64 / NANOSECONDS);
    Ok(())
}

pub(super) fn loadavg(node: &mut Node, _: &Filesystems, writer: &mut Writer<'_>) -> io::Result<()> {
    let load = stat::load(node.proc("loadavg")?).ok_or(io::ErrorKind::InvalidData)?;
    writer.single("node_load1", "1m load average.", Kind::Gauge, load[0]);
    writer.single("node_load5", "5m load average.", Kind::Gauge, load[1]);
    writer.single("node_load15", "15m load average.", Kind::Gauge, load[2]);
    Ok(())
}

fn decimal(text: &mut String, number: u32) {
    use std::fmt::Write as _;
    text.clear();
    let _ = write!(text, "{number}");
}
