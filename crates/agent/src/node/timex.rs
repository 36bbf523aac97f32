//! Collector `timex`: how well the clock is disciplined.

use std::io;

use exposition::Kind::{self, Counter, Gauge};
use exposition::Writer;
use kernel_calls::clock::Discipline;
use node_probe::filesystems::Filesystems;

use super::Node;

type Row = (&'static str, &'static str, Kind, fn(&Discipline) -> f64);

const FAMILIES: [Row; 17] = [
    ("node_timex_sync_status", "Whether the clock is synchronised to a reliable server.", Gauge, |d| {
        f64::from(u8::from(d.synchronised))
    }),
    ("node_timex_offset_seconds", "Local clock against the reference.", Gauge, |d| d.offset_seconds),
    ("node_timex_frequency_adjustment_ratio", "Local clock frequency adjustment.", Gauge, |d| {
        d.frequency_ratio
    }),
    ("node_timex_maxerror_seconds", "Maximum error.", Gauge, |d| d.max_error_seconds),
    ("node_timex_estimated_error_seconds", "Estimated error.", Gauge, |d| d.estimated_error_seconds),
    ("node_timex_status", "Status bits of the clock.", Gauge, |d| f64::from(d.status)),
    ("node_timex_loop_time_constant", "Phase-locked loop time constant.", Gauge, |d| d.loop_time_constant),
    ("node_timex_tick_seconds", "Seconds between clock ticks.", Gauge, |d| d.tick_seconds),
    ("node_timex_tai_offset_seconds", "International Atomic Time offset.", Gauge, |d| d.tai_offset_seconds),
    ("node_timex_pps_frequency_hertz", "Pulse per second frequency.", Gauge, |d| d.pps_frequency_hertz),
    ("node_timex_pps_jitter_seconds", "Pulse per second jitter.", Gauge, |d| d.pps_jitter_seconds),
    ("node_timex_pps_shift_seconds", "Pulse per second interval duration.", Gauge, |d| d.pps_shift_seconds),
    ("node_timex_pps_stability_hertz", "Pulse per second stability.", Gauge, |d| d.pps_stability_hertz),
    ("node_timex_pps_jitter_total", "Times that the jitter limit was exceeded.", Counter, |d| {
        d.pps_jitter_total
    }),
    ("node_timex_pps_calibration_total", "Calibration intervals.", Counter, |d| d.pps_calibration_total),
    ("node_timex_pps_error_total", "Calibration errors.", Counter, |d| d.pps_error_total),
    (
        "node_timex_pps_stability_exceeded_total",
        "Times that the stability limit was exceeded.",
        Counter,
        |d| d.pps_stability_exceeded_total,
    ),
];

pub(super) fn timex(_: &mut Node, _: &Filesystems, writer: &mut Writer<'_>) -> io::Result<()> {
    let discipline = match kernel_calls::clock::read() {
        Ok(discipline) => discipline,
        // A seccomp profile without the call: nothing that an operator of the agent did wrong.
        Err(failed)
            if matches!(failed.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported) =>
        {
            return Ok(());
        }
        Err(failed) => return Err(failed),
    };
    for (name, help, kind, value) in FAMILIES {
        writer.single(name, help, kind, value(&discipline));
    }
    Ok(())
}
