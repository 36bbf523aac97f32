//! A test that stops as soon as it knows: Wald's sequential probability ratio test (1945), never ahead of its beginning, so
//! that a long good time does not hide a bad end (Page's CUSUM, 1954).

/// How often a sample of a good rollout misses its bound by chance.
const GOOD: f64 = 0.02;
/// How often one of a bad rollout does, at least.
const BAD: f64 = 0.5;
/// One good rollout in a thousand decisions is stopped, one bad one is not: ln((1 - 0.001) / 0.001).
const DECISION: f64 = 6.906_754_8;

/// The evidence so far. Three misses in a row are enough (3 ln 25 = 9.7), two are not (6.4).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sequence {
    evidence: f64,
}

impl Sequence {
    pub(crate) fn take(&mut self, missed: bool) {
        let ratio = if missed { BAD / GOOD } else { (1.0 - BAD) / (1.0 - GOOD) };
        self.evidence = (self.evidence + ratio.ln()).max(0.0);
    }

    pub(crate) fn is_bad(self) -> bool {
        self.evidence >= DECISION
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_decides_as_soon_as_it_can() {
        // `x` missed, `.` held.
        let check = |samples: &str, expected: Option<usize>| {
            let mut sequence = Sequence::default();
            let decided = samples.chars().position(|sample| {
                sequence.take(sample == 'x');
                sequence.is_bad()
            });
            assert_eq!(decided.map(|at| at + 1), expected, "{samples}");
        };
        check("xxx", Some(3));
        check("xx", None);
        check("x.x.x", Some(5));
        check("..........................xxx", Some(29));
        check("x.........x.........x.........x", None);
        check("x.x..x.x", Some(6));
    }
}
