//! Who is asked first.

use corefile::Policy;

use crate::forward::health::Health;
use crate::forward::policy::order;

#[test]
fn policies() {
    fn check(policy: Policy, turn: usize, down: &[bool], expected: &[usize]) {
        assert_eq!(order(policy, turn, 0, down), expected, "{policy:?} {turn} {down:?}");
    }
    let well = [false; 3];
    check(Policy::Sequential, 1, &well, &[0, 1, 2]);
    check(Policy::Sequential, 0, &[true, false, false], &[1, 2, 0]);
    check(Policy::RoundRobin, 0, &well, &[0, 1, 2]);
    check(Policy::RoundRobin, 1, &well, &[1, 2, 0]);
    check(Policy::RoundRobin, 5, &well, &[2, 0, 1]);
    check(Policy::RoundRobin, 1, &[false, true, false], &[2, 0, 1]);
    check(Policy::RoundRobin, 1, &[], &[]);
    check(Policy::Random, 0, &[true], &[0]);
}

#[test]
fn random_is_even() {
    let mut counts = [0u32; 3];
    for random in 0..600 {
        counts[order(Policy::Random, 0, random, &[false; 3])[0]] += 1;
    }
    assert!(counts.iter().all(|count| (150..=250).contains(count)), "{counts:?}");
}

#[test]
fn health() {
    let mut health = Health::default();
    assert!(health.doubt(2));
    assert!(!health.doubt(2), "checked already");
    assert!(health.checked(false) && !health.is_down(2));
    assert!(health.checked(false) && health.is_down(2));
    assert!(!health.is_down(0), "never");
    assert!(!health.checked(true) && !health.is_down(2));
    assert!(!Health::default().doubt(0), "no checks");
}
