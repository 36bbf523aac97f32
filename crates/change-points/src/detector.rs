//! One stream of samples.

use std::collections::VecDeque;

/// How often a sample is to be taken: three of them and what is missing to the first are 30 s.
pub const SAMPLE_SECONDS: f64 = 7.5;
/// Samples of the baseline: ten minutes. Slower changes, such as a day's, move the baseline along.
const BASELINE_SAMPLES: usize = 80;
/// Samples without which nothing is said: a minute and a half.
const WARM_UP_SAMPLES: usize = 12;
/// Deviations of the baseline beyond which a sample is out of it. A normal variable is beyond six once in 1e9; the rest is for
/// tails, which real load has.
const DEVIATIONS: f64 = 6.0;
/// Samples in a row that are out of it. Where one in a hundred is a burst of its own, three in a row are one in a million: once in
/// 87 days of one stream. Two would be every day.
const IN_A_ROW: u32 = 3;
/// Samples after which a new level is the usual one: ten minutes. The alert ends then, as it does when the old level is back.
const ACCEPTED_SAMPLES: u32 = 80;
/// What a median absolute deviation is of a normal variable's standard deviation (Hampel 1974).
const DEVIATION_OF_MAD: f64 = 1.4826;

/// The least change that matters, whatever the noise is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Floor {
    /// As a part of the baseline: 0.5 is half as much again.
    pub part: f64,
    /// In the stream's own unit.
    pub least: f64,
}

/// What a sample says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// Too few samples yet.
    Unknown,
    /// As usual.
    Usual,
    /// More than usual, and for long enough.
    Changed {
        /// The baseline.
        from: f64,
        /// The sample.
        to: f64,
    },
}

/// Baseline and state of one stream. Looks for more, not for less: nobody is woken by a load that falls.
#[derive(Debug, Clone)]
pub struct Detector {
    floor: Floor,
    baseline: VecDeque<f64>,
    /// Samples out of the baseline, in a row.
    outside: u32,
    /// They are kept apart from the baseline until it is known whether the level has changed for good.
    aside: VecDeque<f64>,
}

impl Detector {
    /// Without a baseline yet.
    #[must_use]
    pub fn new(floor: Floor) -> Self {
        Self { floor, baseline: VecDeque::new(), outside: 0, aside: VecDeque::new() }
    }

    /// The next sample.
    pub fn take(&mut self, sample: f64) -> Verdict {
        if !sample.is_finite() {
            return Verdict::Unknown;
        }
        if self.baseline.len() < WARM_UP_SAMPLES {
            self.keep(sample);
            return Verdict::Unknown;
        }
        let from = median(self.baseline.iter().copied());
        if sample <= self.limit(from) {
            self.outside = 0;
            self.aside.clear();
            self.keep(sample);
            return Verdict::Usual;
        }
        self.outside += 1;
        self.aside.push_back(sample);
        if self.outside > ACCEPTED_SAMPLES {
            self.baseline = std::mem::take(&mut self.aside);
            self.outside = 0;
            return Verdict::Usual;
        }
        if self.outside >= IN_A_ROW { Verdict::Changed { from, to: sample } } else { Verdict::Usual }
    }

    fn limit(&self, from: f64) -> f64 {
        let deviation = DEVIATION_OF_MAD * median(self.baseline.iter().map(|sample| (sample - from).abs()));
        from + (DEVIATIONS * deviation).max(self.floor.part * from).max(self.floor.least)
    }

    fn keep(&mut self, sample: f64) {
        self.baseline.push_back(sample);
        if self.baseline.len() > BASELINE_SAMPLES {
            self.baseline.pop_front();
        }
    }
}

fn median(samples: impl Iterator<Item = f64>) -> f64 {
    let mut samples: Vec<f64> = samples.collect();
    let middle = samples.len() / 2;
    if samples.is_empty() {
        return 0.0;
    }
    *samples.select_nth_unstable_by(middle, f64::total_cmp).1
}

#[cfg(test)]
mod tests;
