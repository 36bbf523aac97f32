//! Rejects second by second.

use super::*;

/// Rejects in each second from 1000 on; what is said after the last of them.
fn check(rejects: &[i64], expected: i64) {
    let mut tracker = RetryAfter::default();
    for (second, count) in (1000..).zip(rejects) {
        (0..*count).for_each(|_| tracker.reject(second));
    }
    assert_eq!(tracker.seconds(), expected, "{rejects:?}");
}

#[test]
fn doubles_under_load_and_falls_second_by_second() {
    check(&[], 1);
    check(&[100], 1);
    // It is looked at when a second is over.
    check(&[2, 1], 1);
    check(&[3, 1], 2);
    check(&[100, 100], 2);
    // Not doubled again before as long has passed as it says.
    check(&[100, 100, 100], 2);
    check(&[100, 100, 100, 100], 4);
    check(&[100; 8], 8);
    check(&[100; 80], 32);
    // Fewer than one a second: it falls with each second in which one is rejected.
    check(&[100, 100, 0, 0, 0, 1], 1);
}
