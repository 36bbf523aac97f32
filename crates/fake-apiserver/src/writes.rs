//! Requests that change something: create, update, patch, delete.
//!
//! The rules are the real server's where clients depend on them (optimistic conflicts, `generateName`, status apart from
//! spec, finalizers, grace, dry run, unknown fields). Admission, defaulting beyond [`defaults`] and validation beyond
//! types and names are left out.

pub(crate) mod body;
pub(crate) mod create;
pub(crate) mod defaults;
pub(crate) mod delete;
pub(crate) mod graves;
pub(crate) mod metadata;
pub(crate) mod patch;
pub(crate) mod scale;
pub(crate) mod update;

use std::sync::Arc;

use crate::kind::Kind;
use crate::query::Query;
use crate::store::Store;

/// What a write is about.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    pub(crate) store: &'a Store,
    pub(crate) graves: &'a graves::Graves,
    pub(crate) kind: Arc<Kind>,
    /// The version in the path.
    pub(crate) version: &'a str,
    pub(crate) namespace: &'a str,
    /// Empty for collections.
    pub(crate) name: &'a str,
    /// Empty, or "status".
    pub(crate) subresource: &'a str,
    pub(crate) query: &'a Query,
    pub(crate) user_agent: &'a str,
}

impl Target<'_> {
    pub(crate) fn key(&self) -> Box<str> {
        self.kind.key(self.namespace, self.name)
    }

    /// Who writes, for `managedFields`: as the client says, or the first word of its user agent.
    pub(crate) fn manager(&self) -> &str {
        if self.query.field_manager.is_empty() {
            self.user_agent.split(['/', ' ']).next().unwrap_or_default()
        } else {
            &self.query.field_manager
        }
    }
}
