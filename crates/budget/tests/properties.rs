//! What must hold for every input: rates over any window, waits that are never too short, caps.

use std::time::Duration;

use budget::{Backoff, Budget, Debt, Failed, Limits, Rate, RetryBudget, Slots, Take, fleet_base, fleet_cap};
use proptest::prelude::*;

/// Lets a clock run by `gaps`, asks `step` at each, and returns when it said yes.
fn grants(gaps_ms: &[u64], mut step: impl FnMut(Duration) -> Take) -> Vec<f64> {
    let mut now = Duration::ZERO;
    let mut granted = Vec::new();
    for gap in gaps_ms {
        now += Duration::from_millis(*gap);
        if step(now) == Take::Now {
            granted.push(now.as_secs_f64());
        }
    }
    granted
}

proptest! {
    #[test]
    fn no_window_holds_more_than_burst_and_rate(
        per_second in 0.1f64..50.0, burst in 1u32..20, gaps in prop::collection::vec(0u64..400, 1..300)
    ) {
        let mut rate = Rate::new(per_second, burst);
        let granted = grants(&gaps, |now| rate.step(now));
        for (first, from) in granted.iter().enumerate() {
            for (last, to) in granted.iter().enumerate().skip(first) {
                let allowed = f64::from(burst) + per_second * (to - from);
                prop_assert!((last - first + 1) as f64 <= allowed + 1e-6);
            }
        }
    }

    #[test]
    fn waiting_as_told_is_enough(per_second in 0.01f64..1000.0, burst in 1u32..20, asks in 1usize..100) {
        let mut rate = Rate::new(per_second, burst);
        let mut now = Duration::ZERO;
        for _ in 0..asks {
            if let Take::After(wait) = rate.step(now) {
                now += wait;
                prop_assert_eq!(rate.step(now), Take::Now);
            }
        }
    }

    #[test]
    fn bytes_stay_within_rate_burst_and_one_read(
        per_second in 1u64..100_000, burst in 0u64..100_000, reads in prop::collection::vec(1u64..50_000, 1..200)
    ) {
        let mut debt = Debt::new(per_second, burst);
        let mut now = Duration::ZERO;
        let mut total = 0;
        for bytes in &reads {
            if let Take::After(wait) = debt.step(now) {
                now += wait;
                prop_assert_eq!(debt.step(now), Take::Now);
            }
            prop_assert!(total as f64 <= burst as f64 + per_second as f64 * now.as_secs_f64() + 1e-3);
            debt.charge(*bytes, now);
            total += bytes;
        }
    }

    #[test]
    fn a_timeout_is_never_retried_sooner_than_an_error(
        failures in prop::collection::vec(any::<bool>(), 0..30), randoms in prop::collection::vec(0.0f64..1.0, 30..31),
        retry_after in proptest::option::of(0u64..100), cap_seconds in 1u64..1000
    ) {
        let new = || Backoff::new(Duration::from_secs(1), Duration::from_secs(cap_seconds));
        let retry_after = retry_after.map(Duration::from_secs);
        // The same history but that some errors were timeouts.
        let (mut errors, mut mixed) = (new(), new());
        for (timeout, random) in failures.iter().zip(&randoms) {
            let failed = if *timeout { Failed::Timeout } else { Failed::Error };
            let wait_error = errors.step(Failed::Error, retry_after, *random);
            let wait_mixed = mixed.step(failed, retry_after, *random);
            prop_assert!(wait_mixed >= wait_error);
            prop_assert!(wait_error >= retry_after.unwrap_or_default());
            prop_assert!(wait_mixed <= retry_after.unwrap_or_default() + Duration::from_secs(cap_seconds));
        }
    }

    #[test]
    fn the_cap_grows_with_clients_and_shrinks_with_rate(clients in 1u32..100_000, rate in 0.1f64..100.0) {
        let cap = fleet_cap(clients, rate);
        prop_assert!(cap >= Duration::from_secs(30));
        prop_assert!(fleet_cap(clients + 1, rate) >= cap);
        prop_assert!(fleet_cap(clients, rate * 2.0) <= cap);
        prop_assert!(fleet_base(clients, rate) <= cap);
        // All clients asking once per cap ask no more than the rate.
        prop_assert!(f64::from(clients) / cap.as_secs_f64() <= rate.max(f64::from(clients) / 30.0) + 1e-6);
    }

    #[test]
    fn retries_are_a_fraction_of_successes_plus_a_floor(
        steps in prop::collection::vec((any::<bool>(), 0u64..500), 1..300), fraction in 0.0f64..1.0, floor in 0.01f64..5.0
    ) {
        let mut retries = RetryBudget::new(fraction, floor, 5);
        let (mut now, mut successes, mut granted) = (Duration::ZERO, 0u32, 0u32);
        for (success, gap) in steps {
            now += Duration::from_millis(gap);
            if success {
                retries.succeeded();
                successes += 1;
            } else if retries.step(now) == Take::Now {
                granted += 1;
            }
            let allowed = f64::from(successes) * fraction + floor * now.as_secs_f64() + 5.0;
            prop_assert!(f64::from(granted) <= allowed + 1e-6);
        }
    }

    #[test]
    fn slots_are_never_oversold(limit in 0u32..5, asks in prop::collection::vec(any::<bool>(), 0..100)) {
        let mut slots = Slots::new(limit);
        let mut held = 0;
        for take in asks {
            match take {
                true if slots.step() => held += 1,
                false if held > 0 => { slots.give_back(); held -= 1; }
                _ => {}
            }
            prop_assert_eq!(slots.used(), held);
            prop_assert!(held <= limit);
        }
    }

    #[test]
    fn nothing_goes_out_while_the_server_asked_for_a_pause(pause in 1u64..600, asked in 0u64..600) {
        let mut budget = Budget::new(&Limits::default()).unwrap();
        budget.hold(Duration::from_secs(pause), Duration::ZERO);
        // A shorter pause does not shorten a longer one.
        budget.hold(Duration::from_secs(1), Duration::ZERO);
        let answer = budget.request(Duration::from_secs(asked));
        prop_assert_eq!(answer == Take::Now, asked >= pause);
    }

    #[test]
    fn any_retry_after_is_read_without_panic(text in "\\PC{0,40}", wall in 0u64..1 << 40) {
        let parsed = budget::retry_after::parse(&text, Duration::from_secs(wall));
        prop_assert!(parsed.unwrap_or_default() <= Duration::from_secs(budget::retry_after::SECONDS_MAX));
    }
}
