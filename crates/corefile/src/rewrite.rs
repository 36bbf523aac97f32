//! `rewrite`: questions changed on their way in, answers on their way out.

use regex::Regex;

use crate::arguments::{class, pattern, rcode, record_type};
use crate::lexer::Word;
use crate::place::Place;
use crate::report::Report;
use crate::tree::Directive;
use crate::zone::Zone;

/// Which names a rule is for. All compare with the name in lower case with its closing dot.
#[derive(Debug, Clone)]
pub enum Match {
    /// This name.
    Exact(Zone),
    /// Begins so.
    Prefix(String),
    /// Ends so.
    Suffix(String),
    /// Contains this.
    Substring(String),
    /// Matches, anywhere in the name.
    Regex(Regex),
}

/// `{1}.service.{2}.example.`: the whole new name, with what the expression's groups matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement(String);

impl Replacement {
    /// With the groups of `found` in their places.
    pub fn fill(&self, found: &regex::Captures<'_>) -> String {
        let mut text = self.0.clone();
        for (at, group) in found.iter().enumerate() {
            text = text.replace(&format!("{{{at}}}"), group.map_or("", |group| group.as_str()));
        }
        text
    }

    /// As it stands in the file, lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn groups_max(&self) -> usize {
        (0..=GROUPS_MAX).rev().find(|group| self.0.contains(&format!("{{{group}}}"))).unwrap_or(0)
    }
}

/// CoreDNS's limit.
const GROUPS_MAX: usize = 100;

/// A change of names in an answer.
#[derive(Debug, Clone)]
pub enum AnswerRule {
    /// Owner names.
    Name(Regex, Replacement),
    /// Names within records: CNAME, DNAME, SOA, SRV, MX, NAPTR, NS, PTR.
    Value(Regex, Replacement),
}

/// `name FROM TO`
#[derive(Debug, Clone)]
pub struct NameRule {
    /// Which names.
    pub matches: Match,
    /// What takes the place of what matched; for an expression and an exact name, of the whole name.
    pub to: Replacement,
    /// The answer is put back under the name that was asked for.
    pub auto: bool,
    /// Further changes of the answer, in order.
    pub answers: Vec<AnswerRule>,
}

/// TTLs are brought into this range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TtlRange {
    /// At least.
    pub seconds_min: u32,
    /// At most.
    pub seconds_max: u32,
}

/// What is changed.
#[derive(Debug, Clone)]
pub enum Field {
    /// The name.
    Name(NameRule),
    /// The type, from and to.
    Type(u16, u16),
    /// The class, from and to.
    Class(u16, u16),
    /// TTLs of the answer.
    Ttl(Match, TtlRange),
    /// The response code of the answer, from and to.
    Rcode(Match, u16, u16),
}

/// One rule.
#[derive(Debug, Clone)]
pub struct Rewrite {
    /// Where it stands.
    pub place: Place,
    /// No rule after it is looked at when it matched.
    pub stop: bool,
    /// What it does.
    pub field: Field,
}

pub(crate) fn read(directive: &Directive, report: &mut Report) -> Option<Rewrite> {
    // In braces, a rule may go over several lines; they are read as one.
    let mut words: Vec<Word> = directive.arguments.clone();
    for line in directive.options() {
        words.push(line.name.clone());
        words.extend(line.arguments.iter().cloned());
    }
    let mut words = words.as_slice();
    let mut stop = true;
    if let [mode, rest @ ..] = words
        && ["continue", "stop"].contains(&mode.text.to_ascii_lowercase().as_str())
    {
        stop = mode.text.eq_ignore_ascii_case("stop");
        words = rest;
    }
    let [kind, rest @ ..] = words else {
        report.refuse(
            &directive.name,
            "says nothing to rewrite",
            "write for example `rewrite name old.org new.org`",
        );
        return None;
    };
    let field = match kind.text.to_ascii_lowercase().as_str() {
        "name" => Field::Name(name_rule(kind, rest, report)?),
        "type" => two(kind, rest, report, record_type).map(|(from, to)| Field::Type(from, to))?,
        "class" => two(kind, rest, report, class).map(|(from, to)| Field::Class(from, to))?,
        "ttl" => ttl_rule(kind, rest, report)?,
        "rcode" => rcode_rule(kind, rest, report)?,
        "answer" => {
            report.refuse(kind, "an answer alone cannot be rewritten", "begin with `name FROM TO`");
            return None;
        }
        "edns0" => {
            report.refuse(kind, "changing EDNS options is not supported", "remove the rule");
            return None;
        }
        "cname" => {
            report.refuse(
                kind,
                "following another CNAME is not supported",
                "rewrite the name that is asked for",
            );
            return None;
        }
        _ => {
            report.refuse(kind, "not something to rewrite", "it can be name, type, class, ttl or rcode");
            return None;
        }
    };
    Some(Rewrite { place: directive.name.place.clone(), stop, field })
}

fn two(
    kind: &Word,
    words: &[Word],
    report: &mut Report,
    read: impl Fn(&Word, &mut Report) -> Option<u16>,
) -> Option<(u16, u16)> {
    let [from, to] = words else {
        report.refuse(kind, "needs two arguments", format!("write `rewrite {} FROM TO`", kind.text));
        return None;
    };
    Some((read(from, report)?, read(to, report)?))
}

/// `[exact|prefix|suffix|substring|regex] FROM TO [answer ...]`
fn name_rule(kind: &Word, words: &[Word], report: &mut Report) -> Option<NameRule> {
    let (how, words) = match words {
        [_, _] => ("exact", words),
        [how, rest @ ..] if rest.len() >= 2 => (how.text.as_str(), rest),
        _ => {
            report.refuse(kind, "needs a name and its new name", "write `rewrite name FROM TO`");
            return None;
        }
    };
    let [from, to, rest @ ..] = words else { return None };
    let matches = matcher(how, from, report)?;
    let whole = matches!(matches, Match::Exact(_) | Match::Suffix(_) | Match::Regex(_));
    let to = replacement(to, whole);
    if let Match::Regex(pattern) = &matches {
        groups(from, pattern, &to, report);
    }
    let mut rule = NameRule { auto: matches!(matches, Match::Exact(_)), matches, to, answers: Vec::new() };
    answer_rules(rest, &mut rule, report);
    Some(rule)
}

fn matcher(how: &str, from: &Word, report: &mut Report) -> Option<Match> {
    let lower = from.text.to_ascii_lowercase();
    Some(match how.to_ascii_lowercase().as_str() {
        "exact" => match Zone::new(&from.text) {
            Ok(zone) => Match::Exact(zone),
            Err(error) => {
                report.refuse(from, format!("not a domain name: {error}"), "correct the name");
                return None;
            }
        },
        "prefix" => Match::Prefix(lower),
        "suffix" => Match::Suffix(closed(lower)),
        "substring" => Match::Substring(lower),
        "regex" => Match::Regex(pattern(from, report)?),
        _ => {
            report.refuse(
                from,
                format!("`{how}` is not a way to match"),
                "use exact, prefix, suffix, substring or regex",
            );
            return None;
        }
    })
}

fn closed(text: String) -> String {
    if text.ends_with('.') { text } else { text + "." }
}

fn replacement(to: &Word, whole: bool) -> Replacement {
    let lower = to.text.to_ascii_lowercase();
    Replacement(if whole { closed(lower) } else { lower })
}

fn groups(from: &Word, pattern: &Regex, to: &Replacement, report: &mut Report) {
    if to.groups_max() >= pattern.captures_len() {
        let what = format!("has {} groups, and `{}` uses more", pattern.captures_len() - 1, to.0);
        report.refuse(from, what, "put parentheses around what the new name needs");
    }
}

/// `answer auto | answer name FROM TO | answer value FROM TO`; the second and later `answer` may be left out.
fn answer_rules(words: &[Word], rule: &mut NameRule, report: &mut Report) {
    let mut rest = words;
    while let [word, after @ ..] = rest {
        match (word.text.as_str(), after) {
            ("answer", [_, ..]) => rest = after,
            ("auto", _) => {
                rule.auto = true;
                rest = after;
            }
            (kind @ ("name" | "value"), [from, to, after @ ..]) => {
                rest = after;
                let Some(pattern) = pattern(from, report) else { continue };
                let to = replacement(to, true);
                groups(from, &pattern, &to, report);
                rule.answers.push(match kind {
                    "name" => AnswerRule::Name(pattern, to),
                    _ => AnswerRule::Value(pattern, to),
                });
            }
            _ => {
                report.refuse(
                    word,
                    "not a rule for answers",
                    "write `answer auto`, `answer name FROM TO` or `answer value FROM TO`",
                );
                return;
            }
        }
    }
}

/// `[exact|...] NAME SECONDS|MIN-MAX`
fn ttl_rule(kind: &Word, words: &[Word], report: &mut Report) -> Option<Field> {
    let (how, name, range) = match words {
        [name, range] => ("exact", name, range),
        [how, name, range] => (how.text.as_str(), name, range),
        _ => {
            report.refuse(kind, "needs a name and a TTL", "write `rewrite ttl NAME SECONDS` or `MIN-MAX`");
            return None;
        }
    };
    let Some(range_read) = ttl_range(&range.text) else {
        report.refuse(range, "not a TTL", "write SECONDS, MIN-MAX, MIN- or -MAX");
        return None;
    };
    Some(Field::Ttl(matcher(how, name, report)?, range_read))
}

fn ttl_range(text: &str) -> Option<TtlRange> {
    /// RFC 2181 8.
    const MAX: u32 = i32::MAX as u32;
    let seconds = |text: &str, empty: u32| {
        if text.is_empty() { Some(empty) } else { text.parse().ok().filter(|seconds| *seconds <= MAX) }
    };
    let (min, max) = match text.split_once('-') {
        None => (text.parse().ok()?, text.parse().ok()?),
        Some(("", "")) => return None,
        Some((min, max)) => (seconds(min, 0)?, seconds(max, MAX)?),
    };
    (min <= max && max <= MAX).then_some(TtlRange { seconds_min: min, seconds_max: max })
}

/// `[exact|...] NAME FROM TO`
fn rcode_rule(kind: &Word, words: &[Word], report: &mut Report) -> Option<Field> {
    let (how, name, from, to) = match words {
        [name, from, to] => ("exact", name, from, to),
        [how, name, from, to] => (how.text.as_str(), name, from, to),
        _ => {
            report.refuse(
                kind,
                "needs a name and two response codes",
                "write `rewrite rcode NAME SERVFAIL NOERROR`",
            );
            return None;
        }
    };
    Some(Field::Rcode(matcher(how, name, report)?, rcode(from, report)?, rcode(to, report)?))
}
