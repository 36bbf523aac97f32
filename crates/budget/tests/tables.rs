//! Inputs and the answers they must have.

use std::time::Duration;

use budget::{Backoff, Budget, Failed, Limits, Take, fleet_cap, retry_after};

#[test]
fn retry_after_header() {
    // 1994-11-06 08:49:37 UTC, the example of RFC 9110.
    const WALL: u64 = 784_111_777;
    let rows: &[(&str, Option<u64>)] = &[
        ("5", Some(5)),
        (" 5 ", Some(5)),
        ("0", Some(0)),
        ("601", Some(600)),
        ("99999999999999999999999", Some(600)),
        ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
        ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
        ("Thu, 29 Feb 2096 00:00:00 GMT", Some(600)),
        ("Sun, 06 Nov 1994 08:49:47 CET", None),
        ("Sun, 06 Foo 1994 08:49:47 GMT", None),
        ("Sun, 00 Nov 1994 08:49:47 GMT", None),
        ("Sun, 06 Nov 1969 08:49:47 GMT", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
    ];
    for (value, expected) in rows {
        let parsed = retry_after::parse(value, Duration::from_secs(WALL));
        assert_eq!(parsed, expected.map(Duration::from_secs), "{value:?}");
    }
}

#[test]
fn backoff_ceilings() {
    use Failed::{Error, Timeout};
    // After these failures the ceiling is so many seconds (base 1 s, cap 30 s).
    let rows: &[(&[Failed], u64)] = &[
        (&[], 1),
        (&[Error], 2),
        (&[Timeout], 4),
        (&[Error, Error, Error], 8),
        (&[Error, Timeout, Error], 16),
        (&[Error; 5], 30),
        (&[Timeout; 3], 30),
        (&[Timeout; 100], 30),
    ];
    for (failures, expected) in rows {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
        for failed in *failures {
            backoff.step(*failed, None, 0.5);
        }
        assert_eq!(backoff.ceiling(), Duration::from_secs(*expected), "{failures:?}");
    }
}

#[test]
fn only_a_success_that_lasts_resets_the_backoff() {
    for (lived_seconds, expected) in [(0, 8), (7, 8), (8, 1), (300, 1)] {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
        for _ in 0..3 {
            backoff.step(Failed::Error, None, 0.0);
        }
        backoff.succeeded(Duration::from_secs(lived_seconds));
        assert_eq!(backoff.ceiling(), Duration::from_secs(expected), "lived {lived_seconds} s");
    }
}

#[test]
fn caps_of_fleets() {
    for (clients, rate, expected) in [(1, 5.0, 30), (150, 5.0, 30), (300, 5.0, 60), (5_000, 10.0, 500)] {
        assert_eq!(fleet_cap(clients, rate).as_secs(), expected, "{clients} clients, {rate}/s");
    }
}

type Spoil = fn(&mut Limits);

#[test]
fn limits_that_cannot_work_are_named() {
    let rows: &[(&str, Spoil)] = &[
        ("requests_per_second", |l| l.requests_per_second = 0.0),
        ("requests_per_second", |l| l.requests_per_second = f64::NAN),
        ("requests_burst", |l| l.requests_burst = 0),
        ("bytes_per_second", |l| l.bytes_per_second = 0),
        ("concurrent_lists", |l| l.concurrent_lists = 0),
        ("open_watches", |l| l.open_watches = 0),
        ("clients", |l| l.clients = 0),
        ("retry_fraction", |l| l.retry_fraction = 1.5),
        ("retry_floor_per_second", |l| l.retry_floor_per_second = f64::INFINITY),
        ("retry_burst", |l| l.retry_burst = 0),
    ];
    for (field, spoil) in rows {
        let mut limits = Limits::default();
        assert_eq!(limits.check(), Ok(()));
        spoil(&mut limits);
        assert_eq!(Budget::new(&limits).map(|_| ()).unwrap_err().field, *field);
    }
}

#[test]
fn bytes_owed_stop_readers_and_requests() {
    let mut budget = Budget::new(&Limits::default()).unwrap();
    let rate = Limits::default().bytes_per_second;
    // Three seconds' worth: one was saved up, two are owed.
    budget.charge(3 * rate, Duration::ZERO);
    let second = Duration::from_secs(1);
    assert!(matches!(budget.read(second), Take::After(wait) if wait.as_millis() == 1000));
    assert!(matches!(budget.request(second), Take::After(_)));
    assert_eq!(budget.request(second * 3), Take::Now);
}
