//! One object of any kind.

use std::sync::Arc;

use crate::meta::{Meta, MetaOnly};
use crate::node::{Lease, Namespace, Node};
use crate::pod::Pod;
use crate::service::{EndpointSlice, Service};
use crate::workload::{DaemonSet, Deployment, Job, ReplicaSet, StatefulSet};
use crate::{Sym, Text};

/// Identifies an object within its resource. `namespace` is empty for cluster-scoped kinds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub namespace: Sym,
    pub name: Text,
}

/// One object. Cheap to clone: a store, a running scrape and a fan-out share it.
#[derive(Debug, Clone, PartialEq)]
pub enum Object {
    Node(Arc<Node>),
    Pod(Arc<Pod>),
    Namespace(Arc<Namespace>),
    Service(Arc<Service>),
    EndpointSlice(Arc<EndpointSlice>),
    Deployment(Arc<Deployment>),
    ReplicaSet(Arc<ReplicaSet>),
    StatefulSet(Arc<StatefulSet>),
    DaemonSet(Arc<DaemonSet>),
    Job(Arc<Job>),
    Lease(Arc<Lease>),
    MetaOnly(Arc<MetaOnly>),
}

impl Object {
    /// The object's metadata, whatever its kind.
    pub fn meta(&self) -> &Meta {
        match self {
            Self::Node(o) => &o.meta,
            Self::Pod(o) => &o.meta,
            Self::Namespace(o) => &o.meta,
            Self::Service(o) => &o.meta,
            Self::EndpointSlice(o) => &o.meta,
            Self::Deployment(o) => &o.meta,
            Self::ReplicaSet(o) => &o.meta,
            Self::StatefulSet(o) => &o.meta,
            Self::DaemonSet(o) => &o.meta,
            Self::Job(o) => &o.meta,
            Self::Lease(o) => &o.meta,
            Self::MetaOnly(o) => &o.meta,
        }
    }

    /// Namespace and name.
    pub fn key(&self) -> Key {
        let meta = self.meta();
        Key { namespace: meta.namespace.clone(), name: meta.name.clone() }
    }
}
