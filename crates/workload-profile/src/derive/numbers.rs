//! Many numbers, kept as few.

/// Numbers that are kept of any series: a quantile of 128 is good to a few percent.
const KEPT: usize = 128;

/// A series of which a fair part is kept: when it is full, every other one goes and only every second new one comes in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Series {
    kept: Vec<f64>,
    every: u64,
    seen: u64,
}

impl Series {
    pub(crate) fn take(&mut self, value: f64) {
        let every = self.every.max(1);
        if self.seen.is_multiple_of(every) {
            self.kept.push(value);
        }
        self.seen += 1;
        if self.kept.len() > KEPT {
            let mut position = 0;
            self.kept.retain(|_| {
                position += 1;
                position % 2 == 1
            });
            self.every = every * 2;
        }
    }

    pub(crate) fn extend(&mut self, other: &Self) {
        for value in &other.kept {
            self.take(*value);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    /// The mean of those between two values, both included.
    pub(crate) fn mean_between(&self, low: f64, high: f64) -> Option<f64> {
        let mut mean = Mean::default();
        self.kept.iter().filter(|value| (low..=high).contains(*value)).for_each(|value| mean.take(*value));
        mean.value()
    }

    /// The value below which this part of them is.
    pub(crate) fn quantile(&self, part: f64) -> Option<f64> {
        let mut sorted = self.kept.clone();
        sorted.sort_by(f64::total_cmp);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a place in a list of at most 129"
        )]
        let place = (part * sorted.len().saturating_sub(1) as f64).round() as usize;
        sorted.get(place).copied()
    }
}

/// A mean.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mean {
    sum: f64,
    count: f64,
}

impl Mean {
    pub(crate) fn take(&mut self, value: f64) {
        self.sum += value;
        self.count += 1.0;
    }

    pub(crate) fn value(self) -> Option<f64> {
        (self.count > 0.0).then(|| self.sum / self.count)
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of requests and bytes: far below 2^52")]
pub(crate) fn to_f64(number: u64) -> f64 {
    number as f64
}

/// To three digits: more would be noise in a file that people read.
pub(crate) fn rounded(value: f64) -> f64 {
    if value <= 0.0 {
        return value;
    }
    let scale = 10_f64.powf(2.0 - value.log10().floor());
    (value * scale).round() / scale
}
