//! Any order of events: no panic, the limit holds, and nothing is given past its time.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn any_events(events in prop::collection::vec((0u8..8, 0u8..4, 0u32..200, 0.0f64..1.0), 0..200)) {
        let settings = Settings { bytes_max: 3000, ..Settings::default() };
        let mut cache = Cache::new(settings);
        let mut now = Duration::ZERO;
        for (event, which, amount, jitter) in events {
            now += Duration::from_millis(u64::from(amount) * 100);
            let name = name(&format!("n{which}.example"));
            let key = key(&name, 1);
            let asked = question(&name, 1);
            let ask = Ask { id: 7, flags: 0, question: &asked };
            let (bytes, at) = message(&name, 1, 0, amount);
            let kind = if which == 0 { Kind::NxDomain } else { Kind::Positive };
            let answer =
                Answer { message: &bytes, ttl_positions: &[at], ttl_seconds: Some(amount), kind, error: None };
            let mut out = Vec::new();
            match event {
                0..3 => {
                    if let Some(given) = cache.ready(now, key, &ask, &mut out) {
                        let longest = if given.stale { 86_400 + 3600 } else { 3600 };
                        prop_assert!(given.age <= Duration::from_secs(longest));
                        prop_assert_eq!(out.len(), bytes.len());
                    } else {
                        cache.join(now, key);
                    }
                }
                3 => { cache.stale(now, key, &ask, &mut out); }
                4 => cache.complete(now, key, &Fetched::Good(answer), jitter),
                5 => cache.complete(now, key, &Fetched::Bad(Some(answer)), jitter),
                6 => cache.postpone(now, key, now + Duration::from_secs(u64::from(amount))),
                _ => cache.sweep(now),
            }
            prop_assert!(cache.stats().bytes <= 3000);
        }
    }
}
