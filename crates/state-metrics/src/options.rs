//! What an operator wants of the families: which of them, and which labels of objects.

use std::collections::BTreeMap;

use exposition::Format;
use objects::Resource;

use crate::Family;
use crate::samples::Allowed;

/// What to render, and how.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Text or OpenMetrics.
    pub format: Format,
    /// `--metric-labels-allowlist`: without it, `kube_*_labels` has no samples.
    pub labels: AllowList,
    /// `--metric-annotations-allowlist`: without it, `kube_*_annotations` has no samples.
    pub annotations: AllowList,
    /// `--metric-allowlist`, `--metric-denylist`, `--metric-opt-in-list`.
    pub families: FamilyFilter,
}

/// Per resource ("pods", or "*" for all), which keys of labels or annotations may become labels of metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowList(BTreeMap<String, Vec<Pattern>>);

/// Which families to render.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FamilyFilter {
    /// Only these, unless empty.
    pub allow: Vec<Pattern>,
    /// Not these.
    pub deny: Vec<Pattern>,
    /// Of the families that must be asked for, these.
    pub opt_in: Vec<Pattern>,
}

/// A name, or a name with one `*` in it that stands for anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    before: String,
    /// What must follow the wildcard; `None` without a wildcard.
    after: Option<String>,
}

/// Why an option cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// Not of the documented form.
    #[error("{0:?} is not of the form resource=[key,other-key],other-resource=[*]")]
    AllowList(String),
    /// More than one wildcard in a key.
    #[error("{0:?} has more than one *, of which a key may have one")]
    Wildcards(String),
    /// A regular expression beyond what is understood yet.
    #[error("{0:?} is neither the name of a family nor a beginning followed by .*")]
    Family(String),
}

impl Options {
    pub(crate) fn allowed(&self, resource: Resource) -> Allowed<'_> {
        Allowed { labels: self.labels.of(resource), annotations: self.annotations.of(resource) }
    }
}

impl AllowList {
    /// Reads `pods=[app,app.kubernetes.io/*],nodes=[*]`; empty text is an empty list.
    pub fn parse(text: &str) -> Result<Self, OptionsError> {
        let wrong = || OptionsError::AllowList(text.to_owned());
        let mut list = BTreeMap::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (resource, keys) = rest.split_once("=[").ok_or_else(wrong)?;
            let (keys, after) = keys.split_once(']').ok_or_else(wrong)?;
            let resource = resource.trim();
            if resource.is_empty() || resource.contains(['[', ']', ',', '=']) {
                return Err(wrong());
            }
            list.insert(resource.to_owned(), keys_of(keys).ok_or_else(wrong)??);
            rest = match after.strip_prefix(',') {
                Some("") => return Err(wrong()),
                Some(next) => next,
                None if after.is_empty() => "",
                None => return Err(wrong()),
            };
        }
        Ok(Self(list))
    }

    /// The patterns for `resource`; those for "*" go before all others, as in kube-state-metrics.
    pub(crate) fn of(&self, resource: Resource) -> &[Pattern] {
        self.0.get("*").or_else(|| self.0.get(resource.plural())).map_or(&[], Vec::as_slice)
    }

    /// Whether nothing is allowed: the decoder may drop all annotations then.
    pub fn is_empty(&self) -> bool {
        self.0.values().all(Vec::is_empty)
    }
}

/// `None` when the list has an empty element.
fn keys_of(text: &str) -> Option<Result<Vec<Pattern>, OptionsError>> {
    if text.trim().is_empty() {
        return Some(Ok(Vec::new()));
    }
    let keys: Vec<&str> = text.split(',').map(str::trim).collect();
    if keys.iter().any(|key| key.is_empty() || key.contains(['[', '='])) {
        return None;
    }
    Some(keys.into_iter().map(Pattern::key).collect())
}

impl FamilyFilter {
    /// Whether `family` is wanted.
    pub fn includes(&self, family: &Family) -> bool {
        let is_in = |list: &[Pattern]| list.iter().any(|pattern| pattern.matches(family.name));
        (self.allow.is_empty() || is_in(&self.allow))
            && !is_in(&self.deny)
            && (!family.opt_in || is_in(&self.opt_in))
    }

    /// Reads a comma-separated list of names of families; `kube_pod_.*` stands for all that begin so.
    pub fn list(text: &str) -> Result<Vec<Pattern>, OptionsError> {
        text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(Pattern::family).collect()
    }
}

impl Pattern {
    /// A key with at most one `*`.
    fn key(text: &str) -> Result<Self, OptionsError> {
        match text.split_once('*') {
            None => Ok(Self { before: text.to_owned(), after: None }),
            Some((_, after)) if after.contains('*') => Err(OptionsError::Wildcards(text.to_owned())),
            Some((before, after)) => Ok(Self { before: before.to_owned(), after: Some(after.to_owned()) }),
        }
    }

    /// The name of a family, or its beginning followed by `.*`.
    fn family(text: &str) -> Result<Self, OptionsError> {
        let anchored = text.strip_prefix('^').unwrap_or(text);
        let anchored = anchored.strip_suffix('$').unwrap_or(anchored);
        let (before, after) = match anchored.strip_suffix(".*") {
            Some(before) => (before, Some(String::new())),
            None => (anchored, None),
        };
        if !before.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(OptionsError::Family(text.to_owned()));
        }
        Ok(Self { before: before.to_owned(), after })
    }

    /// Whether it stands for everything.
    pub(crate) fn is_any(&self) -> bool {
        self.before.is_empty() && self.after.as_deref() == Some("")
    }

    /// Whether `name` is meant.
    pub fn matches(&self, name: &str) -> bool {
        match &self.after {
            None => name == self.before,
            Some(after) => name.strip_prefix(&*self.before).is_some_and(|rest| rest.ends_with(&**after)),
        }
    }
}

#[cfg(test)]
mod tests;
