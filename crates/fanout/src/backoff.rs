//! When an agent tries again.

use std::time::Duration;

use crate::limits::{RECONNECTS_PER_SECOND, spread};

/// No agent of a small fleet waits longer than this between two attempts: 800 agents, the most for whom it counts, are 160
/// attempts a second at a hub that is gone.
const CAP: Duration = Duration::from_secs(5);

/// Full jitter over a window that begins at what the whole fleet needs to come back at the hub's rate, and doubles with
/// each failure up to a cap that is never below that.
pub(crate) fn delay(fleet: u32, failures: u32, fraction: f64) -> Duration {
    let first = spread(fleet as usize, RECONNECTS_PER_SECOND);
    let window = first.saturating_mul(1 << failures.min(16)).min(CAP.max(first));
    window.mul_f64(fraction.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows() {
        // (fleet, failures, longest delay in seconds)
        let rows = [
            (0, 0, 1.0),
            (1, 0, 1.0),
            (1, 1, 2.0),
            (1, 2, 4.0),
            (1, 3, 5.0),
            (1, 40, 5.0),
            (800, 1, 5.0),
            (5_000, 0, 31.25),
            (5_000, 9, 31.25),
            (u32::MAX, 0, 300.0),
        ];
        for (fleet, failures, seconds) in rows {
            assert_eq!(delay(fleet, failures, 1.0).as_secs_f64(), seconds, "{fleet} {failures}");
            assert_eq!(delay(fleet, failures, 0.0), Duration::ZERO);
        }
    }
}
