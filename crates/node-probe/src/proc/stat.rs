//! `/proc/stat`, `/proc/loadavg`, `/proc/schedstat`.

use crate::scan::{fields, fraction, lines, number};

/// The kernel's `USER_HZ`: the same on every architecture that Kubernetes runs on, and what node_exporter divides by.
pub const TICKS_PER_SECOND: f64 = 100.0;

/// Ticks of one CPU by mode, in the order of `/proc/stat`: see [`MODES`], then guest and guest_nice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cpu {
    /// Its number: offline CPUs leave gaps.
    pub cpu: u32,
    /// Ticks of 10 ms.
    pub ticks: [u64; 10],
}

/// The names of the first eight fields of a CPU's line.
pub const MODES: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];
/// Place of the guest times in [`Cpu::ticks`]: user, nice.
pub const GUEST: [usize; 2] = [8, 9];

/// `/proc/stat`; a line that is absent leaves its field `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stat {
    /// Each CPU that is online.
    pub cpus: Vec<Cpu>,
    /// Interrupts since boot.
    pub interrupts: Option<u64>,
    /// Context switches since boot.
    pub context_switches: Option<u64>,
    /// Seconds since the Unix epoch.
    pub boot_time: Option<u64>,
    /// Processes and threads created since boot.
    pub forks: Option<u64>,
    /// Runnable now.
    pub procs_running: Option<u64>,
    /// Waiting for I/O now.
    pub procs_blocked: Option<u64>,
}

impl Stat {
    /// Reads `bytes` in place of what was there. A CPU whose idle or iowait ticks went back a little (the kernel's counters
    /// do, when a CPU goes offline and back) keeps its former figure, so that no rate takes it for a reset.
    pub fn parse(&mut self, bytes: &[u8]) {
        let mut cpus = std::mem::take(&mut self.cpus);
        let mut seen = 0;
        *self = Self::default();
        for line in lines(bytes) {
            let mut rest = fields(line);
            let Some(name) = rest.next() else { continue };
            let slot = match name {
                b"intr" => &mut self.interrupts,
                b"ctxt" => &mut self.context_switches,
                b"btime" => &mut self.boot_time,
                b"processes" => &mut self.forks,
                b"procs_running" => &mut self.procs_running,
                b"procs_blocked" => &mut self.procs_blocked,
                _ => {
                    seen += usize::from(cpu(name, rest).is_some_and(|read| keep(&mut cpus, seen, read)));
                    continue;
                }
            };
            *slot = rest.next().and_then(number);
        }
        cpus.truncate(seen);
        self.cpus = cpus;
    }

    /// Busy seconds of all CPUs: everything but idle and iowait; guest time is part of user time.
    pub fn busy_seconds(&self) -> f64 {
        let busy =
            |cpu: &Cpu| cpu.ticks[..3].iter().chain(&cpu.ticks[5..8]).map(|ticks| *ticks as f64).sum::<f64>();
        self.cpus.iter().map(busy).sum::<f64>() / TICKS_PER_SECOND
    }
}

fn cpu<'a>(name: &[u8], rest: impl Iterator<Item = &'a [u8]>) -> Option<Cpu> {
    // "cpu" alone is the sum of all.
    let cpu = u32::try_from(number(name.strip_prefix(b"cpu")?)?).ok()?;
    let mut ticks = [0; 10];
    for (slot, field) in ticks.iter_mut().zip(rest) {
        *slot = number(field)?;
    }
    Some(Cpu { cpu, ticks })
}

/// Idle (3) and iowait (4) of a tickless kernel waver by some ticks; node_exporter forgives three seconds likewise.
const WAVER_TICKS: u64 = 300;

fn keep(cpus: &mut Vec<Cpu>, at: usize, mut read: Cpu) -> bool {
    let Some(former) = cpus.get_mut(at) else {
        cpus.push(read);
        return true;
    };
    if former.cpu == read.cpu {
        for mode in [3, 4] {
            let back = former.ticks[mode].saturating_sub(read.ticks[mode]);
            if back > 0 && back < WAVER_TICKS {
                read.ticks[mode] = former.ticks[mode];
            }
        }
    }
    *former = read;
    true
}

/// The three load averages of `/proc/loadavg`.
pub fn load(bytes: &[u8]) -> Option<[f64; 3]> {
    let mut fields = fields(bytes);
    Some([fraction(fields.next()?)?, fraction(fields.next()?)?, fraction(fields.next()?)?])
}

/// One CPU of `/proc/schedstat` (version 15 and later): nanoseconds running, nanoseconds waiting, time slices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedstat {
    /// Its number.
    pub cpu: u32,
    /// Nanoseconds.
    pub running: u64,
    /// Nanoseconds.
    pub waiting: u64,
    /// Time slices run.
    pub slices: u64,
}

/// The CPUs of `/proc/schedstat`.
pub fn schedstat(bytes: &[u8]) -> impl Iterator<Item = Schedstat> {
    lines(bytes).filter_map(|line| {
        let mut fields = fields(line);
        let cpu = u32::try_from(number(fields.next()?.strip_prefix(b"cpu")?)?).ok()?;
        let mut last = fields.skip(6).map(number);
        Some(Schedstat { cpu, running: last.next()??, waiting: last.next()??, slices: last.next()?? })
    })
}
