//! Seats that a level would like to have, over time.
//!
//! Facts: k8s.io/apiserver `util/flowcontrol/fairqueuing/integrator.go`, `apf_controller.go` (`seatDemandStats`).

/// How much of the smoothed demand is left after a period of ten seconds: half of it after five minutes.
const KEPT: f64 = 0.977;

/// Seats in use and waited for, integrated over a period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    now: i64,
    value: f64,
    seconds: f64,
    sum: f64,
    squares: f64,
    most: f64,
}

/// What is left of all periods so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SmoothedDemand {
    /// Most of the last period, seats.
    pub high_watermark: u64,
    /// Mean of it.
    pub average: f64,
    /// Standard deviation of it.
    pub deviation: f64,
    /// Rises at once to mean plus deviation, and falls slowly.
    pub smoothed: f64,
}

impl Demand {
    /// Begins, with none.
    #[must_use]
    pub fn new(now: i64) -> Self {
        Self { now, value: 0.0, seconds: 0.0, sum: 0.0, squares: 0.0, most: 0.0 }
    }

    /// The demand is this from now on.
    pub fn set(&mut self, now: i64, seats: f64) {
        self.advance(now);
        self.value = seats;
        self.most = self.most.max(seats);
    }

    /// Ends the period and begins the next.
    pub fn period(&mut self, now: i64, into: &mut SmoothedDemand) {
        self.advance(now);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of seats")]
        let high_watermark = self.most.round() as u64;
        into.high_watermark = high_watermark;
        if self.seconds > 0.0 {
            let average = self.sum / self.seconds;
            let variance = self.squares / self.seconds - average * average;
            into.update(average, variance.max(0.0).sqrt());
        }
        *self = Self { most: self.value, value: self.value, ..Self::new(now) };
    }

    fn advance(&mut self, now: i64) {
        #[expect(clippy::cast_precision_loss, reason = "a period of ten seconds")]
        let seconds = (now - self.now) as f64 / 1e9;
        self.now = now;
        self.seconds += seconds;
        self.sum += self.value * seconds;
        self.squares += self.value * self.value * seconds;
    }
}

impl SmoothedDemand {
    fn update(&mut self, average: f64, deviation: f64) {
        self.average = average;
        self.deviation = deviation;
        let envelope = average + deviation;
        self.smoothed = envelope.max(KEPT * self.smoothed + (1.0 - KEPT) * envelope);
    }
}
