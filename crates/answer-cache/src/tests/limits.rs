//! The limit in bytes, and what makes room.

use super::*;

fn filled(bytes_max: usize, count: usize) -> Cache {
    let mut cache = Cache::new(Settings { bytes_max, ..Settings::default() });
    for index in 0..count {
        learn(&mut cache, &format!("n{index}.example"));
    }
    cache
}

fn learn(cache: &mut Cache, text: &str) {
    let name = name(text);
    let (message, at) = message(&name, 1, 0, 60);
    let answer = Answer {
        message: &message,
        ttl_positions: &[at],
        ttl_seconds: Some(60),
        kind: Kind::Positive,
        error: None,
    };
    cache.complete(seconds(0.0), key(&name, 1), &Fetched::Good(answer), 0.5);
}

fn knows(cache: &mut Cache, text: &str) -> bool {
    let name = name(text);
    let asked = question(&name, 1);
    let ask = Ask { id: 1, flags: 0, question: &asked };
    cache.ready(seconds(1.0), key(&name, 1), &ask, &mut Vec::new()).is_some()
}

#[test]
fn bytes() {
    let cache = filled(100_000, 10_000);
    let stats = cache.stats();
    assert!(stats.bytes <= 100_000, "{stats:?}");
    assert!(stats.bytes > 99_000, "{stats:?}");
    assert_eq!(stats.entries + stats.evictions, 10_000);
    assert_eq!(cache.count_kinds(), (stats.entries, 0));
}

#[test]
fn who_was_used_stays() {
    let mut cache = filled(100_000, 100);
    assert_eq!(cache.stats().evictions, 0);
    for index in 0..2000 {
        assert!(knows(&mut cache, "n0.example"), "{index}");
        learn(&mut cache, &format!("m{index}.example"));
    }
    assert!(!knows(&mut cache, "n1.example"));
    assert!(knows(&mut cache, "m1999.example"));
}

#[test]
fn what_is_too_large_is_not_kept() {
    let mut cache = filled(20_000, 10);
    let name = name("large.example");
    let (mut message, at) = message(&name, 1, 0, 60);
    message.resize(4000, 0);
    let answer = Answer {
        message: &message,
        ttl_positions: &[at],
        ttl_seconds: Some(60),
        kind: Kind::Positive,
        error: None,
    };
    cache.complete(seconds(0.0), key(&name, 1), &Fetched::Good(answer), 0.5);
    assert!(!knows(&mut cache, "large.example"));
    assert!(knows(&mut cache, "n0.example"));
}

#[test]
fn cleared() {
    let mut cache = filled(100_000, 100);
    cache.clear();
    assert_eq!((cache.stats().entries, cache.stats().bytes), (0, 0));
    learn(&mut cache, "again.example");
    assert!(knows(&mut cache, "again.example"));
}

#[test]
fn flags_are_part_of_the_question() {
    let mut cache = filled(100_000, 1);
    let name = name("n0.example");
    let asked = question(&name, 1);
    let ask = Ask { id: 1, flags: 0, question: &asked };
    for (dnssec_ok, checking_disabled, found) in
        [(false, false, true), (true, false, false), (false, true, false), (true, true, false)]
    {
        let key = Key { dnssec_ok, checking_disabled, ..key(&name, 1) };
        assert_eq!(cache.ready(seconds(1.0), key, &ask, &mut Vec::new()).is_some(), found);
    }
}
