//! Runs a script against a cache. A line is `TIME EVENT NAME[/TYPE] [ARGUMENTS] [-> EXPECTED]`.
//!
//! Events: `ask` (ready, then join), `answer ttl=N [nx|nodata|nosoa]`, `servfail`, `timeout`, `late` (take the stale answer),
//! `postpone until=T`, `sweep`.

use super::*;

/// Runs every line; panics with the line that went otherwise.
pub(super) fn run(settings: Settings, script: &str) {
    let mut cache = Cache::new(settings);
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (event, expected) = match line.split_once("->") {
            Some((event, expected)) => (event, expected.trim()),
            None => (line, ""),
        };
        let words: Vec<&str> = event.split_whitespace().collect();
        let now = seconds(words[0].parse().unwrap());
        let (text, record_type) = match words[2].split_once('/') {
            Some((text, record_type)) => (text, record_type.parse().unwrap()),
            None => (words[2], 1),
        };
        let came = step(&mut cache, now, words[1], &name(text), record_type, &words[3..]);
        assert_eq!(came, expected, "{line}");
    }
}

fn step(
    cache: &mut Cache,
    now: Duration,
    event: &str,
    name: &[u8],
    record_type: u16,
    words: &[&str],
) -> String {
    let key = key(name, record_type);
    let asked: Vec<u8> = question(&name.to_ascii_uppercase(), record_type);
    let ask = Ask { id: 0x1234, flags: 0x0100, question: &asked };
    let mut out = Vec::new();
    match event {
        "ask" => match cache.ready(now, key, &ask, &mut out) {
            Some(given) => shown(&given, &out, &ask),
            None => match cache.join(now, key) {
                Joined::Lead { stale_at } => joined("lead", stale_at),
                Joined::Wait { stale_at } => joined("wait", stale_at),
                Joined::Full => "full".to_owned(),
            },
        },
        "late" => match cache.stale(now, key, &ask, &mut out) {
            Some(given) => shown(&given, &out, &ask),
            None => "nothing".to_owned(),
        },
        "answer" => {
            let kind = match (words.contains(&"nx"), words.contains(&"nodata")) {
                (true, _) => Kind::NxDomain,
                (_, true) => Kind::NoData,
                _ => Kind::Positive,
            };
            let ttl = argument(words, "ttl=").unwrap() as u32;
            let (message, at) = message(name, record_type, if kind == Kind::NxDomain { 3 } else { 0 }, ttl);
            let ttl_seconds = (!words.contains(&"nosoa")).then_some(ttl);
            let answer = Answer { message: &message, ttl_positions: &[at], ttl_seconds, kind, error: None };
            cache.complete(now, key, &Fetched::Good(answer), 0.0);
            String::new()
        }
        "servfail" => {
            let (message, _) = message(name, record_type, 2, 0);
            let answer = Answer {
                message: &message,
                ttl_positions: &[],
                ttl_seconds: None,
                kind: Kind::Failure,
                error: Some((22, "no reachable authority")),
            };
            cache.complete(now, key, &Fetched::Bad(Some(answer)), 0.0);
            String::new()
        }
        "timeout" => {
            cache.complete(now, key, &Fetched::Bad(None), 0.0);
            String::new()
        }
        "postpone" => {
            cache.postpone(now, key, seconds(argument(words, "until=").unwrap()));
            String::new()
        }
        "sweep" => {
            cache.sweep(now);
            format!("entries={}", cache.stats().entries)
        }
        _ => panic!("no such event: {event}"),
    }
}

fn argument(words: &[&str], name: &str) -> Option<f64> {
    words.iter().find_map(|word| word.strip_prefix(name)).map(|value| value.parse().unwrap())
}

fn joined(word: &str, stale_at: Option<Duration>) -> String {
    match stale_at {
        Some(at) => format!("{word} stale-at={}", at.as_secs_f64()),
        None => word.to_owned(),
    }
}

/// The answer as a client sees it: id, question and TTL are checked on the octets.
fn shown(given: &Given, out: &[u8], ask: &Ask<'_>) -> String {
    assert_eq!(&out[..2], &ask.id.to_be_bytes());
    assert_eq!(out[2] & 1, 1, "RD as asked");
    assert_eq!(&out[12..12 + ask.question.len()], ask.question, "the question with its case");
    let at = 12 + ask.question.len() + 6;
    let ttl = u32::from_be_bytes(out[at..at + 4].try_into().unwrap());
    let mut text = match (given.kind, given.stale) {
        (Kind::Failure, _) => {
            assert_eq!(given.error, Some((22, "no reachable authority".to_owned())));
            return "failure".to_owned();
        }
        (_, true) => format!("stale ttl={ttl}"),
        (_, false) => format!("fresh ttl={ttl}"),
    };
    text.push_str(match given.kind {
        Kind::NxDomain => " nx",
        Kind::NoData => " nodata",
        _ => "",
    });
    text.push_str(if given.refresh { " refresh" } else { "" });
    text
}
