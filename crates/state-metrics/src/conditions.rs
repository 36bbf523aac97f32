//! Conditions: one sample per status that a condition can have.

use objects::{Condition, Status3};

use crate::Samples;

const STATUSES: [(&str, Status3); 3] =
    [("true", Status3::True), ("false", Status3::False), ("unknown", Status3::Unknown)];

/// Every condition, with its type.
pub(crate) fn all(conditions: &[Condition], out: &mut Samples<'_>) {
    for condition in distinct(conditions) {
        for (name, status) in STATUSES {
            out.sample(&[("condition", &condition.kind), ("status", name)], condition.status == status);
        }
    }
}

/// Every condition, with its type and a reason.
pub(crate) fn with_reason(
    conditions: &[Condition],
    reason: impl Fn(&Condition) -> &str,
    out: &mut Samples<'_>,
) {
    for condition in distinct(conditions) {
        for (name, status) in STATUSES {
            let labels = [("reason", reason(condition)), ("condition", &*condition.kind), ("status", name)];
            out.sample(&labels, condition.status == status);
        }
    }
}

/// The condition of one type.
pub(crate) fn of(kind: &str, conditions: &[Condition], out: &mut Samples<'_>) {
    if let Some(condition) = find(kind, conditions) {
        for (name, status) in STATUSES {
            out.sample(&[("condition", name)], condition.status == status);
        }
    }
}

/// The condition of one type.
pub(crate) fn find<'c>(kind: &str, conditions: &'c [Condition]) -> Option<&'c Condition> {
    conditions.iter().find(|condition| *condition.kind == *kind)
}

/// An object should have one condition of a type. The API does not enforce that for every kind, and a series must not be
/// there twice.
fn distinct(conditions: &[Condition]) -> impl Iterator<Item = &Condition> {
    let is_first = |(at, condition): &(usize, &Condition)| {
        !conditions[..*at].iter().any(|other| other.kind == condition.kind)
    };
    conditions.iter().enumerate().filter(is_first).map(|(_, condition)| condition)
}
