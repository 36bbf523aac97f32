//! Who may seal orders for which cluster, and how many of them it takes.

use confirmation::{PublicKey, hex};

use crate::limits::PEOPLE_MAX;

/// The people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    cluster: String,
    threshold: usize,
    people: Vec<Person>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Person {
    key: PublicKey,
    name: String,
    is_revoked: bool,
}

/// Why a text is no roster.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RosterError {
    /// A line that is none of a roster.
    #[error(
        "line {0} is none of a roster: `cluster UID`, `threshold K`, `signer KEY NAME` or `revoked KEY NAME`, a key as 64 hexadecimal digits"
    )]
    Line(usize),
    /// The same key twice: one person would count as two.
    #[error("line {0} has a key that is there already: each person has one of their own")]
    Twice(usize),
    /// Orders are for one cluster.
    #[error("no line says `cluster UID`: the uid of the namespace kube-system")]
    NoCluster,
    /// No threshold, one of nothing, or one that cannot be reached.
    #[error(
        "the threshold is {threshold} and {people} people can sign: it must be at least 1 and no more than they are"
    )]
    Threshold {
        /// What stands there; 0: nothing.
        threshold: usize,
        /// Those who are not revoked.
        people: usize,
    },
    /// More than [`PEOPLE_MAX`].
    #[error("more than {PEOPLE_MAX} people")]
    TooMany,
}

impl Roster {
    /// Lines `cluster UID`, `threshold K`, `signer KEY NAME`, `revoked KEY NAME`; `#` begins a comment.
    ///
    /// # Errors
    /// [`RosterError`].
    pub fn parse(text: &str) -> Result<Self, RosterError> {
        let mut roster = Self { cluster: String::new(), threshold: 0, people: Vec::new() };
        for (at, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                [] => {}
                ["cluster", uid] => uid.clone_into(&mut roster.cluster),
                ["threshold", number] => {
                    roster.threshold = number.parse().map_err(|_| RosterError::Line(at + 1))?;
                }
                [kind @ ("signer" | "revoked"), key, name] => {
                    let key = hex::decode(key).and_then(|key| key.try_into().ok());
                    let key = PublicKey(key.ok_or(RosterError::Line(at + 1))?);
                    if roster.people.iter().any(|person| person.key == key) {
                        return Err(RosterError::Twice(at + 1));
                    }
                    let is_revoked = kind == "revoked";
                    roster.people.push(Person { key, name: name.to_owned(), is_revoked });
                }
                _ => return Err(RosterError::Line(at + 1)),
            }
        }
        if roster.people.len() > PEOPLE_MAX {
            return Err(RosterError::TooMany);
        }
        if roster.cluster.is_empty() {
            return Err(RosterError::NoCluster);
        }
        let people = roster.people.iter().filter(|person| !person.is_revoked).count();
        match roster.threshold {
            threshold if (1..=people).contains(&threshold) => Ok(roster),
            threshold => Err(RosterError::Threshold { threshold, people }),
        }
    }

    /// Which cluster: the UID of its namespace `kube-system`.
    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// How many must sign.
    pub fn threshold(&self) -> usize {
        self.threshold
    }

    /// The key with this name, and whose it is; `Err`: it was revoked.
    pub(crate) fn find(&self, id: &[u8]) -> Option<Result<(&PublicKey, &str), &str>> {
        let person = self.people.iter().find(|person| person.key.id().0 == id)?;
        Some(if person.is_revoked { Err(&person.name) } else { Ok((&person.key, &person.name)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roster_is_lines() {
        let check = |text: &str, expected: Result<usize, RosterError>| {
            let text = format!("cluster c1 # ours\n{text}");
            assert_eq!(Roster::parse(&text).map(|roster| roster.threshold()), expected, "{text}");
        };
        let (a, b) = ("0a".repeat(32), "0b".repeat(32));
        check(&format!("# ours\nthreshold 2 # both\nsigner {a} ann\n\nsigner {b} bob\n"), Ok(2));
        check(&format!("threshold 1\nsigner {a} ann\nrevoked {b} bob\n"), Ok(1));
        check("", Err(RosterError::Threshold { threshold: 0, people: 0 }));
        check(&format!("signer {a} ann"), Err(RosterError::Threshold { threshold: 0, people: 1 }));
        check(
            &format!("threshold 2\nsigner {a} ann\nrevoked {b} bob"),
            Err(RosterError::Threshold { threshold: 2, people: 1 }),
        );
        check(&format!("threshold 1\nsigner {a} ann\nsigner {a} bob"), Err(RosterError::Twice(4)));
        check("threshold two", Err(RosterError::Line(2)));
        check("threshold 1\nsigner abc ann", Err(RosterError::Line(3)));
        check(&format!("signer {a}"), Err(RosterError::Line(2)));
        check("hello", Err(RosterError::Line(2)));
        assert_eq!(Roster::parse("threshold 1"), Err(RosterError::NoCluster));
        let many: String =
            (0..17).map(|n| format!("signer {} p{n}\n", format!("{n:02x}").repeat(32))).collect();
        check(&format!("threshold 1\n{many}"), Err(RosterError::TooMany));
    }
}
