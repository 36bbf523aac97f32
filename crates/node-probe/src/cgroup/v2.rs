//! The files of the second interface.

use super::stats::{Cpu, CpuLimits, Io, Memory, Throttling, device, device_number};
use crate::scan::{fields, lines, number, pairs};
use crate::{Folder, Reader};

pub(super) fn cpu(folder: &Folder, reader: &mut Reader) -> (Option<Cpu>, Option<Throttling>) {
    let Some(file) = reader.whole(folder, "cpu.stat") else { return (None, None) };
    let (mut cpu, mut throttling, mut bandwidth) = (Cpu::default(), Throttling::default(), false);
    let nanoseconds = |microseconds: u64| microseconds.saturating_mul(1_000);
    for (name, value) in pairs(file) {
        match name {
            b"usage_usec" => cpu.usage = nanoseconds(value),
            b"user_usec" => cpu.user = nanoseconds(value),
            b"system_usec" => cpu.system = nanoseconds(value),
            b"nr_periods" => (throttling.periods, bandwidth) = (value, true),
            b"nr_throttled" => throttling.throttled_periods = value,
            b"throttled_usec" => throttling.throttled = nanoseconds(value),
            b"nr_bursts" => throttling.burst_periods = value,
            b"burst_usec" => throttling.burst = nanoseconds(value),
            _ => {}
        }
    }
    (Some(cpu), bandwidth.then_some(throttling))
}

pub(super) fn cpu_limits(folder: &Folder, reader: &mut Reader) -> Option<CpuLimits> {
    let weight = reader.single(folder, "cpu.weight")?;
    let mut max = fields(reader.whole(folder, "cpu.max").unwrap_or_default());
    let quota = max.next().and_then(number);
    let period = max.next().and_then(number).unwrap_or_default();
    Some(CpuLimits { quota, period, shares: shares(weight) })
}

/// The kubelet's formula, turned round: weight 1 to 10,000 is shares 2 to 262,144.
pub(super) fn shares(weight: u64) -> u64 {
    2 + weight.saturating_sub(1).saturating_mul(262_142) / 9_999
}

pub(super) fn memory(folder: &Folder, reader: &mut Reader) -> (Option<Memory>, Option<u64>) {
    let Some(usage) = reader.single(folder, "memory.current") else { return (None, None) };
    let mut memory = Memory { usage, ..Memory::default() };
    for (name, value) in pairs(reader.whole(folder, "memory.stat").unwrap_or_default()) {
        match name {
            b"anon" => memory.rss = value,
            b"file" => memory.cache = value,
            b"kernel" => memory.kernel = Some(value),
            b"file_mapped" => memory.mapped_file = value,
            b"file_dirty" => memory.file_dirty = value,
            b"file_writeback" => memory.file_writeback = value,
            b"active_file" => memory.active_file = value,
            b"inactive_file" => memory.inactive_file = value,
            b"workingset_refault_file" => memory.refaults_file = value,
            b"workingset_refault_anon" => memory.refaults_anon = value,
            b"pgscan" => memory.pages_scanned = Some(value),
            b"pgsteal" => memory.pages_stolen = Some(value),
            b"pgfault" => memory.page_faults = (value, value),
            b"pgmajfault" => memory.major_page_faults = (value, value),
            _ => {}
        }
    }
    memory.working_set = usage.saturating_sub(memory.inactive_file);
    memory.swap = reader.single(folder, "memory.swap.current").unwrap_or_default();
    memory.max_usage = reader.single(folder, "memory.peak");
    memory.limit = reader.single(folder, "memory.max");
    memory.reservation = reader.single(folder, "memory.low").filter(|bytes| *bytes > 0);
    // v1 limits memory and swap together, v2 swap alone.
    let swap_max = reader.single(folder, "memory.swap.max");
    memory.swap_limit = memory.limit.zip(swap_max).map(|(memory, swap)| memory.saturating_add(swap));
    let mut kills = None;
    for (name, value) in pairs(reader.whole(folder, "memory.events").unwrap_or_default()) {
        match name {
            b"high" => memory.events_high = Some(value),
            b"max" => (memory.failures, memory.events_max) = (value, Some(value)),
            b"oom_kill" => kills = Some(value),
            _ => {}
        }
    }
    (Some(memory), kills)
}

pub(super) fn io(folder: &Folder, reader: &mut Reader, io: &mut Vec<Io>) {
    for line in lines(reader.whole(folder, "io.stat").unwrap_or_default()) {
        let mut fields = fields(line);
        let Some(entry) = fields.next().and_then(device_number).and_then(|number| device(io, number)) else {
            continue;
        };
        for field in fields {
            let Some(equals) = field.iter().position(|byte| *byte == b'=') else { continue };
            let Some(value) = number(&field[equals + 1..]) else { continue };
            match &field[..equals] {
                b"rbytes" => entry.read_bytes = value,
                b"wbytes" => entry.written_bytes = value,
                b"rios" => entry.reads = value,
                b"wios" => entry.writes = value,
                _ => {}
            }
        }
    }
}
