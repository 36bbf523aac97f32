//! Metadata, conditions, and the kinds that are nothing else.

use super::{Into, Lean, boxed, exact, pairs, seconds, time};
use crate::meta::MetaOnly;
use crate::wire;
use crate::{Condition, IntOrString, Meta, Owner, Shared, Status3, Text};

impl Into<'_> {
    pub(super) fn meta(&self, wire: Option<wire::ObjectMeta>) -> Meta {
        let wire = wire.unwrap_or_default();
        Meta {
            namespace: self.sym(&wire.namespace),
            name: Text::new(&wire.name),
            uid: Text::new(&wire.uid),
            resource_version: Text::new(&wire.resource_version),
            generation: wire.generation,
            created: seconds(wire.creation_timestamp),
            deleted: wire.deletion_timestamp.map(|time| time.seconds),
            owners: self.interner.list(exact(wire.owner_references.iter(), |owner| self.owner(owner))),
            labels: self.pairs(&wire.labels),
            annotations: if self.keep.annotations {
                self.pairs(&wire.annotations)
            } else {
                Shared::default()
            },
        }
    }

    fn owner(&self, wire: &wire::OwnerReference) -> Owner {
        Owner {
            kind: self.sym(&wire.kind),
            name: self.sym(&wire.name),
            uid: Text::new(&wire.uid),
            controller: wire.controller,
        }
    }

    pub(super) fn conditions(&self, wire: Vec<wire::Condition>) -> Box<[Condition]> {
        boxed(wire, |wire| Condition {
            kind: self.sym(&wire.kind),
            status: status(&wire.status),
            reason: self.sym(&wire.reason),
            since: seconds(wire.last_transition_time),
        })
    }

    pub(super) fn int_or_string(&self, wire: wire::IntOrString) -> IntOrString {
        match wire.kind {
            0 => IntOrString::Int(wire.int_val),
            _ => IntOrString::Text(self.sym(&wire.str_val)),
        }
    }
}

pub(super) fn meta(meta: &Meta) -> Option<wire::ObjectMeta> {
    Some(wire::ObjectMeta {
        name: meta.name.to_string(),
        namespace: meta.namespace.to_string(),
        uid: meta.uid.to_string(),
        resource_version: meta.resource_version.to_string(),
        generation: meta.generation,
        creation_timestamp: time(meta.created),
        deletion_timestamp: meta.deleted.map(|seconds| wire::Time { seconds, nanos: 0 }),
        labels: pairs(&meta.labels),
        annotations: pairs(&meta.annotations),
        owner_references: meta.owners.iter().map(owner).collect(),
    })
}

fn owner(owner: &Owner) -> wire::OwnerReference {
    wire::OwnerReference {
        kind: owner.kind.to_string(),
        name: owner.name.to_string(),
        uid: owner.uid.to_string(),
        controller: owner.controller,
    }
}

pub(super) fn conditions(conditions: &[Condition]) -> Vec<wire::Condition> {
    let condition = |condition: &Condition| wire::Condition {
        kind: condition.kind.to_string(),
        status: status_text(condition.status),
        last_transition_time: time(condition.since),
        reason: condition.reason.to_string(),
    };
    conditions.iter().map(condition).collect()
}

pub(super) fn int_or_string(value: &IntOrString) -> wire::IntOrString {
    match value {
        IntOrString::Int(int_val) => wire::IntOrString { kind: 0, int_val: *int_val, str_val: String::new() },
        IntOrString::Text(text) => wire::IntOrString { kind: 1, int_val: 0, str_val: text.to_string() },
    }
}

pub(super) fn status(text: &str) -> Status3 {
    match text {
        "True" => Status3::True,
        "False" => Status3::False,
        _ => Status3::Unknown,
    }
}

pub(super) fn status_text(status: Status3) -> String {
    match status {
        Status3::True => "True",
        Status3::False => "False",
        Status3::Unknown => "Unknown",
    }
    .to_owned()
}

/// Reads `PartialObjectMetadata`, which is also how the metadata of any whole object is read.
pub(crate) struct Metadata(pub(crate) MetaOnly);

impl Lean for Metadata {
    type Wire = wire::PartialObjectMetadata;

    fn from_wire(wire: Self::Wire, to: &Into<'_>) -> Self {
        Self(MetaOnly { meta: to.meta(wire.metadata), ..MetaOnly::default() })
    }

    fn to_wire(&self) -> Self::Wire {
        wire::PartialObjectMetadata { metadata: meta(&self.0.meta) }
    }
}

/// As a Secret, the only metadata-only kind with more than metadata.
impl Lean for MetaOnly {
    type Wire = wire::Secret;

    fn from_wire(wire: Self::Wire, to: &Into<'_>) -> Self {
        Self { meta: to.meta(wire.metadata), kind: to.sym(&wire.kind) }
    }

    fn to_wire(&self) -> Self::Wire {
        wire::Secret { metadata: meta(&self.meta), kind: self.kind.to_string() }
    }
}
