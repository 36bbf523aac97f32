//! The written list of differences that are meant, each with its reason.

use std::cell::Cell;

use anyhow::{Context as _, Result};

use super::message::Question;
use super::record::kind_name;

/// One line: `FIELDS NAMES TYPES REASON…`, columns by white space; the first three are lists by comma, where `*` stands for
/// any text and `+` for one label.
pub(super) struct Meant {
    fields: Vec<String>,
    names: Vec<String>,
    kinds: Vec<String>,
    pub(super) reason: String,
    pub(super) used: Cell<usize>,
}

/// Reads the list; `#` begins a comment.
pub(super) fn read(text: &str) -> Result<Vec<Meant>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| meant(line).with_context(|| format!("{line:?}: FIELDS NAMES TYPES REASON…"))).collect()
}

fn meant(line: &str) -> Option<Meant> {
    let mut words = line.split_whitespace();
    let mut list = || Some(words.next()?.split(',').map(str::to_owned).collect::<Vec<_>>());
    let (fields, names, kinds) = (list()?, list()?, list()?);
    let reason = words.collect::<Vec<_>>().join(" ");
    (!reason.is_empty()).then_some(Meant { fields, names, kinds, reason, used: Cell::new(0) })
}

impl Meant {
    /// Whether this line covers a difference in this field of the answer to this question.
    pub(super) fn covers(&self, question: &Question, field: &str) -> bool {
        let name = question.name.to_ascii_lowercase();
        self.fields.iter().any(|pattern| matches(pattern, field))
            && self.names.iter().any(|pattern| matches(pattern, &name))
            && self.kinds.iter().any(|pattern| matches(pattern, &kind_name(question.kind)))
    }
}

/// `*` stands for any text, `+` for one label.
fn matches(pattern: &str, text: &str) -> bool {
    let Some(at) = pattern.find(['*', '+']) else { return pattern == text };
    let (head, tail) = (&pattern[..at], &pattern[at + 1..]);
    let Some(rest) = text.strip_prefix(head) else { return false };
    let longest =
        if pattern[at..].starts_with('+') { rest.find('.').unwrap_or(rest.len()) } else { rest.len() };
    (0..=longest).any(|from| rest.is_char_boundary(from) && matches(tail, &rest[from..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, field: &str, name: &str, expected: bool) {
        let question = Question { name: name.to_owned(), kind: 33, class: 1, edns: None };
        assert_eq!(read(line).unwrap()[0].covers(&question, field), expected, "{line}");
    }

    #[test]
    fn a_line_covers_what_it_says() {
        check("authority * * why", "authority", "a.cluster.local", true);
        check("authority * * why", "answer", "a.cluster.local", false);
        check("ttl,aa *.svc.*,x A,SRV why", "aa", "a.svc.cluster.local", true);
        check("ttl,aa *.svc.*,x A,SRV why", "aa", "X", true);
        check("ttl,aa *.svc.*,x A,SRV why", "aa", "svc.cluster.local", false);
        check("* * A why", "aa", "a", false);
        check("aa +.svc * why", "aa", "a.svc", true);
        check("aa +.svc * why", "aa", "b.a.svc", false);
    }

    #[test]
    fn a_line_without_a_reason_is_none() {
        assert!(read("# nothing\n\n").unwrap().is_empty());
        assert!(read("aa * SRV").is_err());
    }
}
