//! Questions changed on their way in, and answers changed back on their way out.

mod records;
#[cfg(test)]
mod tests;

use corefile::{AnswerRule, Field, Match, Rewrite, TtlRange};
use dns_message::{Class, Message, MessageError, Name, Query, Rcode, RecordType};

/// The rules of one block.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules(Vec<Rewrite>);

/// A question after the rules, and what to do with its answer.
#[derive(Debug, Clone)]
pub(crate) struct Rewritten {
    pub(crate) name: Name,
    pub(crate) record_type: RecordType,
    pub(crate) class: Class,
    answers: Vec<OnAnswer>,
}

/// One change of the answer. They are undone in the reverse order.
#[derive(Debug, Clone)]
enum OnAnswer {
    /// What ends in the one ends in the other: owners and names within records.
    Suffix {
        from: String,
        to: String,
        whole_labels: bool,
    },
    Rule(AnswerRule),
    Ttl(TtlRange),
    Rcode(u16, u16),
}

/// A rule made a name that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a rewrite rule makes a name that is none")]
pub(crate) struct NotAName;

impl Rules {
    pub(crate) fn new(rules: &[Rewrite]) -> Self {
        Self(rules.to_vec())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The question after all rules that match; `None` when none does. `name` is that of the query in text (lower case,
    /// closing dot).
    pub(crate) fn apply(&self, query: &Query<'_>, name: &str) -> Result<Option<Rewritten>, NotAName> {
        let mut now = State { name: name.to_owned(), record_type: query.record_type.0, class: query.class.0 };
        let mut answers = Vec::new();
        let mut matched = false;
        for rule in &self.0 {
            if now.apply(&rule.field, &mut answers) {
                matched = true;
                if rule.stop {
                    break;
                }
            }
        }
        if !matched {
            return Ok(None);
        }
        answers.reverse();
        Ok(Some(Rewritten {
            name: if now.name == name {
                query.name()
            } else {
                Name::parse(&now.name).map_err(|_| NotAName)?
            },
            record_type: RecordType(now.record_type),
            class: Class(now.class),
            answers,
        }))
    }
}

struct State {
    name: String,
    record_type: u16,
    class: u16,
}

impl State {
    fn apply(&mut self, field: &Field, answers: &mut Vec<OnAnswer>) -> bool {
        match field {
            Field::Name(rule) => {
                let Some(new) =
                    renamed(&rule.matches, rule.to.as_str(), &self.name, |found| rule.to.fill(found))
                else {
                    return false;
                };
                // Applied in reverse: the explicit rules first, then the way back.
                if rule.auto {
                    answers.push(way_back(&rule.matches, rule.to.as_str(), &self.name, &new));
                }
                answers.extend(rule.answers.iter().rev().cloned().map(OnAnswer::Rule));
                self.name = new;
                true
            }
            Field::Type(from, to) => change(&mut self.record_type, *from, *to),
            Field::Class(from, to) => change(&mut self.class, *from, *to),
            Field::Ttl(matches, range) => {
                let matched = is_match(matches, &self.name);
                answers.extend(matched.then_some(OnAnswer::Ttl(*range)));
                matched
            }
            Field::Rcode(matches, from, to) => {
                let matched = is_match(matches, &self.name);
                answers.extend(matched.then_some(OnAnswer::Rcode(*from, *to)));
                matched
            }
        }
    }
}

fn change(value: &mut u16, from: u16, to: u16) -> bool {
    let matched = *value == from;
    if matched {
        *value = to;
    }
    matched
}

fn is_match(matches: &Match, name: &str) -> bool {
    match matches {
        Match::Exact(zone) => zone.as_str() == name,
        Match::Prefix(text) => name.starts_with(text),
        Match::Suffix(text) => name.ends_with(text),
        Match::Substring(text) => name.contains(text),
        Match::Regex(pattern) => pattern.is_match(name),
    }
}

fn renamed(
    matches: &Match,
    to: &str,
    name: &str,
    fill: impl Fn(&regex::Captures<'_>) -> String,
) -> Option<String> {
    match matches {
        Match::Exact(zone) => (zone.as_str() == name).then(|| to.to_owned()),
        Match::Prefix(text) => name.strip_prefix(text).map(|rest| format!("{to}{rest}")),
        Match::Suffix(text) => name.strip_suffix(text).map(|rest| format!("{rest}{to}")),
        Match::Substring(text) => name.contains(text).then(|| name.replace(text, to)),
        Match::Regex(pattern) => pattern.captures(name).map(|found| fill(&found)),
    }
}

/// A suffix goes back to a suffix; any other rule puts the name that was asked for in the place of the new one.
fn way_back(matches: &Match, to: &str, old: &str, new: &str) -> OnAnswer {
    match matches {
        Match::Suffix(text) => {
            OnAnswer::Suffix { from: to.to_owned(), to: text.clone(), whole_labels: false }
        }
        _ => OnAnswer::Suffix { from: new.to_owned(), to: old.to_owned(), whole_labels: true },
    }
}

impl Rewritten {
    /// The answer to the new question as an answer to `query`: whole, without OPT.
    pub(crate) fn answer(
        &self,
        query: &Query<'_>,
        response: &[u8],
    ) -> Result<(Vec<u8>, Rcode), MessageError> {
        let message = Message::parse(response)?;
        let mut rcode = message.header().flags.rcode();
        for change in &self.answers {
            if let OnAnswer::Rcode(from, to) = change
                && rcode.0 == *from
            {
                rcode = Rcode(*to);
            }
        }
        Ok((records::write(self, query, &message, rcode)?, rcode))
    }

    fn ttl(&self, ttl: u32) -> u32 {
        self.answers.iter().fold(ttl, |ttl, change| match change {
            OnAnswer::Ttl(range) => ttl.clamp(range.seconds_min, range.seconds_max),
            _ => ttl,
        })
    }

    fn owner(&self, name: &Name) -> Name {
        self.change(name, false)
    }

    fn value(&self, name: &Name) -> Name {
        self.change(name, true)
    }

    fn change(&self, name: &Name, value: bool) -> Name {
        let old = name.to_lower().to_string();
        let mut text = old.clone();
        for change in &self.answers {
            let new = match change {
                OnAnswer::Suffix { from, to, whole_labels } => suffix(&text, from, to, *whole_labels),
                OnAnswer::Rule(AnswerRule::Name(pattern, to)) if !value => {
                    pattern.captures(&text).map(|found| to.fill(&found))
                }
                OnAnswer::Rule(AnswerRule::Value(pattern, to)) if value => {
                    pattern.captures(&text).map(|found| to.fill(&found))
                }
                _ => None,
            };
            text = new.unwrap_or(text);
        }
        if text == old {
            return name.clone();
        }
        // A rule that makes no name changes nothing.
        Name::parse(&text).unwrap_or_else(|_| name.clone())
    }
}

fn suffix(text: &str, from: &str, to: &str, whole_labels: bool) -> Option<String> {
    let rest = text.strip_suffix(from)?;
    let bound = rest.is_empty() || rest.ends_with('.') || from.starts_with('.');
    (!whole_labels || bound).then(|| format!("{rest}{to}"))
}
