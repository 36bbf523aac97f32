//! Arguments of a directive, read as what they must be; each failure is a refusal.

use std::time::Duration;

use crate::duration::duration;
use crate::lexer::Word;
use crate::report::Report;
use crate::tree::Directive;
use crate::zone::{Fallthrough, Zone};

/// The only argument.
pub(crate) fn one<'a>(directive: &'a Directive, report: &mut Report) -> Option<&'a Word> {
    no_block(directive, report);
    match directive.arguments.as_slice() {
        [only] => Some(only),
        other => {
            report.refuse(&directive.name, format!("needs one argument and has {}", other.len()), "give one");
            None
        }
    }
}

/// Nothing after the name, not even braces.
pub(crate) fn none(directive: &Directive, report: &mut Report) -> bool {
    no_block(directive, report);
    let empty = directive.arguments.is_empty();
    if !empty {
        report.refuse(
            &directive.arguments[0],
            "an argument too many",
            format!("write `{}` alone", directive.name.text),
        );
    }
    empty
}

/// At least one argument.
pub(crate) fn some<'a>(directive: &'a Directive, report: &mut Report) -> &'a [Word] {
    no_block(directive, report);
    if directive.arguments.is_empty() {
        report.refuse(&directive.name, "needs an argument", "give at least one");
    }
    &directive.arguments
}

/// At most `most` arguments.
pub(crate) fn at_most<'a>(directive: &'a Directive, most: usize, report: &mut Report) -> &'a [Word] {
    if let Some(extra) = directive.arguments.get(most) {
        report.refuse(
            extra,
            "an argument too many",
            format!("`{}` takes at most {most}", directive.name.text),
        );
    }
    &directive.arguments[..most.min(directive.arguments.len())]
}

/// No braces after the arguments.
pub(crate) fn no_block(directive: &Directive, report: &mut Report) {
    if directive.block.as_ref().is_some_and(|lines| !lines.is_empty()) {
        report.refuse(&directive.name, "options in braces that it does not have", "remove the braces");
    }
}

/// A whole number within `range`.
pub(crate) fn number(word: &Word, range: std::ops::RangeInclusive<u32>, report: &mut Report) -> Option<u32> {
    let number = word.text.parse().ok().filter(|number| range.contains(number));
    if number.is_none() {
        let advice = format!("give a whole number from {} to {}", range.start(), range.end());
        report.refuse(word, "not a number in the range", advice);
    }
    number
}

/// A duration of at most `most`.
pub(crate) fn time(word: &Word, most: Duration, report: &mut Report) -> Option<Duration> {
    let time = duration(&word.text).filter(|time| *time <= most);
    if time.is_none() {
        let advice = format!("write for example `500ms`, `10s` or `1h30m`, at most {}s", most.as_secs());
        report.refuse(word, "not a duration that is allowed here", advice);
    }
    time
}

/// One zone.
pub(crate) fn zone(word: &Word, report: &mut Report) -> Option<Zone> {
    Zone::new(&word.text)
        .map_err(|error| report.refuse(word, format!("not a domain name: {error}"), "correct the name"))
        .ok()
}

/// Zones, addresses with prefix lengths among them.
pub(crate) fn zones(words: &[Word], report: &mut Report) -> Vec<Zone> {
    let mut found = Vec::new();
    for word in words {
        match Zone::all(&word.text) {
            Ok(zones) => found.extend(zones),
            Err(error) => report.refuse(word, format!("not a zone: {error}"), "correct the name"),
        }
    }
    found
}

/// `fallthrough [ZONES...]`
pub(crate) fn fallthrough(directive: &Directive, report: &mut Report) -> Fallthrough {
    no_block(directive, report);
    if directive.arguments.is_empty() {
        return Fallthrough::Always;
    }
    Fallthrough::In(zones(&directive.arguments, report))
}

/// A response code by name or number (IANA's list).
pub(crate) fn rcode(word: &Word, report: &mut Report) -> Option<u16> {
    const NAMES: [&str; 11] = [
        "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET",
        "NOTAUTH", "NOTZONE",
    ];
    let upper = word.text.to_ascii_uppercase();
    let named = NAMES.iter().position(|name| *name == upper).and_then(|at| u16::try_from(at).ok());
    let code = named.or_else(|| word.text.parse().ok().filter(|code| usize::from(*code) < NAMES.len()));
    if code.is_none() {
        report.refuse(word, "not a response code", format!("write one of {}", NAMES.join(", ")));
    }
    code
}

/// A record type by name, `TYPE123` or number; ANY is 255.
pub(crate) fn record_type(word: &Word, report: &mut Report) -> Option<u16> {
    const NAMES: [(&str, u16); 26] = [
        ("A", 1),
        ("NS", 2),
        ("CNAME", 5),
        ("SOA", 6),
        ("PTR", 12),
        ("HINFO", 13),
        ("MX", 15),
        ("TXT", 16),
        ("AAAA", 28),
        ("LOC", 29),
        ("SRV", 33),
        ("NAPTR", 35),
        ("DNAME", 39),
        ("DS", 43),
        ("SSHFP", 44),
        ("RRSIG", 46),
        ("NSEC", 47),
        ("DNSKEY", 48),
        ("NSEC3", 50),
        ("TLSA", 52),
        ("SVCB", 64),
        ("HTTPS", 65),
        ("SPF", 99),
        ("AXFR", 252),
        ("ANY", 255),
        ("CAA", 257),
    ];
    let upper = word.text.to_ascii_uppercase();
    let named = NAMES.iter().find(|(name, _)| *name == upper).map(|(_, code)| *code);
    let code = named.or_else(|| upper.strip_prefix("TYPE").unwrap_or(&upper).parse().ok());
    if code.is_none() {
        report.refuse(word, "not a record type", "write for example A, AAAA, SRV, HTTPS, ANY or TYPE65");
    }
    code
}

/// A class by name; ANY is 255.
pub(crate) fn class(word: &Word, report: &mut Report) -> Option<u16> {
    match word.text.to_ascii_uppercase().as_str() {
        "IN" => Some(1),
        "CH" => Some(3),
        "HS" => Some(4),
        "ANY" => Some(255),
        _ => {
            report.refuse(word, "not a class", "write IN, CH, HS or ANY");
            None
        }
    }
}

/// Longest expression: as CoreDNS has it.
const PATTERN_BYTES_MAX: usize = 10_000;

/// An expression that compiles.
pub(crate) fn pattern(word: &Word, report: &mut Report) -> Option<regex::Regex> {
    if word.text.len() > PATTERN_BYTES_MAX {
        report.refuse(word, format!("an expression of more than {PATTERN_BYTES_MAX} bytes"), "shorten it");
        return None;
    }
    // Compiled size: 1 MiB holds any expression over names, and bounds what a reload may cost.
    match regex::RegexBuilder::new(&word.text).size_limit(1 << 20).build() {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let last = error.to_string().lines().last().unwrap_or_default().trim().to_owned();
            report.refuse(word, format!("not a regular expression: {last}"), "correct it");
            None
        }
    }
}

/// The option is not one of this plugin's.
pub(crate) fn unknown(option: &Directive, plugin: &str, known: &str, report: &mut Report) {
    report.refuse(&option.name, format!("not an option of `{plugin}`"), format!("it has: {known}"));
}
