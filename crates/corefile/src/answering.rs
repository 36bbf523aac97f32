//! Small plugins about how queries are answered and recorded.

use crate::arguments::{at_most, no_block, none, number, one, unknown, zones};
use crate::place::Place;
use crate::report::Report;
use crate::tree::Directive;
use crate::zone::Zone;

/// What a query for ANY gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AnyQuery {
    /// As any other type.
    #[default]
    Answer,
    /// One HINFO record, as RFC 8482 has it.
    Minimal,
}

/// Search lists completed for pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Autopath {
    /// Where it stands.
    pub place: Place,
    /// The cluster zones whose search path is completed.
    pub zones: Vec<Zone>,
}

/// Where queries and answers are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dnstap {
    /// Path of a unix socket.
    pub socket: String,
    /// With the messages, not only what they are about.
    pub full: bool,
    /// Who says so; none: the host's name.
    pub identity: Option<String>,
    /// And in which version.
    pub version: Option<String>,
}

/// A class of answers in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogClass {
    /// All of them.
    All,
    /// NOERROR with data.
    Success,
    /// NXDOMAIN and NODATA.
    Denial,
    /// Everything else.
    Error,
}

/// Query log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Log {
    /// Of names in these zones; empty: all.
    pub zones: Vec<Zone>,
    /// Of these classes; empty: all.
    pub classes: Vec<LogClass>,
}

/// `any`
pub(crate) fn any(directive: &Directive, report: &mut Report) -> AnyQuery {
    none(directive, report);
    AnyQuery::Minimal
}

/// `autopath [ZONE...] @kubernetes`
pub(crate) fn autopath(directive: &Directive, report: &mut Report) -> Option<Autopath> {
    no_block(directive, report);
    match directive.arguments.split_last() {
        Some((source, named)) if source.text == "@kubernetes" => {
            Some(Autopath { place: directive.name.place.clone(), zones: zones(named, report) })
        }
        Some((source, _)) => {
            report.refuse(
                source,
                "only the cluster's search paths can be completed",
                "write `autopath @kubernetes`",
            );
            None
        }
        None => {
            report.refuse(&directive.name, "needs a source", "write `autopath @kubernetes`");
            None
        }
    }
}

/// `bufsize [SIZE]`; 1232 by default, as the DNS flag day of 2020 has it.
pub(crate) fn bufsize(directive: &Directive, report: &mut Report) -> Option<u16> {
    const BYTES: u16 = 1232;
    no_block(directive, report);
    match at_most(directive, 1, report) {
        [size] => number(size, 512..=4096, report).and_then(|size| u16::try_from(size).ok()),
        _ => Some(BYTES),
    }
}

/// `dnstap SOCKET [full] { identity NAME; version TEXT }`
pub(crate) fn dnstap(directive: &Directive, report: &mut Report) -> Option<Dnstap> {
    let Some(target) = directive.arguments.first() else {
        report.refuse(&directive.name, "needs a socket", "write for example `dnstap /run/dnstap.sock full`");
        return None;
    };
    let path = target.text.strip_prefix("unix://").unwrap_or(&target.text);
    if !path.starts_with('/') {
        report.refuse(target, "only unix sockets are supported", "write `unix:///path/of/socket`");
        return None;
    }
    let mut settings = Dnstap { socket: path.to_owned(), full: false, identity: None, version: None };
    for word in &directive.arguments[1..] {
        match word.text.as_str() {
            "full" => settings.full = true,
            _ => report.refuse(word, "not an option of `dnstap`", "write `full`, or nothing"),
        }
    }
    for option in directive.options() {
        match option.name.text.as_str() {
            "identity" => settings.identity = one(option, report).map(|word| word.text.clone()),
            "version" => settings.version = one(option, report).map(|word| word.text.clone()),
            _ => unknown(option, "dnstap", "identity, version", report),
        }
    }
    Some(settings)
}

/// `errors`, whose options only shape the text of its log.
pub(crate) fn errors(directive: &Directive, report: &mut Report) -> bool {
    for word in &directive.arguments {
        report.refuse(word, "an argument too many", "write `errors` alone");
    }
    for option in directive.options() {
        match option.name.text.as_str() {
            "consolidate" | "stacktrace" => {
                report.note(&option.name, "has no effect: repeated errors are counted, not printed");
            }
            _ => unknown(option, "errors", "consolidate, stacktrace", report),
        }
    }
    true
}

/// `loadbalance [round_robin]`
pub(crate) fn loadbalance(directive: &Directive, report: &mut Report) -> bool {
    for option in directive.options() {
        report.refuse(&option.name, "weights and preferences are not supported", "remove it");
    }
    for word in at_most(directive, 1, report) {
        if word.text != "round_robin" {
            report.refuse(
                word,
                "not a way to order answers that is supported",
                "write `loadbalance round_robin`",
            );
        }
    }
    true
}

/// `log [NAMES...] [FORMAT] { class CLASSES... }`; several add up.
pub(crate) fn log(directive: &Directive, earlier: Option<Log>, report: &mut Report) -> Log {
    let mut settings = earlier.unwrap_or_default();
    for word in &directive.arguments {
        if word.text.contains('{') || word.text.contains(' ') {
            report.note(word, "has no effect: the log has one format, with named fields");
        } else {
            settings.zones.extend(zones(std::slice::from_ref(word), report));
        }
    }
    for option in directive.options() {
        if option.name.text != "class" {
            unknown(option, "log", "class", report);
            continue;
        }
        for word in &option.arguments {
            match word.text.as_str() {
                "all" => settings.classes.push(LogClass::All),
                "success" => settings.classes.push(LogClass::Success),
                "denial" => settings.classes.push(LogClass::Denial),
                "error" => settings.classes.push(LogClass::Error),
                _ => report.refuse(word, "not a class of answers", "write all, success, denial or error"),
            }
        }
    }
    settings
}
