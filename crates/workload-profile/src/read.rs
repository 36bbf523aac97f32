//! Profiles as text, and what must be true beyond their form.

use std::collections::BTreeSet;

use crate::class::{RequestClass, ResourceVersion, ResourceVersionMatch, Returns, Trigger, Verb};
use crate::document::{self, DocumentError};
use crate::profile::Profile;

/// Classes of one profile: a workload that asks in more ways than this is several workloads.
pub const CLASSES_MAX: usize = 1000;

impl Profile {
    /// Reads a profile and looks whether it makes sense.
    ///
    /// # Errors
    /// [`DocumentError`]: one sentence.
    pub fn from_yaml(text: &str) -> Result<Self, DocumentError> {
        let profile: Self = document::parse(text)?;
        profile.check()?;
        Ok(profile)
    }

    /// As it is written to a file.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        document::print(self)
    }

    /// What must be true beyond the form.
    ///
    /// # Errors
    /// [`DocumentError::Meaning`] for the first thing that is not.
    pub fn check(&self) -> Result<(), DocumentError> {
        if self.requests.len() > CLASSES_MAX {
            return Err(DocumentError::at(
                "requests",
                format!("there are more than {CLASSES_MAX}; split the workload"),
            ));
        }
        let mut ids = BTreeSet::new();
        for (position, class) in self.requests.iter().enumerate() {
            let place = format!("requests[{position}] ({})", class.id);
            if class.id.is_empty() {
                return Err(DocumentError::at(format!("requests[{position}]"), "it has no id; give it one"));
            }
            if !ids.insert(class.id.as_str()) {
                return Err(DocumentError::at(place, "this id is there twice; each needs its own"));
            }
            if let Some(what) = contradiction(class) {
                return Err(DocumentError::at(place, what));
            }
        }
        Ok(())
    }
}

/// The first thing in a class that cannot be.
fn contradiction(class: &RequestClass) -> Option<&'static str> {
    time(class).or_else(|| target(class)).or_else(|| versions(class)).or_else(|| amounts(class))
}

fn time(class: &RequestClass) -> Option<&'static str> {
    let every = class.every.map(crate::Span::as_seconds);
    if class.on == Trigger::Period && every.is_none_or(|seconds| seconds <= 0.0) {
        return Some("`on: period` needs `every`, longer than 0");
    }
    if class.on == Trigger::Event && class.event.is_none() && every.is_none_or(|seconds| seconds <= 0.0) {
        return Some("`on: event` needs `event` (changes of what) or `every` (the mean time between two)");
    }
    if class.on == Trigger::Startup && class.every.is_some() {
        return Some("`every` belongs to `on: period`; with `on: startup` leave it out");
    }
    if class.event.is_some() && class.on != Trigger::Event {
        return Some("`event` belongs to `on: event`");
    }
    if class.renew.is_some() && class.verb != Verb::Watch {
        return Some("`renew` belongs to `verb: watch`");
    }
    None
}

fn target(class: &RequestClass) -> Option<&'static str> {
    if class.resource.is_empty() && class.path.is_none() {
        return Some("it needs `resource`, or `path` for what is no resource");
    }
    if !class.resource.is_empty() && class.path.is_some() {
        return Some("`resource` and `path` exclude each other");
    }
    if class.path.is_some() && matches!(class.verb, Verb::List | Verb::Watch | Verb::DeleteCollection) {
        return Some("a `path` that is no resource cannot be listed or watched; write `verb: get`");
    }
    if class.path.as_deref().is_some_and(|path| !path.starts_with('/')) {
        return Some("`path` begins with a slash");
    }
    if class.send_initial_events && class.verb != Verb::Watch {
        return Some("`sendInitialEvents` belongs to `verb: watch`");
    }
    let collection = matches!(class.verb, Verb::List | Verb::Watch | Verb::DeleteCollection);
    if (class.field_selector.is_some() || class.label_selector.is_some()) && !collection {
        return Some("selectors belong to list, watch and deletecollection");
    }
    None
}

fn versions(class: &RequestClass) -> Option<&'static str> {
    if class.limit.is_some() && class.verb != Verb::List && class.verb != Verb::DeleteCollection {
        return Some("`limit` belongs to `verb: list`");
    }
    if class.limit == Some(0) {
        return Some("`limit: 0` is no limit; leave it out");
    }
    if class.continues && class.limit.is_none() {
        return Some("`continue` needs `limit`: only pages go on");
    }
    if class.continues && class.resource_version != ResourceVersion::Unset {
        return Some("`continue` excludes `resourceVersion`: the token has it");
    }
    let matched = class.resource_version_match;
    if matched.is_some() && class.resource_version == ResourceVersion::Unset && !class.send_initial_events {
        return Some("`resourceVersionMatch` needs `resourceVersion`");
    }
    if matched == Some(ResourceVersionMatch::Exact) && class.resource_version == ResourceVersion::Zero {
        return Some("`resourceVersionMatch: Exact` excludes `resourceVersion: 0`");
    }
    None
}

fn amounts(class: &RequestClass) -> Option<&'static str> {
    if !class.count.is_finite() || class.count < 0.0 {
        return Some("`count` must not be negative");
    }
    match class.returns {
        Returns::Share(share) if !(0.0..=1.0).contains(&share) => Some("`returns: share` is a part: 0 to 1"),
        Returns::Count(count) if !count.is_finite() || count < 0.0 => {
            Some("`returns: count` must not be negative")
        }
        Returns::PerNode if selects_namespace_only(class) => {
            Some("`returns: perNode` and `namespaced` exclude each other without a field selector")
        }
        _ => None,
    }
}

fn selects_namespace_only(class: &RequestClass) -> bool {
    class.namespaced && class.field_selector.is_none() && class.label_selector.is_none()
}

#[cfg(test)]
mod tests;
