//! LISTs: of now, of a version of the past, in pages.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use super::{Store, Stored};
use crate::error::ApiError;
use crate::kind::Kind;
use crate::selector::Selection;

/// Where a LIST begins and ends.
#[derive(Debug, Clone, Default)]
pub(crate) struct ListFrom {
    /// Empty: all namespaces.
    pub(crate) namespace: String,
    /// First key that is wanted; empty: the first of all.
    pub(crate) start: String,
    /// `None`: the state of now.
    pub(crate) version: Option<u64>,
    /// `None`: all.
    pub(crate) limit: Option<usize>,
}

/// Objects in key order.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) objects: Vec<Arc<Stored>>,
    pub(crate) version: u64,
    /// The key that the next page begins with.
    pub(crate) next: Option<Box<str>>,
    /// How many more there are; known where nothing is selected.
    pub(crate) remaining: Option<usize>,
}

impl Store {
    /// Objects that the selection matches.
    ///
    /// # Errors
    /// 410 where the version is forgotten, 504 where it is of the future, 404 where the resource is not served.
    pub(crate) fn list(&self, kind: &Kind, from: &ListFrom, selection: &Selection) -> Result<Page, ApiError> {
        let state = self.state.read();
        let collection = state.collection(kind).ok_or_else(ApiError::no_such_path)?;
        let version = from.version.unwrap_or(state.version);
        if version > state.version {
            return Err(ApiError::too_large_version(version, state.version));
        }
        let undone = if version == state.version {
            Some(BTreeMap::new())
        } else {
            collection.history.undo_to(version)
        };
        let undone = undone.ok_or_else(|| {
            let text = "The provided continue parameter is too old to display a consistent list result.";
            ApiError::expired(format!("{text} The oldest version is {}.", collection.history.oldest()))
        })?;
        let bounds = bounds(kind, from, selection.fields.name());
        let mut present =
            collection.objects.range::<str, _>((as_ref(&bounds.0), as_ref(&bounds.1))).peekable();
        let mut past = undone.range::<str, _>((as_ref(&bounds.0), as_ref(&bounds.1))).peekable();
        let mut merged = std::iter::from_fn(move || {
            loop {
                let (now, then) = (present.peek().map(|(key, _)| *key), past.peek().map(|(key, _)| *key));
                match (now, then) {
                    (None, None) => return None,
                    (Some(now), then) if then.is_none_or(|then| now < then) => {
                        return present.next().map(|(_, object)| object.clone());
                    }
                    (now, then) => {
                        if now == then {
                            present.next();
                        }
                        if let Some((_, Some(object))) = past.next() {
                            return Some(object.clone());
                        }
                    }
                }
            }
        });
        let mut page = Page { objects: Vec::new(), version, next: None, remaining: None };
        for object in merged.by_ref() {
            if !selection.matches(&object) {
                continue;
            }
            if from.limit == Some(page.objects.len()) {
                page.next = Some(object.key.clone());
                page.remaining = selection.is_empty().then(|| 1 + merged.count());
                break;
            }
            page.objects.push(object);
        }
        Ok(page)
    }
}

type Ends = (Bound<String>, Bound<String>);

/// `name`: the only one that can match, so that nothing else is looked at.
fn bounds(kind: &Kind, from: &ListFrom, name: Option<&str>) -> Ends {
    let within = kind.namespaced && !from.namespace.is_empty();
    if let Some(name) = name.filter(|_| within || !kind.namespaced) {
        let key = String::from(kind.key(&from.namespace, name));
        return (Bound::Included(key.clone()), Bound::Included(key));
    }
    let lowest = if within { format!("{}/", from.namespace) } else { String::new() };
    // '0' follows '/': no key of the namespace is past it.
    let end = if within { Bound::Excluded(format!("{}0", from.namespace)) } else { Bound::Unbounded };
    let start = if from.start.as_str() < lowest.as_str() { lowest } else { from.start.clone() };
    // A forged token must not make the range panic by starting behind its end.
    let start = match &end {
        Bound::Excluded(end) if *end <= start => {
            return (Bound::Included(end.clone()), Bound::Included(end.clone()));
        }
        _ => start,
    };
    (Bound::Included(start), end)
}

fn as_ref(bound: &Bound<String>) -> Bound<&str> {
    bound.as_ref().map(String::as_str)
}
