//! `template`, as far as it answers with a response code and no records.

use regex::Regex;

use crate::arguments::{class, pattern, rcode, record_type, some, unknown, zones};
use crate::place::Place;
use crate::report::Report;
use crate::server::set_fallthrough;
use crate::tree::Directive;
use crate::zone::{Fallthrough, Zone};

/// Names and types that get a fixed response code.
#[derive(Debug, Clone)]
pub struct Template {
    /// Where it stands.
    pub place: Place,
    /// 255: any class.
    pub class: u16,
    /// 255: any type.
    pub record_type: u16,
    /// Names in these zones; those of the block when none are given.
    pub zones: Vec<Zone>,
    /// Names (lower case, closing dot) that match one of these; empty: all.
    pub matches: Vec<Regex>,
    /// What they get.
    pub rcode: u16,
    /// Extended DNS error (RFC 8914) on the answer.
    pub extended_error: Option<(u16, String)>,
    /// For names in the zones that match no expression; without it they get SERVFAIL, as in CoreDNS.
    pub fallthrough: Fallthrough,
}

const OPTIONS: &str = "match, rcode, ederror, fallthrough";

pub(crate) fn read(directive: &Directive, report: &mut Report) -> Option<Template> {
    let [for_class, for_type, rest @ ..] = directive.arguments.as_slice() else {
        report.refuse(
            &directive.name,
            "needs a class and a type",
            "write for example `template ANY HINFO .`",
        );
        return None;
    };
    let mut settings = Template {
        place: directive.name.place.clone(),
        class: class(for_class, report)?,
        record_type: record_type(for_type, report)?,
        zones: zones(rest, report),
        matches: Vec::new(),
        rcode: 0,
        extended_error: None,
        fallthrough: Fallthrough::default(),
    };
    for option in directive.options() {
        match option.name.text.as_str() {
            "match" => {
                for word in some(option, report) {
                    settings.matches.extend(pattern(word, report));
                }
            }
            "rcode" => match some(option, report) {
                [word] => settings.rcode = rcode(word, report).unwrap_or_default(),
                _ => report.refuse(
                    &option.name,
                    "needs one response code",
                    "write for example `rcode NXDOMAIN`",
                ),
            },
            "ederror" => settings.extended_error = extended_error(option, report),
            "fallthrough" => set_fallthrough(option, &mut settings.fallthrough, report),
            "answer" | "additional" | "authority" | "var" | "expr" | "upstream" => report.refuse(
                &option.name,
                "templates that make records are not supported",
                "use `hosts` or `rewrite`, or forward these names to a server that has them",
            ),
            _ => unknown(option, "template", OPTIONS, report),
        }
    }
    Some(settings)
}

/// `ederror CODE [REASON]`
fn extended_error(option: &Directive, report: &mut Report) -> Option<(u16, String)> {
    let [code, reason @ ..] = some(option, report) else { return None };
    let Ok(number) = code.text.parse() else {
        report.refuse(code, "not a code of an extended DNS error", "write its number (RFC 8914)");
        return None;
    };
    let reason: Vec<&str> = reason.iter().map(|word| word.text.as_str()).collect();
    Some((number, reason.join(" ")))
}
