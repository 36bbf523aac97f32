//! The files of the first interface.

use super::stats::{Cpu, CpuLimits, Io, Memory, Throttling, device, device_number};
use crate::scan::{fields, lines, number, pairs, signed};
use crate::{Folder, Reader};

/// `cpuacct.stat` counts in `USER_HZ`.
const TICK_NANOSECONDS: u64 = 10_000_000;
/// What the kernel prints without a limit: `LONG_MAX` rounded down to a page. Everything near it means "none".
const NO_LIMIT_BYTES: u64 = 1 << 62;

pub(super) fn cpu(folder: &Folder, reader: &mut Reader) -> Option<Cpu> {
    let mut cpu = Cpu { usage: reader.single(folder, "cpuacct.usage")?, ..Cpu::default() };
    for (name, ticks) in pairs(reader.whole(folder, "cpuacct.stat").unwrap_or_default()) {
        match name {
            b"user" => cpu.user = ticks.saturating_mul(TICK_NANOSECONDS),
            b"system" => cpu.system = ticks.saturating_mul(TICK_NANOSECONDS),
            _ => {}
        }
    }
    Some(cpu)
}

pub(super) fn throttling(folder: &Folder, reader: &mut Reader) -> Option<Throttling> {
    let mut throttling = Throttling::default();
    for (name, value) in pairs(reader.whole(folder, "cpu.stat")?) {
        match name {
            b"nr_periods" => throttling.periods = value,
            b"nr_throttled" => throttling.throttled_periods = value,
            b"throttled_time" => throttling.throttled = value,
            b"nr_bursts" => throttling.burst_periods = value,
            b"burst_time" => throttling.burst = value,
            _ => {}
        }
    }
    Some(throttling)
}

pub(super) fn cpu_limits(folder: &Folder, reader: &mut Reader) -> Option<CpuLimits> {
    let shares = reader.single(folder, "cpu.shares")?;
    // -1 without a limit.
    let quota = signed(reader.whole(folder, "cpu.cfs_quota_us").unwrap_or_default());
    let quota = quota.and_then(|quota| u64::try_from(quota).ok());
    let period = reader.single(folder, "cpu.cfs_period_us").unwrap_or_default();
    Some(CpuLimits { quota, period, shares })
}

pub(super) fn memory(folder: &Folder, reader: &mut Reader) -> Option<Memory> {
    let mut memory = Memory { usage: reader.single(folder, "memory.usage_in_bytes")?, ..Memory::default() };
    for (name, value) in pairs(reader.whole(folder, "memory.stat").unwrap_or_default()) {
        match name {
            b"total_rss" => memory.rss = value,
            b"total_cache" => memory.cache = value,
            b"total_mapped_file" => memory.mapped_file = value,
            b"total_swap" => memory.swap = value,
            b"total_dirty" => memory.file_dirty = value,
            b"total_writeback" => memory.file_writeback = value,
            b"total_active_file" => memory.active_file = value,
            b"total_inactive_file" => memory.inactive_file = value,
            b"total_workingset_refault_file" => memory.refaults_file = value,
            b"total_workingset_refault_anon" => memory.refaults_anon = value,
            b"pgfault" => memory.page_faults.0 = value,
            b"total_pgfault" => memory.page_faults.1 = value,
            b"pgmajfault" => memory.major_page_faults.0 = value,
            b"total_pgmajfault" => memory.major_page_faults.1 = value,
            _ => {}
        }
    }
    memory.working_set = memory.usage.saturating_sub(memory.inactive_file);
    let mut limit = |name| reader.single(folder, name).filter(|bytes| *bytes < NO_LIMIT_BYTES);
    memory.limit = limit("memory.limit_in_bytes");
    memory.swap_limit = limit("memory.memsw.limit_in_bytes");
    memory.reservation = limit("memory.soft_limit_in_bytes");
    memory.kernel = limit("memory.kmem.usage_in_bytes");
    memory.max_usage = limit("memory.max_usage_in_bytes");
    memory.failures = reader.single(folder, "memory.failcnt").unwrap_or_default();
    Some(memory)
}

/// Since Linux 4.13.
pub(super) fn oom_kills(folder: &Folder, reader: &mut Reader) -> Option<u64> {
    pairs(reader.whole(folder, "memory.oom_control")?)
        .find(|(name, _)| *name == b"oom_kill")
        .map(|(_, count)| count)
}

/// Figures with those of the groups below, where the kernel has them (since Linux 5.4), or without.
pub(super) fn io(folder: &Folder, reader: &mut Reader, io: &mut Vec<Io>) {
    let bytes = ["blkio.throttle.io_service_bytes_recursive", "blkio.throttle.io_service_bytes"];
    let operations = ["blkio.throttle.io_serviced_recursive", "blkio.throttle.io_serviced"];
    for name in bytes {
        let read = reader.whole(folder, name).map(|file| {
            each_operation(file, io, |entry, read, value| {
                *(if read { &mut entry.read_bytes } else { &mut entry.written_bytes }) = value;
            });
        });
        if read.is_some() {
            break;
        }
    }
    for name in operations {
        let read = reader.whole(folder, name).map(|file| {
            each_operation(file, io, |entry, read, value| {
                *(if read { &mut entry.reads } else { &mut entry.writes }) = value;
            });
        });
        if read.is_some() {
            break;
        }
    }
}

/// `8:0 Read 4096`, for every device; `set` gets the entry, whether it is a read, and the value.
fn each_operation(file: &[u8], io: &mut Vec<Io>, set: impl Fn(&mut Io, bool, u64)) {
    for line in lines(file) {
        let mut fields = fields(line);
        let (Some(number_of), Some(operation)) = (fields.next().and_then(device_number), fields.next())
        else {
            continue;
        };
        let Some(value) = fields.next().and_then(number) else { continue };
        let read = match operation {
            b"Read" => true,
            b"Write" => false,
            _ => continue,
        };
        if let Some(entry) = device(io, number_of) {
            set(entry, read, value);
        }
    }
}
