//! Work in APF's own unit.
//!
//! Facts: k8s.io/apiserver `util/flowcontrol/request/seat_seconds.go`.

use std::ops::{Add, AddAssign, Sub, SubAssign};

/// Of a seat-second.
const PARTS: f64 = 1e8;

/// Seats times seconds, in fixed point: hundred-millionths.
///
/// kube-apiserver's is unsigned and wraps, and is set back before it overflows; 64 bits with a sign last for 2,900 years of one
/// seat, so that nothing has to be set back here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeatSeconds(pub i64);

impl SeatSeconds {
    /// More than any work.
    pub const MAX: Self = Self(i64::MAX);

    /// `seats` for so many nanoseconds, rounded half away from zero as Go's `math.Round` does.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "increments of work: seconds of some hundred seats"
    )]
    pub fn of(seats: f64, nanoseconds: i64) -> Self {
        Self((seats * nanoseconds as f64 / (1e9 / PARTS)).round() as i64)
    }

    /// How long that many seats take for it, in nanoseconds.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "as kube-apiserver does, with a loss of precision"
    )]
    pub fn nanoseconds(self, seats: f64) -> i64 {
        (self.0 as f64 / seats * (1e9 / PARTS)) as i64
    }
}

impl Add for SeatSeconds {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for SeatSeconds {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl AddAssign for SeatSeconds {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl SubAssign for SeatSeconds {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}
