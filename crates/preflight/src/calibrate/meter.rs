//! The API server's own account of its CPU.

use std::sync::Arc;
use std::time::Duration;

use environment::Clock;

use api_cost::fit::median;

use super::{BATCHES, CalibrateError, Point};
use crate::api::Api;
use apiserver_metrics::series;

/// How long the idle server is watched: at 10 ms in the counter, 8 s give its use to a thousandth of a core.
const IDLE: Duration = Duration::from_secs(8);
/// Times that the metrics are read one after the other to see what that costs.
const READS: u32 = 4;

/// Fewer undisturbed batches than this are no better than all of them.
const BATCHES_QUIET_MIN: usize = 3;

/// Cycles of the collector since the meter started, from which on they say what a byte costs; below, its whole life does.
const CYCLES_MIN: f64 = 5.0;

/// One reading.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reading {
    at: f64,
    cpu: f64,
    collector: f64,
    cycles: f64,
    allocated: f64,
}

/// A difference, without what the server would have done anyway.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spent {
    /// The collector ran meanwhile: its CPU is taken out, but a cycle that had begun or not ended is not seen whole.
    pub(super) disturbed: bool,
    pub(super) cpu: f64,
    pub(super) allocated: f64,
}

/// Batches of one experiment.
#[derive(Debug, Default)]
pub(super) struct Batches(Vec<Spent>);

impl Batches {
    pub(super) fn take(&mut self, spent: Spent) {
        self.0.push(spent);
    }

    /// Enough of them, undisturbed.
    pub(super) fn enough(&self) -> bool {
        self.quiet().len() >= BATCHES
    }

    /// Their middle: of batches without a request, what reading the metrics costs.
    pub(super) fn middle(&self) -> Spent {
        let Point { cpu, allocated, .. } = point(&self.quiet(), 1, 0.0);
        Spent { disturbed: false, cpu, allocated }
    }

    /// What one of `each` requests takes: the median of the undisturbed ones, or of all where hardly any was.
    pub(super) fn point(&self, each: u32, bytes: f64, empty: Spent) -> Point {
        let quiet = self.quiet();
        let used = if quiet.len() >= BATCHES_QUIET_MIN { &quiet } else { &self.0 };
        point(&used.iter().map(|spent| spent.less(&empty)).collect::<Vec<_>>(), each, bytes)
    }

    fn quiet(&self) -> Vec<Spent> {
        self.0.iter().filter(|spent| !spent.disturbed).copied().collect()
    }

    /// What one of `each` requests takes more than one of `other`: round by round, as a machine that is slower for a while is so
    /// for both.
    pub(super) fn over(&self, other: &Self, each: u32) -> Point {
        let pairs = self.0.iter().zip(&other.0).filter(|(one, other)| !one.disturbed && !other.disturbed);
        point(&pairs.map(|(one, other)| one.less(other)).collect::<Vec<_>>(), each, 0.0)
    }
}

impl Spent {
    fn less(&self, other: &Self) -> Self {
        Self { disturbed: false, cpu: self.cpu - other.cpu, allocated: self.allocated - other.allocated }
    }
}

/// Of batches of `each` requests.
fn point(batches: &[Spent], each: u32, bytes: f64) -> Point {
    let each_of =
        |of: fn(&Spent) -> f64| batches.iter().map(|spent| of(spent) / f64::from(each)).collect::<Vec<f64>>();
    let mut cpu = each_of(|spent| spent.cpu);
    cpu.sort_by(f64::total_cmp);
    let middle = median(&cpu).unwrap_or(0.0);
    // Both rounded outwards: two batches that differ are no batches that agree.
    let (last, at) = (cpu.len().saturating_sub(1), |index: usize| cpu.get(index).copied().unwrap_or(0.0));
    let middle_half = at(last - last / 4) - at(last / 4);
    Point {
        cpu: middle,
        allocated: median(&each_of(|spent| spent.allocated)).unwrap_or(0.0),
        bytes,
        requests: each * u32::try_from(batches.len()).unwrap_or(0),
        spread: if middle > 0.0 { middle_half / middle } else { f64::INFINITY },
    }
}

/// Knows what idling costs.
pub(super) struct Meter {
    clock: Arc<dyn Clock>,
    idle_cpu: f64,
    idle_allocated: f64,
    began: Reading,
}

impl Meter {
    pub(super) async fn start(api: &Api, clock: Arc<dyn Clock>) -> Result<Self, CalibrateError> {
        let mut meter = Self { clock, idle_cpu: 0.0, idle_allocated: 0.0, began: Reading::default() };
        meter.began = meter.read(api).await?;
        let first = meter.read(api).await?;
        for _ in 1..READS {
            meter.read(api).await?;
        }
        let second = meter.read(api).await?;
        tokio::time::sleep(IDLE).await;
        let third = meter.read(api).await?;
        // Two unknowns, two differences: a second of idling, and a reading.
        let idle = |of: fn(&Reading) -> f64| {
            let (busy, quiet) = (of(&second) - of(&first), of(&third) - of(&second));
            let (busy_seconds, quiet_seconds) = (second.at - first.at, third.at - second.at);
            let reads = f64::from(READS);
            ((quiet * reads - busy) / (quiet_seconds * reads - busy_seconds)).max(0.0)
        };
        meter.idle_cpu = idle(|reading| reading.cpu - reading.collector);
        meter.idle_allocated = idle(|reading| reading.allocated);
        Ok(meter)
    }

    pub(super) async fn read(&self, api: &Api) -> Result<Reading, CalibrateError> {
        let page =
            api.text("/metrics").await.map_err(|error| CalibrateError::NoMetrics(error.to_string()))?;
        let single = |name| series(&page, name).next().map(|(_, value)| value);
        let cpu = single("process_cpu_seconds_total")
            .ok_or_else(|| CalibrateError::NoMetrics("/metrics has no such line".to_owned()))?;
        Ok(Reading {
            at: self.clock.monotonic().as_secs_f64(),
            cpu,
            collector: single("go_cpu_classes_gc_total_cpu_seconds_total").unwrap_or(0.0),
            cycles: single("go_gc_cycles_total_gc_cycles_total").unwrap_or(0.0),
            allocated: single("go_gc_heap_allocs_bytes_total")
                .or_else(|| single("go_memstats_alloc_bytes_total"))
                .unwrap_or(0.0),
        })
    }

    /// Between two readings.
    pub(super) fn spent(&self, before: &Reading, after: &Reading) -> Spent {
        let seconds = after.at - before.at;
        let collector = after.collector - before.collector;
        Spent {
            disturbed: after.cycles > before.cycles,
            cpu: after.cpu - before.cpu - collector - self.idle_cpu * seconds,
            allocated: after.allocated - before.allocated - self.idle_allocated * seconds,
        }
    }

    /// CPU seconds of the collector for each byte that is allocated: a cycle costs what is live, and one follows when as much
    /// again has been allocated. Of the time since the start: the server's whole life also saw it without anything to
    /// do, when the collector takes what cores are idle.
    pub(super) async fn collector(&self, api: &Api) -> Result<f64, CalibrateError> {
        Ok(each_byte(&self.began, &self.read(api).await?))
    }
}

fn each_byte(began: &Reading, now: &Reading) -> f64 {
    let since = if now.cycles - began.cycles >= CYCLES_MIN { *began } else { Reading::default() };
    let allocated = now.allocated - since.allocated;
    if allocated > 0.0 { (now.collector - since.collector) / allocated } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The machine is twice as slow in the second half: the difference of two medians would be of two machines.
    #[test]
    fn a_difference_is_taken_round_by_round() {
        let batches = |of: &[f64]| {
            Batches(of.iter().map(|&cpu| Spent { disturbed: false, cpu, allocated: 10.0 * cpu }).collect())
        };
        let (cached, from_etcd) = (batches(&[1.0, 1.0, 2.0, 2.0, 2.0]), batches(&[1.5, 1.5, 1.5, 2.5, 2.5]));
        let point = from_etcd.over(&cached, 10);
        assert!((point.cpu - 0.05).abs() < 1e-12 && (point.allocated - 0.5).abs() < 1e-12, "{point:?}");
        assert_eq!(point.requests, 50);
        let two = batches(&[1.0, 3.0]).point(1, 0.0, Spent { disturbed: false, cpu: 0.0, allocated: 0.0 });
        assert!((two.spread - 1.0).abs() < 1e-12, "two batches do not agree: {two:?}");
        let disturbed =
            Batches(vec![Spent { disturbed: true, cpu: 9.0, allocated: 0.0 }; 5]).over(&cached, 10);
        assert_eq!(disturbed.requests, 0);
    }

    #[test]
    fn the_collector_is_what_it_was_while_we_measured() {
        let reading =
            |collector, cycles, allocated| Reading { collector, cycles, allocated, ..Reading::default() };
        let check = |began: Reading, now: Reading, expected: f64| {
            let found = each_byte(&began, &now);
            assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
        };
        check(reading(300.0, 170.0, 100e9), reading(310.0, 176.0, 110e9), 1e-9);
        // Four cycles are too few: one of them, half in or half out, is a quarter of it.
        check(reading(300.0, 170.0, 100e9), reading(310.0, 174.0, 110e9), 310.0 / 110e9);
        check(Reading::default(), Reading::default(), 0.0);
    }
}
