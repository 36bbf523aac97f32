//! How fast a counter grows.

/// The last reading of a counter.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rate {
    last: Option<(f64, f64)>,
}

impl Rate {
    /// Growth a second since the reading before, at `now` in seconds. `None` of the first, of one at the same moment, and of a
    /// counter that has gone back: it has started anew, and what it counted before is not known.
    pub fn take(&mut self, now: f64, value: f64) -> Option<f64> {
        let (then, before) = self.last.replace((now, value))?;
        (now > then && value >= before).then(|| (value - before) / (now - then))
    }
}
