//! The table of families.

use exposition::Kind;
use exposition::Kind::{Counter, Gauge};
use node_probe::cgroup::{Memory, Throttling};
use node_probe::proc::pressure::Pressure;

use super::{Machine, devices, filesystems, networks};
use crate::reading::{Reading, Subject};

/// Nanoseconds in a second.
const NANOSECONDS: f64 = 1e9;
/// Microseconds in a second.
const MICROSECONDS: f64 = 1e6;

/// One family.
pub(crate) struct Family {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) kind: Kind,
    /// Labels that every sample has, ready-made: `,cpu="total"`.
    pub(crate) extra: &'static [u8],
    pub(crate) values: Values,
}

type Each<'a> = &'a mut dyn FnMut(&[(&str, &str)], f64);

/// Where the values of a family come from.
pub(crate) enum Values {
    /// At most one for each group.
    One(fn(&Reading) -> Option<f64>),
    /// At most one for each pod, with the labels of the kubelet's resource endpoint.
    Pod(fn(&Reading) -> Option<f64>),
    /// One for the node, without labels.
    Node(fn(&Reading) -> Option<f64>),
    /// Any number, with labels of their own.
    Many(fn(&Reading, &Machine, Each<'_>)),
}

const fn family(name: &'static str, help: &'static str, kind: Kind, values: Values) -> Family {
    Family { name, help, kind, extra: b"", values }
}

const fn one(
    name: &'static str,
    help: &'static str,
    kind: Kind,
    value: fn(&Reading) -> Option<f64>,
) -> Family {
    family(name, help, kind, Values::One(value))
}

type ManyValues = fn(&Reading, &Machine, Each<'_>);

const fn many(name: &'static str, help: &'static str, values: ManyValues) -> Family {
    family(name, help, Counter, Values::Many(values))
}

const fn gauges(name: &'static str, help: &'static str, values: ManyValues) -> Family {
    family(name, help, Gauge, Values::Many(values))
}

fn nanoseconds(value: u64) -> f64 {
    value as f64 / NANOSECONDS
}

fn memory(reading: &Reading, field: impl FnOnce(&Memory) -> u64) -> Option<f64> {
    reading.stats.memory.as_ref().map(|memory| field(memory) as f64)
}

/// 0 stands for "no limit", as cAdvisor has it.
fn limit(reading: &Reading, field: impl FnOnce(&Memory) -> Option<u64>) -> Option<f64> {
    reading.stats.memory.as_ref().map(|memory| field(memory).unwrap_or_default() as f64)
}

/// Only where there is a quota, as cAdvisor has it.
fn throttling(reading: &Reading, field: impl FnOnce(&Throttling) -> f64) -> Option<f64> {
    reading.stats.cpu_limits.and_then(|limits| limits.quota)?;
    reading.stats.throttling.as_ref().map(field)
}

fn some(pressure: Option<Pressure>) -> Option<f64> {
    Some(pressure?.some? as f64 / MICROSECONDS)
}

fn full(pressure: Option<Pressure>) -> Option<f64> {
    Some(pressure?.full? as f64 / MICROSECONDS)
}

fn only(subject: Subject, reading: &Reading) -> Option<&Reading> {
    (reading.subject == subject).then_some(reading)
}

fn started(reading: &Reading) -> Option<f64> {
    (reading.started > 0).then_some(reading.started as f64)
}

fn cpu_seconds(reading: &Reading) -> Option<f64> {
    reading.stats.cpu.map(|cpu| nanoseconds(cpu.usage))
}

/// Everything that a group says, in the order in which it is written.
pub(crate) static FAMILIES: &[Family] = &[
    Family {
        name: "container_cpu_usage_seconds_total",
        help: "Cumulative cpu time consumed in seconds.",
        kind: Counter,
        extra: b",cpu=\"total\"",
        values: Values::One(cpu_seconds),
    },
    one("container_cpu_user_seconds_total", "Cumulative user cpu time consumed in seconds.", Counter, |r| {
        r.stats.cpu.map(|cpu| nanoseconds(cpu.user))
    }),
    one(
        "container_cpu_system_seconds_total",
        "Cumulative system cpu time consumed in seconds.",
        Counter,
        |r| r.stats.cpu.map(|cpu| nanoseconds(cpu.system)),
    ),
    one("container_cpu_cfs_periods_total", "Number of elapsed enforcement period intervals.", Counter, |r| {
        throttling(r, |t| t.periods as f64)
    }),
    one("container_cpu_cfs_throttled_periods_total", "Number of throttled period intervals.", Counter, |r| {
        throttling(r, |t| t.throttled_periods as f64)
    }),
    one(
        "container_cpu_cfs_throttled_seconds_total",
        "Total time duration the container has been throttled.",
        Counter,
        |r| throttling(r, |t| nanoseconds(t.throttled)),
    ),
    one("container_cpu_cfs_burst_periods_total", "Number of periods when burst occurs.", Counter, |r| {
        throttling(r, |t| t.burst_periods as f64)
    }),
    one(
        "container_cpu_cfs_burst_seconds_total",
        "Total time the container ran above its quota.",
        Counter,
        |r| throttling(r, |t| nanoseconds(t.burst)),
    ),
    one("container_memory_working_set_bytes", "Current working set in bytes.", Gauge, |r| {
        memory(r, |m| m.working_set)
    }),
    one("container_memory_usage_bytes", "Current memory usage in bytes, page cache included.", Gauge, |r| {
        memory(r, |m| m.usage)
    }),
    one("container_memory_rss", "Size of RSS in bytes.", Gauge, |r| memory(r, |m| m.rss)),
    one("container_memory_cache", "Number of bytes of page cache memory.", Gauge, |r| memory(r, |m| m.cache)),
    one("container_memory_mapped_file", "Size of memory mapped files in bytes.", Gauge, |r| {
        memory(r, |m| m.mapped_file)
    }),
    one("container_memory_swap", "Container swap usage in bytes.", Gauge, |r| memory(r, |m| m.swap)),
    one("container_memory_kernel_usage", "Size of kernel memory allocated in bytes.", Gauge, |r| {
        r.stats.memory?.kernel.map(|bytes| bytes as f64)
    }),
    one("container_memory_max_usage_bytes", "Maximum memory usage recorded in bytes.", Gauge, |r| {
        r.stats.memory?.max_usage.map(|bytes| bytes as f64)
    }),
    one("container_memory_failcnt", "Number of memory usage hits limits.", Counter, |r| {
        memory(r, |m| m.failures)
    }),
    one("container_memory_total_active_file_bytes", "Current total active file in bytes.", Gauge, |r| {
        memory(r, |m| m.active_file)
    }),
    one("container_memory_total_inactive_file_bytes", "Current total inactive file in bytes.", Gauge, |r| {
        memory(r, |m| m.inactive_file)
    }),
    one("container_memory_file_dirty_bytes", "Bytes of page cache not yet written back.", Gauge, |r| {
        memory(r, |m| m.file_dirty)
    }),
    one("container_memory_file_writeback_bytes", "Bytes of page cache being written back.", Gauge, |r| {
        memory(r, |m| m.file_writeback)
    }),
    one("container_memory_workingset_refault_file_total", "Refaults of evicted file pages.", Counter, |r| {
        memory(r, |m| m.refaults_file)
    }),
    one(
        "container_memory_workingset_refault_anon_total",
        "Refaults of evicted anonymous pages.",
        Counter,
        |r| memory(r, |m| m.refaults_anon),
    ),
    // Only cgroup v2 counts the next four.
    one("container_memory_pgscan_total", "Pages scanned by the page reclaim algorithm.", Counter, |r| {
        r.stats.memory?.pages_scanned.map(|pages| pages as f64)
    }),
    one("container_memory_pgsteal_total", "Pages reclaimed by the page reclaim algorithm.", Counter, |r| {
        r.stats.memory?.pages_stolen.map(|pages| pages as f64)
    }),
    one(
        "container_memory_events_high_total",
        "Times that memory.high throttled the container.",
        Counter,
        |r| r.stats.memory?.events_high.map(|times| times as f64),
    ),
    one("container_memory_events_max_total", "Times that the container was at memory.max.", Counter, |r| {
        r.stats.memory?.events_max.map(|times| times as f64)
    }),
    many("container_memory_failures_total", "Cumulative count of memory allocation failures.", page_faults),
    one(
        "container_oom_events_total",
        "Out of memory kills in the container and its predecessors.",
        Counter,
        |r| r.stats.oom_kills.map(|kills| kills.saturating_add(r.oom_kills_before) as f64),
    ),
    one("container_processes", "Number of processes running inside the container.", Gauge, |r| {
        r.stats.pids?.processes.map(|processes| processes as f64)
    }),
    one("container_threads", "Number of threads running inside the container.", Gauge, |r| {
        r.stats.pids.map(|pids| pids.threads as f64)
    }),
    one(
        "container_threads_max",
        "Maximum number of threads allowed, infinity if value is zero.",
        Gauge,
        |r| r.stats.pids.map(|pids| pids.threads_max.unwrap_or_default() as f64),
    ),
    one(
        "container_pressure_cpu_waiting_seconds_total",
        "Total time duration tasks in the container have waited due to CPU congestion.",
        Counter,
        |r| some(r.stats.cpu_pressure),
    ),
    one(
        "container_pressure_cpu_stalled_seconds_total",
        "Total time duration no tasks in the container could make progress due to CPU congestion.",
        Counter,
        |r| full(r.stats.cpu_pressure),
    ),
    one(
        "container_pressure_memory_waiting_seconds_total",
        "Total time duration tasks in the container have waited due to memory congestion.",
        Counter,
        |r| some(r.stats.memory_pressure),
    ),
    one(
        "container_pressure_memory_stalled_seconds_total",
        "Total time duration no tasks in the container could make progress due to memory congestion.",
        Counter,
        |r| full(r.stats.memory_pressure),
    ),
    one(
        "container_pressure_io_waiting_seconds_total",
        "Total time duration tasks in the container have waited due to IO congestion.",
        Counter,
        |r| some(r.stats.io_pressure),
    ),
    one(
        "container_pressure_io_stalled_seconds_total",
        "Total time duration no tasks in the container could make progress due to IO congestion.",
        Counter,
        |r| full(r.stats.io_pressure),
    ),
    many("container_fs_reads_bytes_total", "Cumulative count of bytes read.", devices::read_bytes),
    many("container_fs_reads_total", "Cumulative count of reads completed.", devices::reads),
    many("container_fs_writes_bytes_total", "Cumulative count of bytes written.", devices::written_bytes),
    many("container_fs_writes_total", "Cumulative count of writes completed.", devices::writes),
    many("container_fs_reads_merged_total", "Cumulative count of reads merged.", devices::count::<1>),
    many(
        "container_fs_sector_reads_total",
        "Cumulative count of sector reads completed.",
        devices::count::<2>,
    ),
    many(
        "container_fs_read_seconds_total",
        "Cumulative count of seconds spent reading.",
        devices::seconds::<3>,
    ),
    many("container_fs_writes_merged_total", "Cumulative count of writes merged.", devices::count::<5>),
    many(
        "container_fs_sector_writes_total",
        "Cumulative count of sector writes completed.",
        devices::count::<6>,
    ),
    many(
        "container_fs_write_seconds_total",
        "Cumulative count of seconds spent writing.",
        devices::seconds::<7>,
    ),
    gauges("container_fs_io_current", "Number of I/Os currently in progress.", devices::count::<8>),
    many(
        "container_fs_io_time_seconds_total",
        "Cumulative count of seconds spent doing I/Os.",
        devices::seconds::<9>,
    ),
    many(
        "container_fs_io_time_weighted_seconds_total",
        "Cumulative weighted I/O time in seconds.",
        devices::seconds::<10>,
    ),
    gauges(
        "container_fs_limit_bytes",
        "Number of bytes that can be consumed on this filesystem.",
        filesystems::limit,
    ),
    gauges(
        "container_fs_usage_bytes",
        "Number of bytes that are consumed on this filesystem.",
        filesystems::usage,
    ),
    gauges("container_fs_inodes_total", "Number of Inodes.", filesystems::inodes),
    gauges("container_fs_inodes_free", "Number of available Inodes.", filesystems::inodes_free),
    many("container_blkio_device_usage_total", "Blkio Device bytes usage.", devices::usage),
    many(
        "container_network_receive_bytes_total",
        "Cumulative count of bytes received.",
        networks::receive::<0>,
    ),
    many(
        "container_network_receive_packets_total",
        "Cumulative count of packets received.",
        networks::receive::<1>,
    ),
    many(
        "container_network_receive_errors_total",
        "Cumulative count of errors encountered while receiving.",
        networks::receive::<2>,
    ),
    many(
        "container_network_receive_packets_dropped_total",
        "Cumulative count of packets dropped while receiving.",
        networks::receive::<3>,
    ),
    many(
        "container_network_transmit_bytes_total",
        "Cumulative count of bytes transmitted.",
        networks::transmit::<0>,
    ),
    many(
        "container_network_transmit_packets_total",
        "Cumulative count of packets transmitted.",
        networks::transmit::<1>,
    ),
    many(
        "container_network_transmit_errors_total",
        "Cumulative count of errors encountered while transmitting.",
        networks::transmit::<2>,
    ),
    many(
        "container_network_transmit_packets_dropped_total",
        "Cumulative count of packets dropped while transmitting.",
        networks::transmit::<3>,
    ),
    one("container_spec_cpu_period", "CPU period of the container.", Gauge, |r| {
        r.stats.cpu_limits.map(|limits| limits.period as f64)
    }),
    one("container_spec_cpu_quota", "CPU quota of the container.", Gauge, |r| {
        r.stats.cpu_limits?.quota.map(|quota| quota as f64)
    }),
    one("container_spec_cpu_shares", "CPU share of the container.", Gauge, |r| {
        r.stats.cpu_limits.map(|limits| limits.shares as f64)
    }),
    one("container_spec_memory_limit_bytes", "Memory limit for the container.", Gauge, |r| {
        limit(r, |m| m.limit)
    }),
    one("container_spec_memory_swap_limit_bytes", "Memory swap limit for the container.", Gauge, |r| {
        limit(r, |m| m.swap_limit)
    }),
    one(
        "container_spec_memory_reservation_limit_bytes",
        "Memory reservation limit for the container.",
        Gauge,
        |r| limit(r, |m| m.reservation),
    ),
    one(
        "container_start_time_seconds",
        "Start time of the container since unix epoch in seconds.",
        Gauge,
        started,
    ),
    one(
        "container_creation_time_seconds",
        "Container creation time since unix epoch in seconds.",
        Gauge,
        started,
    ),
    one("container_swap_usage_bytes", "Current amount of the container swap usage in bytes.", Gauge, |r| {
        memory(only(Subject::Container, r)?, |m| m.swap)
    }),
    one("container_last_seen", "Last time a container was seen by the exporter.", Gauge, |r| Some(r.seen)),
    family(
        "pod_cpu_usage_seconds_total",
        "Cumulative cpu time consumed by the pod in core-seconds",
        Counter,
        Values::Pod(cpu_seconds),
    ),
    family(
        "pod_memory_working_set_bytes",
        "Current working set of the pod in bytes",
        Gauge,
        Values::Pod(|r| memory(r, |m| m.working_set)),
    ),
    family(
        "pod_swap_usage_bytes",
        "Current amount of the pod swap usage in bytes",
        Gauge,
        Values::Pod(|r| memory(r, |m| m.swap)),
    ),
    family(
        "node_cpu_usage_seconds_total",
        "Cumulative cpu time consumed by the node in core-seconds",
        Counter,
        Values::Node(|r| cpu_seconds(only(Subject::Node, r)?)),
    ),
    family(
        "node_swap_usage_bytes",
        "Current swap usage of the node in bytes",
        Gauge,
        Values::Node(|r| memory(only(Subject::Node, r)?, |m| m.swap)),
    ),
    family(
        "node_memory_working_set_bytes",
        "Current working set of the node in bytes",
        Gauge,
        Values::Node(|r| memory(only(Subject::Node, r)?, |m| m.working_set)),
    ),
];

fn page_faults(reading: &Reading, _: &Machine, each: Each<'_>) {
    let Some(memory) = reading.stats.memory else { return };
    let mut faults = |kind, (own, all): (u64, u64)| {
        each(&[("failure_type", kind), ("scope", "container")], own as f64);
        each(&[("failure_type", kind), ("scope", "hierarchy")], all as f64);
    };
    faults("pgfault", memory.page_faults);
    faults("pgmajfault", memory.major_page_faults);
}
