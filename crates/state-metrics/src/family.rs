//! A family as a row of a table.

use exposition::Kind;
use objects::node::{Namespace, Node};
use objects::pod::Pod;
use objects::workload::{DaemonSet, Deployment, Job, ReplicaSet, StatefulSet};
use objects::{Meta, Object, Resource};

use crate::Samples;

/// One metric family: what it is called and how an object becomes samples of it.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// "kube_pod_info"
    pub name: &'static str,
    /// Without the mark of stability that the exposition puts before it.
    pub help: &'static str,
    /// Type.
    pub kind: Kind,
    /// How firmly kube-state-metrics promises it.
    pub stability: Stability,
    /// Only there when [`crate::FamilyFilter::opt_in`] asks for it.
    pub opt_in: bool,
    /// Whose objects it is about.
    pub resource: Resource,
    /// How an object becomes samples.
    pub render: Render,
}

/// The promise of kube-state-metrics about a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stability {
    /// Its help text begins with "[STABLE] ".
    Stable,
    /// May change.
    Alpha,
}

/// How an object becomes samples: from its metadata alone, or from one kind's fields.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "one variant per kind, called as the kind")]
pub enum Render {
    /// Any kind.
    Meta(fn(&Meta, &mut Samples<'_>)),
    Node(fn(&Node, &mut Samples<'_>)),
    Pod(fn(&Pod, &mut Samples<'_>)),
    Namespace(fn(&Namespace, &mut Samples<'_>)),
    Deployment(fn(&Deployment, &mut Samples<'_>)),
    ReplicaSet(fn(&ReplicaSet, &mut Samples<'_>)),
    StatefulSet(fn(&StatefulSet, &mut Samples<'_>)),
    DaemonSet(fn(&DaemonSet, &mut Samples<'_>)),
    Job(fn(&Job, &mut Samples<'_>)),
}

impl Render {
    /// Writes the samples of `object`; none when it is of another kind.
    pub(crate) fn object(self, object: &Object, samples: &mut Samples<'_>) {
        match (self, object) {
            (Self::Meta(render), object) => render(object.meta(), samples),
            (Self::Node(render), Object::Node(object)) => render(object, samples),
            (Self::Pod(render), Object::Pod(object)) => render(object, samples),
            (Self::Namespace(render), Object::Namespace(object)) => render(object, samples),
            (Self::Deployment(render), Object::Deployment(object)) => render(object, samples),
            (Self::ReplicaSet(render), Object::ReplicaSet(object)) => render(object, samples),
            (Self::StatefulSet(render), Object::StatefulSet(object)) => render(object, samples),
            (Self::DaemonSet(render), Object::DaemonSet(object)) => render(object, samples),
            (Self::Job(render), Object::Job(object)) => render(object, samples),
            _ => {}
        }
    }
}

/// A row of a stable gauge.
pub(crate) const fn stable(name: &'static str, help: &'static str, render: Render) -> Family {
    row(name, help, Stability::Stable, render)
}

/// A row of a gauge that may change.
pub(crate) const fn alpha(name: &'static str, help: &'static str, render: Render) -> Family {
    row(name, help, Stability::Alpha, render)
}

const fn row(name: &'static str, help: &'static str, stability: Stability, render: Render) -> Family {
    // `table` says whose it is.
    let resource = Resource::Pods;
    Family { name, help, kind: Kind::Gauge, stability, opt_in: false, resource, render }
}

/// The rows of `resource`.
pub(crate) const fn table<const N: usize>(resource: Resource, mut rows: [Family; N]) -> [Family; N] {
    let mut at = 0;
    while at < N {
        rows[at].resource = resource;
        at += 1;
    }
    rows
}

impl Family {
    /// The same as a counter.
    pub(crate) const fn counter(mut self) -> Self {
        self.kind = Kind::Counter;
        self
    }

    /// The same, left out unless asked for.
    pub(crate) const fn opt_in(mut self) -> Self {
        self.opt_in = true;
        self
    }
}
