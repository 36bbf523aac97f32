//! `forward`: who is asked for names that are not ours.

use std::net::IpAddr;
use std::time::Duration;

use crate::arguments::{at_most, none, number, one, rcode, some, time, unknown, zone, zones};
use crate::lexer::Word;
use crate::place::Place;
use crate::report::Report;
use crate::tree::Directive;
use crate::upstream::{self, Upstream};
use crate::zone::Zone;

/// CoreDNS's limit.
const UPSTREAMS_MAX: usize = 15;
/// Options that are times are seconds or minutes; a day is already a mistake.
const TIME_MAX: Duration = Duration::from_secs(86_400);
/// Room for every concurrent query that memory could hold, at 2 KiB each: 2 GiB.
const CONCURRENT_MAX: u32 = 1 << 20;

/// Which upstream is asked first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// Any.
    #[default]
    Random,
    /// In turn.
    RoundRobin,
    /// In the order of the file: later ones are spares.
    Sequential,
}

/// How an upstream that failed is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    /// Between two looks.
    pub interval: Duration,
    /// The check asks for recursion.
    pub recursion_desired: bool,
    /// NS of this name is asked for.
    pub domain: Zone,
}

/// Files for DNS over TLS.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tls {
    /// Our certificate and its key.
    pub identity: Option<(String, String)>,
    /// Who signs the upstreams' certificates; none: the system's authorities.
    pub authorities: Option<String>,
}

/// One `forward`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forward {
    /// Where it stands.
    pub place: Place,
    /// Names in this zone.
    pub from: Zone,
    /// But not in these.
    pub except: Vec<Zone>,
    /// At least one.
    pub upstreams: Vec<Upstream>,
    /// TCP always.
    pub force_tcp: bool,
    /// UDP first, also for queries that came over TCP.
    pub prefer_udp: bool,
    /// Idle connections are closed after this time.
    pub expire: Duration,
    /// And any connection after this one; none: never.
    pub max_age: Option<Duration>,
    /// Idle connections kept for each upstream; none: as many as there were.
    pub max_idle_connections: Option<u32>,
    /// For one attempt.
    pub read_timeout: Duration,
    /// Failures in a row after which an upstream is down; 0: never.
    pub max_fails: u32,
    /// Attempts for one query; none: twice the number of upstreams.
    pub max_connect_attempts: Option<u32>,
    /// For DNS over TLS.
    pub tls: Tls,
    /// The name on the certificates.
    pub server_name: Option<String>,
    /// Who is asked first.
    pub policy: Policy,
    /// How failed upstreams are looked at.
    pub health_check: HealthCheck,
    /// Queries at once; more are refused.
    pub max_concurrent: Option<u32>,
    /// SERVFAIL at once while all upstreams are down, instead of trying one.
    pub failfast: bool,
    /// Response codes after which the next upstream is asked.
    pub failover: Vec<u16>,
    /// Our own address towards the upstreams.
    pub source_address: Option<IpAddr>,
}

pub(crate) fn read(directive: &Directive, report: &mut Report) -> Option<Forward> {
    let [from, to @ ..] = directive.arguments.as_slice() else {
        report.refuse(&directive.name, "needs a zone and upstreams", "write `forward . /etc/resolv.conf`");
        return None;
    };
    let from = zones(std::slice::from_ref(from), report);
    if from.len() > 1 {
        report.refuse(
            &directive.arguments[0],
            "covers several reverse zones",
            "write one `forward` for each",
        );
    }
    let mut settings = Forward {
        place: directive.name.place.clone(),
        from: from.into_iter().next()?,
        except: Vec::new(),
        upstreams: upstreams(directive, to, report),
        force_tcp: false,
        prefer_udp: false,
        expire: Duration::from_secs(10),
        max_age: None,
        max_idle_connections: None,
        read_timeout: Duration::from_secs(2),
        max_fails: 2,
        max_connect_attempts: None,
        tls: Tls::default(),
        server_name: None,
        policy: Policy::default(),
        health_check: HealthCheck {
            interval: Duration::from_millis(500),
            recursion_desired: true,
            domain: Zone::root(),
        },
        max_concurrent: None,
        failfast: false,
        failover: Vec::new(),
        source_address: None,
    };
    for option in directive.options() {
        read_option(option, &mut settings, report);
    }
    names(directive, &settings, report);
    Some(settings)
}

fn upstreams(directive: &Directive, to: &[Word], report: &mut Report) -> Vec<Upstream> {
    if to.is_empty() {
        report.refuse(&directive.name, "names no upstream", "add an address or /etc/resolv.conf");
    }
    if let Some(extra) = to.get(UPSTREAMS_MAX) {
        report.refuse(extra, format!("more than {UPSTREAMS_MAX} upstreams"), "name fewer");
    }
    let mut found = Vec::new();
    for word in to.iter().take(UPSTREAMS_MAX) {
        let upstream = upstream::read(word, report);
        found.extend(upstream.filter(|upstream| !found.contains(upstream)));
    }
    found
}

/// A certificate must be for somebody.
fn names(directive: &Directive, settings: &Forward, report: &mut Report) {
    for upstream in &settings.upstreams {
        match (upstream, &settings.server_name) {
            (Upstream::Tls(_, Some(_)), Some(_)) => {
                report.refuse(
                    &directive.name,
                    "the name on a certificate is given twice",
                    "remove `tls_servername`",
                );
            }
            (Upstream::Tls(address, None), None) => {
                let why =
                    format!("without `tls_servername`, {address} must show a certificate for its address");
                report.note(&directive.name, why);
            }
            _ => {}
        }
    }
}

const OPTIONS: &str = "except, force_tcp, prefer_udp, expire, max_age, max_idle_conns, read_timeout, max_fails, \
    max_connect_attempts, tls, tls_servername, policy, health_check, max_concurrent, \
    failfast_all_unhealthy_upstreams, failover, source_address";

fn read_option(option: &Directive, settings: &mut Forward, report: &mut Report) {
    match option.name.text.as_str() {
        "except" => settings.except.extend(zones(some(option, report), report)),
        "force_tcp" => settings.force_tcp = none(option, report),
        "prefer_udp" => settings.prefer_udp = none(option, report),
        "expire" => set(&mut settings.expire, one_time(option, report)),
        "max_age" => settings.max_age = one_time(option, report).filter(|age| !age.is_zero()),
        "max_idle_conns" => {
            settings.max_idle_connections = one_number(option, report).filter(|most| *most > 0)
        }
        "read_timeout" => match one_time(option, report) {
            Some(Duration::ZERO) => report.refuse(&option.name, "no time to answer", "give at least `100ms`"),
            other => set(&mut settings.read_timeout, other),
        },
        "max_fails" => set(&mut settings.max_fails, one_number(option, report)),
        "max_connect_attempts" => settings.max_connect_attempts = one_number(option, report),
        "tls" => settings.tls = tls(option, report),
        "tls_servername" => settings.server_name = one(option, report).map(|word| word.text.clone()),
        "policy" => set(&mut settings.policy, policy(option, report)),
        "health_check" => health_check(option, &mut settings.health_check, report),
        "max_concurrent" => settings.max_concurrent = one_number(option, report).filter(|most| *most > 0),
        "failfast_all_unhealthy_upstreams" => settings.failfast = none(option, report),
        "failover" => {
            for word in some(option, report) {
                match rcode(word, report) {
                    Some(0) => report.refuse(word, "a good answer is no reason to ask another", "remove it"),
                    code => settings.failover.extend(code),
                }
            }
        }
        "source_address" => settings.source_address = source_address(option, report),
        "next" | "next_on_nodata" => {
            report.refuse(&option.name, "a chain of forwarders is not supported", "use `failover`");
        }
        "doh_method" => report.refuse(&option.name, "DNS over HTTPS is not supported", "use tls://"),
        "resolver" => {
            report.refuse(&option.name, "host names as upstreams are not supported", "use addresses")
        }
        _ => unknown(option, "forward", OPTIONS, report),
    }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

fn one_time(option: &Directive, report: &mut Report) -> Option<Duration> {
    one(option, report).and_then(|word| time(word, TIME_MAX, report))
}

fn one_number(option: &Directive, report: &mut Report) -> Option<u32> {
    one(option, report).and_then(|word| number(word, 0..=CONCURRENT_MAX, report))
}

fn policy(option: &Directive, report: &mut Report) -> Option<Policy> {
    let word = one(option, report)?;
    match word.text.as_str() {
        "random" => Some(Policy::Random),
        "round_robin" => Some(Policy::RoundRobin),
        "sequential" => Some(Policy::Sequential),
        _ => {
            report.refuse(word, "not a policy", "write random, round_robin or sequential");
            None
        }
    }
}

/// `tls`, `tls CA`, `tls CERT KEY`, `tls CERT KEY CA`
fn tls(option: &Directive, report: &mut Report) -> Tls {
    at_most(option, 3, report);
    match option.texts().as_slice() {
        [] => Tls::default(),
        [ca] => Tls { identity: None, authorities: Some((*ca).to_owned()) },
        [cert, key] => Tls { identity: Some(((*cert).to_owned(), (*key).to_owned())), authorities: None },
        [cert, key, ca, ..] => Tls {
            identity: Some(((*cert).to_owned(), (*key).to_owned())),
            authorities: Some((*ca).to_owned()),
        },
    }
}

/// `health_check DURATION [no_rec] [domain FQDN]`
fn health_check(option: &Directive, check: &mut HealthCheck, report: &mut Report) {
    let [interval, rest @ ..] = option.arguments.as_slice() else {
        report.refuse(&option.name, "needs an interval", "write for example `health_check 500ms`");
        return;
    };
    match time(interval, TIME_MAX, report) {
        Some(Duration::ZERO) => report.refuse(interval, "checks without a pause", "give at least `100ms`"),
        other => set(&mut check.interval, other),
    }
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        match (word.text.as_str(), word) {
            ("no_rec", _) => check.recursion_desired = false,
            ("domain", _) => match words.next() {
                Some(name) => set(&mut check.domain, zone(name, report)),
                None => report.refuse(word, "needs a name", "write `domain example.org`"),
            },
            _ => report.refuse(word, "not an option of `health_check`", "it has: no_rec, domain NAME"),
        }
    }
}

fn source_address(option: &Directive, report: &mut Report) -> Option<IpAddr> {
    let word = one(option, report)?;
    let address = word.text.parse().ok();
    if address.is_none() {
        report.refuse(word, "not an address", "write one of this node's addresses");
    }
    address
}
