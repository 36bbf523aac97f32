//! What every object has: `metav1.ObjectMeta`, owners, conditions.

use crate::{Seconds, Shared, Sym, Text};

/// Sorted by key; keys and values interned. Label values repeat across objects far more often than not.
pub type Labels = Shared<(Sym, Sym)>;

/// The part of `metav1.ObjectMeta` that Plimsoll keeps. `managedFields` is never kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meta {
    pub namespace: Sym,
    pub name: Text,
    pub uid: Text,
    /// Opaque to everybody but the API server.
    pub resource_version: Text,
    pub generation: i64,
    /// `creationTimestamp`; 0 when absent (`kube-state-metrics` emits no `_created` sample then).
    pub created: Seconds,
    pub deleted: Option<Seconds>,
    pub owners: Shared<Owner>,
    pub labels: Labels,
    /// Empty unless the decoder was told to keep annotations ([`crate::decode::Keep`]).
    pub annotations: Labels,
}

impl Meta {
    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.iter().find(|(name, _)| name.as_str() == key).map(|(_, value)| value.as_str())
    }
}

/// `metav1.OwnerReference`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Owner {
    pub kind: Sym,
    pub name: Sym,
    pub uid: Text,
    /// `None` where the field is absent, which is not the same as `false` to `kube_*_owner`.
    pub controller: Option<bool>,
}

/// The value of a condition: `True`, `False` or `Unknown`; a condition without a status counts as `Unknown`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Status3 {
    True,
    False,
    #[default]
    Unknown,
}

/// One entry of `.status.conditions`, the same for every kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Condition {
    pub kind: Sym,
    pub status: Status3,
    pub reason: Sym,
    /// `lastTransitionTime`; 0 when absent.
    pub since: Seconds,
}

/// A kind of which only `ObjectMeta` is kept (ConfigMaps, custom resources), or `ObjectMeta` and `type` (Secrets).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetaOnly {
    pub meta: Meta,
    /// `Secret.type`; empty for the rest.
    pub kind: Sym,
}
