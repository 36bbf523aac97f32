//! Seats that are shared out, level by level.

use super::*;

fn level(nominal: u64, lower: u64, upper: u64, high_watermark: u64, smoothed: f64) -> Borrower {
    Borrower {
        limits: LevelLimits { nominal, lower, upper, request_max: 0 },
        demand: SmoothedDemand { high_watermark, smoothed, ..SmoothedDemand::default() },
        exempt: false,
    }
}

fn check(sum: u64, levels: &[Borrower], expected: &[u64]) {
    assert_eq!(borrow(sum, levels).expect("possible"), expected);
}

#[test]
fn shares_by_demand_within_the_bounds() {
    // Nobody wants anything: all that is not kept is shared alike.
    check(100, &[level(50, 10, 150, 0, 0.0), level(50, 10, 150, 0, 0.0)], &[50, 50]);
    // One wants, the other lends; it is counted as wanting what it does not lend.
    check(100, &[level(50, 10, 150, 80, 80.0), level(50, 10, 150, 0, 0.0)], &[89, 11]);
    // Both want more than there is: each keeps what is its own.
    check(100, &[level(50, 10, 150, 80, 80.0), level(50, 10, 150, 70, 70.0)], &[50, 50]);
    // The borrowing limit holds.
    check(100, &[level(50, 10, 60, 90, 90.0), level(50, 10, 150, 0, 0.0)], &[60, 40]);
    // In proportion to what was wanted lately.
    check(
        120,
        &[level(40, 5, 160, 10, 60.0), level(40, 5, 160, 10, 30.0), level(40, 5, 160, 10, 10.0)],
        &[72, 36, 12],
    );
}

#[test]
fn exempt_levels_take_what_they_want() {
    let exempt = Borrower { exempt: true, ..level(0, 0, 0, 40, 40.0) };
    let wants = level(50, 10, 150, 60, 60.0);
    // What the exempt one takes is missing to those that want more than what is left.
    check(100, &[exempt, wants, wants], &[40, 30, 30]);
    let greedy = Borrower { exempt: true, ..level(0, 0, 0, 90, 90.0) };
    check(100, &[greedy, wants, wants], &[90, 10, 10]);
}

#[test]
fn bounds_that_contradict_are_refused() {
    assert!(borrow(100, &[level(10, 10, 20, 0, 0.0)]).is_err());
}
