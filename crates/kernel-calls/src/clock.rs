//! How the kernel disciplines its clock: adjtimex(2), read only.

use std::io;

/// Fractions of a part per million, as the kernel counts frequencies.
const PPM_SCALED: f64 = 1_000_000.0 * 65_536.0;
/// `timex.status`: offset and jitter are in nanoseconds instead of microseconds.
const STA_NANO: i32 = 0x2000;
/// The call's result when the clock is not synchronised.
const TIME_ERROR: i32 = 5;

/// adjtimex(2)'s answer in SI units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Discipline {
    /// Whether the clock is synchronised to a reliable server.
    pub synchronised: bool,
    /// Local clock against the reference, in seconds.
    pub offset_seconds: f64,
    /// Local clock frequency: 1 without adjustment.
    pub frequency_ratio: f64,
    /// Largest error, in seconds.
    pub max_error_seconds: f64,
    /// Estimated error, in seconds.
    pub estimated_error_seconds: f64,
    /// `STA_*` bits.
    pub status: i32,
    /// Phase-locked loop time constant.
    pub loop_time_constant: f64,
    /// Seconds between clock ticks.
    pub tick_seconds: f64,
    /// International Atomic Time offset, in seconds.
    pub tai_offset_seconds: f64,
    /// Pulse per second: frequency, in hertz.
    pub pps_frequency_hertz: f64,
    /// Pulse per second: jitter, in seconds.
    pub pps_jitter_seconds: f64,
    /// Pulse per second: interval duration, in seconds.
    pub pps_shift_seconds: f64,
    /// Pulse per second: stability, in hertz.
    pub pps_stability_hertz: f64,
    /// Pulse per second: jitter limit exceeded.
    pub pps_jitter_total: f64,
    /// Pulse per second: calibration intervals.
    pub pps_calibration_total: f64,
    /// Pulse per second: calibration errors.
    pub pps_error_total: f64,
    /// Pulse per second: stability limit exceeded.
    pub pps_stability_exceeded_total: f64,
}

/// Reads it; needs no privilege.
///
/// # Errors
/// The kernel's; a seccomp profile may forbid the call (`EPERM`).
pub fn read() -> io::Result<Discipline> {
    let (state, timex) = adjtimex()?;
    Ok(in_seconds(state, &timex))
}

#[expect(unsafe_code, reason = "adjtimex(2) has no safe wrapper")]
fn adjtimex() -> io::Result<(i32, libc::timex)> {
    // SAFETY: `timex` is plain old data for which all zeros are valid; modes = 0 asks for a read.
    let mut timex: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live, exclusive `timex`, which the kernel fills and does not keep.
    let state = unsafe { libc::adjtimex(&raw mut timex) };
    if state < 0 { Err(io::Error::last_os_error()) } else { Ok((state, timex)) }
}

fn in_seconds(state: i32, timex: &libc::timex) -> Discipline {
    let unit = if timex.status & STA_NANO != 0 { 1e9 } else { 1e6 };
    Discipline {
        synchronised: state != TIME_ERROR,
        offset_seconds: timex.offset as f64 / unit,
        frequency_ratio: 1.0 + timex.freq as f64 / PPM_SCALED,
        max_error_seconds: timex.maxerror as f64 / 1e6,
        estimated_error_seconds: timex.esterror as f64 / 1e6,
        status: timex.status,
        loop_time_constant: timex.constant as f64,
        tick_seconds: timex.tick as f64 / 1e6,
        tai_offset_seconds: f64::from(timex.tai),
        pps_frequency_hertz: timex.ppsfreq as f64 / PPM_SCALED,
        pps_jitter_seconds: timex.jitter as f64 / unit,
        pps_shift_seconds: f64::from(timex.shift),
        pps_stability_hertz: timex.stabil as f64 / PPM_SCALED,
        pps_jitter_total: timex.jitcnt as f64,
        pps_calibration_total: timex.calcnt as f64,
        pps_error_total: timex.errcnt as f64,
        pps_stability_exceeded_total: timex.stbcnt as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_clock() {
        // A sandbox may forbid the call; then there is nothing to look at.
        let Ok(discipline) = read() else { return };
        assert!((0.5..2.0).contains(&discipline.frequency_ratio), "{discipline:?}");
        assert!((0.0001..1.0).contains(&discipline.tick_seconds), "{discipline:?}");
        assert!(discipline.max_error_seconds >= 0.0, "{discipline:?}");
    }

    #[test]
    fn units() {
        let Ok((_, mut timex)) = adjtimex() else { return };
        (timex.offset, timex.freq, timex.maxerror, timex.tick) = (1_500, 65_536, 250_000, 10_000);
        for (status, offset) in [(0, 0.0015), (STA_NANO, 0.000_001_5)] {
            timex.status = status;
            let got = in_seconds(TIME_ERROR, &timex);
            assert_eq!((got.offset_seconds, got.synchronised), (offset, false), "{status}");
            assert_eq!(
                (got.frequency_ratio, got.max_error_seconds, got.tick_seconds),
                (1.000_001, 0.25, 0.01)
            );
        }
        assert!(in_seconds(0, &timex).synchronised);
    }
}
