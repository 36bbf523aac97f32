//! What an upstream gets when it comes back to a thousand nodes with empty caches.

use budget::Take;

use super::*;

/// How many of `wanted` questions a second get through in each of the seconds from `from` on; the clients wait for none.
fn let_through(pace: &mut Pace, from: u32, seconds_count: u32, wanted: u32, background: bool) -> Vec<u32> {
    (from..from + seconds_count)
        .map(|second| {
            let asked = (0..wanted).filter(|index| {
                let now = seconds(f64::from(second) + f64::from(*index) / f64::from(wanted));
                let take = if background { pace.refresh(now, 0.0) } else { pace.client(now) };
                take == Take::Now
            });
            asked.count() as u32
        })
        .collect()
}

fn check(found: &[u32], bounds: &[(u32, u32)]) {
    assert_eq!(found.len(), bounds.len());
    for (found_one, (least, most)) in found.iter().zip(bounds) {
        assert!((least..=most).contains(&found_one), "{found:?} {bounds:?}");
    }
}

#[test]
fn clients() {
    let mut pace =
        Pace::new(PaceSettings { per_second: 1000.0, start_per_second: 10.0, spread: seconds(10.0) });
    // A burst of one second's worth, then the rate.
    check(&let_through(&mut pace, 0, 3, 3000, false), &[(1990, 2001), (990, 1001), (990, 1001)]);
    pace.away(seconds(3.0));
    check(&let_through(&mut pace, 3, 3, 3000, false), &[(9, 21), (9, 11), (9, 11)]);
    pace.back(seconds(6.0));
    // Doubling each second: 10, 20, 40, ... and no burst of what was held back.
    let growing = let_through(&mut pace, 6, 10, 3000, false);
    check(&growing[..4], &[(10, 25), (20, 45), (40, 90), (80, 180)]);
    check(&growing[7..], &[(700, 1500), (990, 1001), (990, 1001)]);
}

#[test]
fn background() {
    let mut pace =
        Pace::new(PaceSettings { per_second: 1000.0, start_per_second: 10.0, spread: seconds(10.0) });
    // Half of the burst is for clients.
    check(&let_through(&mut pace, 0, 2, 3000, true), &[(1400, 1501), (990, 1001)]);
    pace.away(seconds(2.0));
    check(&let_through(&mut pace, 2, 2, 3000, true), &[(0, 0), (0, 0)]);
    pace.back(seconds(4.0));
    for (jitter, waits) in [(0.0, 0.0), (0.5, 5.0), (0.9, 9.0)] {
        let take = pace.clone().refresh(seconds(4.0), jitter);
        match take {
            Take::After(wait) if waits > 0.0 => assert_eq!(wait, seconds(waits)),
            Take::Now | Take::After(_) => assert!(waits < 1.0, "{take:?}"),
        }
    }
}

#[test]
fn the_wait_is_long_enough() {
    let mut pace = Pace::new(PaceSettings { per_second: 2.0, start_per_second: 1.0, spread: seconds(10.0) });
    let mut now = seconds(0.0);
    for _ in 0..10 {
        while let Take::After(wait) = pace.client(now) {
            now += wait;
        }
    }
    assert!(now >= seconds(3.9) && now < seconds(4.2), "{now:?}");
}
