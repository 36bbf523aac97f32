//! What one control group has used, and may use, whatever the interface.

use super::{Cgroup, Controller, Layout, Version, v1, v2};
use crate::Reader;
use crate::proc::pressure::Pressure;

/// Everything that is read of one group. A file that is absent, damaged or gone leaves its field `None`; the rest stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// CPU time.
    pub cpu: Option<Cpu>,
    /// CFS bandwidth control.
    pub throttling: Option<Throttling>,
    /// CPU limits.
    pub cpu_limits: Option<CpuLimits>,
    /// Memory.
    pub memory: Option<Memory>,
    /// Processes killed because the group was at its limit.
    pub oom_kills: Option<u64>,
    /// Processes and threads.
    pub pids: Option<Pids>,
    /// Block devices.
    pub io: Vec<Io>,
    /// Stalls on CPU.
    pub cpu_pressure: Option<Pressure>,
    /// Stalls on memory.
    pub memory_pressure: Option<Pressure>,
    /// Stalls on I/O.
    pub io_pressure: Option<Pressure>,
}

/// CPU time in nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cpu {
    /// All of it.
    pub usage: u64,
    /// In user mode.
    pub user: u64,
    /// In the kernel.
    pub system: u64,
}

/// CFS bandwidth control since the group was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Throttling {
    /// Periods that passed with something to run.
    pub periods: u64,
    /// Of those, periods in which the quota ran out.
    pub throttled_periods: u64,
    /// Nanoseconds of all CPUs without quota.
    pub throttled: u64,
    /// Periods in which saved quota was used.
    pub burst_periods: u64,
    /// Nanoseconds of use above the quota.
    pub burst: u64,
}

/// CPU limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CpuLimits {
    /// Microseconds per period; `None` without a limit.
    pub quota: Option<u64>,
    /// Microseconds.
    pub period: u64,
    /// Shares as v1 counts them (1,024 for one CPU); a v2 weight is converted as the kubelet does.
    pub shares: u64,
}

/// Memory, in bytes unless said otherwise; `None` where the kernel has no such figure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    /// All that is charged, page cache included.
    pub usage: u64,
    /// `usage` less inactive files: what the kubelet evicts by.
    pub working_set: u64,
    /// Anonymous memory.
    pub rss: u64,
    /// Page cache.
    pub cache: u64,
    /// Mapped files.
    pub mapped_file: u64,
    /// In swap.
    pub swap: u64,
    /// Kernel memory.
    pub kernel: Option<u64>,
    /// Highest `usage`; since Linux 5.19 in v2.
    pub max_usage: Option<u64>,
    /// Times that the limit was hit.
    pub failures: u64,
    /// Page faults: of the group itself, of all below it.
    pub page_faults: (u64, u64),
    /// Major page faults, likewise.
    pub major_page_faults: (u64, u64),
    /// Active file pages, all below included.
    pub active_file: u64,
    /// Inactive file pages, all below included.
    pub inactive_file: u64,
    /// Dirty file pages.
    pub file_dirty: u64,
    /// File pages being written back.
    pub file_writeback: u64,
    /// Refaults of evicted file pages.
    pub refaults_file: u64,
    /// Refaults of evicted anonymous pages.
    pub refaults_anon: u64,
    /// Pages scanned by reclaim; v2.
    pub pages_scanned: Option<u64>,
    /// Pages reclaimed; v2.
    pub pages_stolen: Option<u64>,
    /// Times that `memory.high` was exceeded; v2.
    pub events_high: Option<u64>,
    /// Times that `memory.max` was about to be exceeded; v2.
    pub events_max: Option<u64>,
    /// Hard limit; `None` without one.
    pub limit: Option<u64>,
    /// Memory and swap limit as v1 counts them; `None` without one.
    pub swap_limit: Option<u64>,
    /// Soft limit (v1) or `memory.low` (v2); `None` without one.
    pub reservation: Option<u64>,
}

/// Processes and threads: the controller counts tasks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pids {
    /// Tasks now.
    pub threads: u64,
    /// Limit; `None` without one.
    pub threads_max: Option<u64>,
    /// Processes now.
    pub processes: Option<u64>,
}

/// Use of one block device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Io {
    /// Device number.
    pub device: (u32, u32),
    /// Bytes.
    pub read_bytes: u64,
    /// Bytes.
    pub written_bytes: u64,
    /// Operations.
    pub reads: u64,
    /// Operations.
    pub writes: u64,
}

/// Distinct block devices of one group; a node has some ten.
const DEVICES_MAX: usize = 64;

impl Stats {
    /// Reads `cgroup` in place of what was there. `false` when nothing could be read: the group is gone.
    pub fn read(&mut self, layout: &Layout, cgroup: &Cgroup, reader: &mut Reader) -> bool {
        let mut io = std::mem::take(&mut self.io);
        io.clear();
        *self = Self { io, ..Self::default() };
        let folder = |controller| layout.folder(cgroup, controller);
        match folder(Controller::Cpuacct) {
            Some((folder, Version::V1)) => self.cpu = v1::cpu(folder, reader),
            Some((folder, Version::V2)) => (self.cpu, self.throttling) = v2::cpu(folder, reader),
            None => {}
        }
        match folder(Controller::Cpu) {
            Some((folder, Version::V1)) => {
                self.throttling = v1::throttling(folder, reader);
                self.cpu_limits = v1::cpu_limits(folder, reader);
            }
            Some((folder, Version::V2)) => self.cpu_limits = v2::cpu_limits(folder, reader),
            None => {}
        }
        match folder(Controller::Memory) {
            Some((folder, Version::V1)) => {
                self.memory = v1::memory(folder, reader);
                self.oom_kills = v1::oom_kills(folder, reader);
            }
            Some((folder, Version::V2)) => (self.memory, self.oom_kills) = v2::memory(folder, reader),
            None => {}
        }
        match folder(Controller::Io) {
            Some((folder, Version::V1)) => v1::io(folder, reader, &mut self.io),
            Some((folder, Version::V2)) => v2::io(folder, reader, &mut self.io),
            None => {}
        }
        if let Some((folder, _)) = folder(Controller::Pids) {
            self.pids = pids(folder, reader);
        }
        if let Some(folder) = layout.unified(cgroup) {
            let mut pressure = |name| reader.whole(folder, name).map(Pressure::parse);
            self.cpu_pressure = pressure("cpu.pressure");
            self.memory_pressure = pressure("memory.pressure");
            self.io_pressure = pressure("io.pressure");
        }
        self.cpu.is_some() || self.memory.is_some() || self.pids.is_some() || self.cpu_pressure.is_some()
    }
}

/// The same files in both interfaces.
fn pids(folder: &crate::Folder, reader: &mut Reader) -> Option<Pids> {
    let threads = reader.single(folder, "pids.current")?;
    let threads_max = reader.single(folder, "pids.max");
    let processes =
        reader.optional(folder, "cgroup.procs").map(|bytes| crate::scan::lines(bytes).count() as u64);
    Some(Pids { threads, threads_max, processes })
}

/// The entry of `device`, made if there is room.
pub(super) fn device(io: &mut Vec<Io>, device: (u32, u32)) -> Option<&mut Io> {
    let place = io.iter().position(|known| known.device == device);
    if place.is_none() && io.len() < DEVICES_MAX {
        io.push(Io { device, ..Io::default() });
        return io.last_mut();
    }
    io.get_mut(place?)
}

/// "8:16" of an I/O file.
pub(super) fn device_number(field: &[u8]) -> Option<(u32, u32)> {
    let (major, minor) = crate::scan::text(field).split_once(':')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
