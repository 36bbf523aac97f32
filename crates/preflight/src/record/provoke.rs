//! Faults that are put in a workload's way, to see how it takes them (`--provoke`).
//!
//! Of each shape of request a few are answered here and never reach the API server: 429 with a `Retry-After`, then 503, each three times
//! in a row, which tells a fixed pause from one that doubles; then one is held back for as long as a client may wait. Between them
//! requests pass, so that the workload goes on.

use std::collections::BTreeMap;
use std::time::Duration;

use workload_profile::Shape;

/// Shapes that are provoked; the largest controllers have some eighty.
const SHAPES_MAX: usize = 200;
/// What a refused client is asked to wait: long enough to tell it from a client's own pause of a second.
pub(crate) const RETRY_AFTER_SECONDS: u32 = 3;
/// Longer than the usual timeouts of clients (10, 30, 60 s), so that they show.
pub(crate) const HELD: Duration = Duration::from_secs(65);
/// For each shape, request by request.
const COURSE: [Fault; 11] = [
    Fault::None,
    Fault::TooManyRequests,
    Fault::TooManyRequests,
    Fault::TooManyRequests,
    Fault::None,
    Fault::Unavailable,
    Fault::Unavailable,
    Fault::Unavailable,
    Fault::None,
    Fault::Slow,
    Fault::None,
];
/// What comes only once, at a start, would never see a second request: its first one is refused.
const COURSE_OF_STARTS: usize = 1;

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It passes.
    None,
    /// 429 and [`RETRY_AFTER_SECONDS`].
    TooManyRequests,
    /// 503, without a word about when.
    Unavailable,
    /// It passes after [`HELD`], if its client is still there.
    Slow,
}

/// How far each shape is.
#[derive(Debug, Default)]
pub(crate) struct Provocations {
    shapes: BTreeMap<Shape, usize>,
    made: u64,
}

impl Provocations {
    /// What happens to the next request of a shape.
    pub(crate) fn next(&mut self, shape: &Shape) -> Fault {
        if !self.shapes.contains_key(shape) && self.shapes.len() >= SHAPES_MAX {
            return Fault::None;
        }
        let begin = if is_of_starts(shape) { COURSE_OF_STARTS } else { 0 };
        let at = self.shapes.entry(shape.clone()).or_insert(begin);
        let fault = COURSE.get(*at).copied().unwrap_or(Fault::None);
        *at += 1;
        self.made += u64::from(fault != Fault::None);
        fault
    }

    /// How many were put in the way.
    pub(crate) fn made(&self) -> u64 {
        self.made
    }
}

/// An informer's: a list or a watch of a collection, which a program opens once.
fn is_of_starts(shape: &Shape) -> bool {
    use workload_profile::Verb;
    matches!(shape.verb, Verb::List | Verb::Watch)
}

#[cfg(test)]
mod tests {
    use workload_profile::Asked;

    use super::*;

    fn check(method: &str, uri: &str, expected: [Fault; 12]) {
        let shape = Asked::of(method, uri, None, false).expect("a shape").shape;
        let mut provocations = Provocations::default();
        let found: Vec<Fault> = (0..12).map(|_| provocations.next(&shape)).collect();
        assert_eq!(found, expected, "{method} {uri}");
    }

    #[test]
    fn each_shape_has_its_course_once() {
        use Fault::{None as Passes, Slow, TooManyRequests as Many, Unavailable as Gone};
        check(
            "GET",
            "/api/v1/namespaces/a/pods/b",
            [Passes, Many, Many, Many, Passes, Gone, Gone, Gone, Passes, Slow, Passes, Passes],
        );
        check(
            "GET",
            "/api/v1/pods?watch=true",
            [Many, Many, Many, Passes, Gone, Gone, Gone, Passes, Slow, Passes, Passes, Passes],
        );
    }

    #[test]
    fn shapes_are_bounded() {
        let mut provocations = Provocations::default();
        for number in 0..2 * SHAPES_MAX {
            let asked =
                Asked::of("GET", &format!("/api/v1/pods?limit={number}"), None, false).expect("a shape");
            provocations.next(&asked.shape);
        }
        assert_eq!(provocations.made(), SHAPES_MAX as u64);
    }
}
