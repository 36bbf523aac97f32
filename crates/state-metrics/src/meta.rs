//! What the families of every kind say about metadata.

use objects::{Labels, Meta};

use crate::{Pattern, Samples};

/// `metav1.Time`'s zero as Go prints its Unix time: what kube-state-metrics shows for a time that must be there and is not,
/// such as the start of a container of which the kubelet only knows that it ended.
const GO_ZERO_TIME: i64 = -62_135_596_800;

pub(crate) fn created(meta: &Meta, out: &mut Samples<'_>) {
    if meta.created != 0 {
        out.integer(meta.created);
    }
}

pub(crate) fn deleted(meta: &Meta, out: &mut Samples<'_>) {
    time(meta.deleted, out);
}

pub(crate) fn generation(meta: &Meta, out: &mut Samples<'_>) {
    out.integer(meta.generation);
}

pub(crate) fn labels(meta: &Meta, out: &mut Samples<'_>) {
    let patterns = out.allowed().labels;
    mapped("label", &meta.labels, patterns, out);
}

pub(crate) fn annotations(meta: &Meta, out: &mut Samples<'_>) {
    let patterns = out.allowed().annotations;
    mapped("annotation", &meta.annotations, patterns, out);
}

/// A wildcard for everything counts as the first of the list only; behind it, it is passed over.
fn mapped(prefix: &str, pairs: &Labels, patterns: &[Pattern], out: &mut Samples<'_>) {
    let Some(first) = patterns.first() else {
        return;
    };
    let is_allowed = |key: &str| {
        first.is_any() || patterns.iter().any(|pattern| !pattern.is_any() && pattern.matches(key))
    };
    let allowed = pairs.iter().filter(|(key, _)| is_allowed(key));
    out.mapped(prefix, allowed.map(|(key, value)| (key.as_str(), value.as_str())));
}

/// One sample per owner, with empty labels when there is none. An owner that differs in nothing but its UID is one series.
pub(crate) fn owners(meta: &Meta, out: &mut Samples<'_>) {
    if meta.owners.is_empty() {
        out.info(&[("owner_kind", ""), ("owner_name", ""), ("owner_is_controller", "")]);
    }
    for (at, owner) in meta.owners.iter().enumerate() {
        let is_controller = owner.controller.unwrap_or(false);
        let same = |other: &&objects::Owner| {
            let controls = other.controller.unwrap_or(false);
            (&other.kind, &other.name, controls) == (&owner.kind, &owner.name, is_controller)
        };
        if meta.owners[..at].iter().any(|other| same(&other)) {
            continue;
        }
        out.info(&[
            ("owner_kind", &owner.kind),
            ("owner_name", &owner.name),
            ("owner_is_controller", flag(is_controller)),
        ]);
    }
}

/// A time that may be absent, and then has no sample.
pub(crate) fn time(seconds: Option<i64>, out: &mut Samples<'_>) {
    if let Some(seconds) = seconds {
        out.integer(seconds);
    }
}

/// A time that Go holds by value; `objects` has 0 for its zero.
pub(crate) fn go_time(seconds: i64) -> f64 {
    if seconds == 0 { GO_ZERO_TIME as f64 } else { seconds as f64 }
}

/// As a label value.
pub(crate) const fn flag(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

/// A sample only where the field is set.
pub(crate) fn optional(value: Option<impl Into<f64>>, out: &mut Samples<'_>) {
    if let Some(value) = value {
        out.value(value);
    }
}
