//! Plugins that open an HTTP port, and `reload`.

use std::time::Duration;

use crate::arguments::{at_most, no_block, one, time, unknown};
use crate::expand::Pillar;
use crate::lexer::Word;
use crate::place::Place;
use crate::report::Report;
use crate::tree::Directive;

/// Where HTTP listens. A host may be missing (`:8080`: all addresses) or a name (`localhost`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Where it stands.
    pub place: Place,
    /// Empty: all addresses.
    pub host: String,
    /// Not 0.
    pub port: u16,
}

/// `/health`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Where.
    pub endpoint: Endpoint,
    /// Queries are still answered for this time after the signal to stop.
    pub lameduck: Duration,
}

/// `/ready`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// Where.
    pub endpoint: Endpoint,
}

/// How often the file is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reload {
    /// Every so often.
    pub interval: Duration,
    /// Earlier or later by up to this.
    pub jitter: Duration,
}

/// Kubernetes kills a pod that takes longer by default (30 s); ten times that for patient ones.
const LAMEDUCK_MAX: Duration = Duration::from_secs(300);

/// `health [ADDRESS] { lameduck DURATION }`
pub(crate) fn health(directive: &Directive, report: &mut Report) -> Option<Health> {
    let mut lameduck = Duration::ZERO;
    for option in directive.options() {
        match option.name.text.as_str() {
            "lameduck" => {
                if let Some(found) = one(option, report).and_then(|word| time(word, LAMEDUCK_MAX, report)) {
                    lameduck = found;
                }
            }
            _ => unknown(option, "health", "lameduck", report),
        }
    }
    let endpoint = endpoint(directive, "", 8080, report)?;
    Some(Health { endpoint, lameduck })
}

/// `ready [ADDRESS] { monitor until-ready|continuously }`
pub(crate) fn ready(directive: &Directive, report: &mut Report) -> Option<Ready> {
    for option in directive.options() {
        match (option.name.text.as_str(), one(option, report).map(|word| word.text.as_str())) {
            ("monitor", Some("until-ready" | "continuously")) => {
                report.note(&option.name, "has no effect: ready means that answers are there, and they stay");
            }
            ("monitor", Some(_)) => {
                report.refuse(&option.name, "not a way to look", "write until-ready or continuously");
            }
            ("monitor", None) => {}
            _ => unknown(option, "ready", "monitor", report),
        }
    }
    Some(Ready { endpoint: endpoint(directive, "", 8181, report)? })
}

/// `prometheus [ADDRESS]`
pub(crate) fn prometheus(directive: &Directive, report: &mut Report) -> Option<Endpoint> {
    no_block(directive, report);
    endpoint(directive, "localhost", 9153, report)
}

/// `reload [INTERVAL] [JITTER]`
pub(crate) fn reload(directive: &Directive, report: &mut Report) -> Option<Reload> {
    const DAY: Duration = Duration::from_secs(86_400);
    const INTERVAL_MIN: Duration = Duration::from_secs(2);
    no_block(directive, report);
    let mut words = at_most(directive, 2, report).iter();
    let interval = match words.next() {
        None => Duration::from_secs(30),
        Some(word) if word.text == "0" || word.text == "0s" => return None,
        Some(word) => time(word, DAY, report)?.max(INTERVAL_MIN),
    };
    let jitter = match words.next() {
        None => Duration::from_secs(15),
        Some(word) => time(word, DAY, report)?,
    };
    Some(Reload { interval, jitter: jitter.min(interval / 2) })
}

fn endpoint(directive: &Directive, host: &str, port: u16, report: &mut Report) -> Option<Endpoint> {
    let place = directive.name.place.clone();
    let [word, ..] = at_most(directive, 1, report) else {
        return Some(Endpoint { place, host: host.to_owned(), port });
    };
    match host_and_port(word) {
        Some((host, port)) if Pillar::of(host).is_some() => {
            report.note(word, "nothing stands in its place; it listens where DNS does");
            Some(Endpoint { place, host: String::new(), port })
        }
        Some((host, port)) => Some(Endpoint { place, host: host.to_owned(), port }),
        None => {
            report.refuse(word, "not a place to listen", "write `HOST:PORT` or `:PORT`");
            None
        }
    }
}

fn host_and_port(word: &Word) -> Option<(&str, u16)> {
    let (host, port) = word.text.rsplit_once(':')?;
    let port = port.parse().ok().filter(|port| *port != 0)?;
    let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    Some((host, port))
}
