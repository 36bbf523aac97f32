//! Whose traffic it is, and whose is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A workload, as people name it: the Deployment, not its ReplicaSet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Subject {
    /// Its namespace.
    pub namespace: String,
    /// "DaemonSet", "Deployment", …; "Pod" of one that nothing keeps alive.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// Who is meant by an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Whom {
    /// One workload.
    One(Subject),
    /// Every pod of the node but those of an order of their own and of workloads that are exempt. What is in no pod, the
    /// kubelet above all, is never meant.
    Everybody,
}

/// How everybody is named: no workload can be, as it has no slashes.
const EVERYBODY: &str = "everybody";

/// It has not three parts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no workload: write namespace/kind/name, for instance telemetry/DaemonSet/collector")]
pub struct NoSubject(String);

impl FromStr for Subject {
    type Err = NoSubject;

    fn from_str(text: &str) -> Result<Self, NoSubject> {
        let fits = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        };
        match text.split('/').collect::<Vec<_>>()[..] {
            [namespace, kind, name] if fits(namespace) && fits(kind) && fits(name) => {
                Ok(Self { namespace: namespace.to_owned(), kind: kind.to_owned(), name: name.to_owned() })
            }
            _ => Err(NoSubject(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Subject {
    type Error = NoSubject;

    fn try_from(text: String) -> Result<Self, NoSubject> {
        text.parse()
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.to_string()
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.namespace, self.kind, self.name)
    }
}

impl Whom {
    /// In the part of the cluster that everything else needs.
    pub fn is_system(&self) -> bool {
        match self {
            Self::One(subject) => subject.namespace == "kube-system",
            Self::Everybody => true,
        }
    }
}

impl FromStr for Whom {
    type Err = NoSubject;

    fn from_str(text: &str) -> Result<Self, NoSubject> {
        if text == EVERYBODY { Ok(Self::Everybody) } else { text.parse().map(Self::One) }
    }
}

impl TryFrom<String> for Whom {
    type Error = NoSubject;

    fn try_from(text: String) -> Result<Self, NoSubject> {
        text.parse()
    }
}

impl From<Whom> for String {
    fn from(whom: Whom) -> Self {
        whom.to_string()
    }
}

impl fmt::Display for Whom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(subject) => subject.fmt(f),
            Self::Everybody => f.write_str(EVERYBODY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_no_workload() {
        let check = |text: &str, expected: Option<&str>| {
            let found = text.parse::<Whom>().ok().map(|whom| format!("{whom:?}"));
            assert_eq!(
                found.as_deref().map(|name| name.split('(').next().unwrap_or_default()),
                expected,
                "{text}"
            );
        };
        check("everybody", Some("Everybody"));
        check("t/DaemonSet/a", Some("One"));
        check("all", None);
        assert!("everybody".parse::<Subject>().is_err());
    }

    #[test]
    fn a_workload_has_three_parts() {
        let check = |text: &str, is_one: bool| {
            assert_eq!(text.parse::<Subject>().is_ok_and(|one| one.to_string() == text), is_one, "{text}");
        };
        check("telemetry/DaemonSet/collector", true);
        check("kube-system/Pod/a.b_c", true);
        check("telemetry/collector", false);
        check("a/b/c/d", false);
        check("a//c", false);
        check("a/b/../c", false);
        check("a/b/\"; drop", false);
        check("", false);
    }
}
