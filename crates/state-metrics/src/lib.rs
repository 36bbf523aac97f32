//! Kubernetes objects -> the metric families of kube-state-metrics.
//!
//! Owns: which families there are, their names, labels, label order and values, as kube-state-metrics v2.20.0 has them for
//! the same objects; which of them an operator wants ([`Options`]); and rendering piece by piece ([`Scrape`]), so that a
//! body of hundreds of megabytes is never whole in memory.
//!
//! Does not know: where objects come from, HTTP, time. No I/O, no async.
//!
//! Where to start: a kind is a table of [`Family`] rows in a file of its own (`node.rs` is a short one); [`families`] finds
//! the table of a resource. To add a resource: its lean type in `objects`, a variant of [`Render`], a table, a line in
//! [`families`]. Names, help texts and label names are the interface that dashboards and alerts rely on and are
//! kube-state-metrics' own.

mod conditions;
mod daemon_set;
mod deployment;
mod family;
mod identity;
mod job;
mod label_names;
mod meta;
mod namespace;
mod node;
mod options;
mod pod;
mod replica_set;
mod resource_units;
mod samples;
mod scrape;
mod stateful_set;

pub use family::{Family, Render, Stability};
pub use options::{AllowList, FamilyFilter, Options, OptionsError, Pattern};
pub use samples::Samples;
pub use scrape::{CHUNK_BYTES, Scrape, render};

use objects::Resource;

/// The families of a resource, in the order in which kube-state-metrics writes them; empty for a resource without any.
pub fn families(resource: Resource) -> &'static [Family] {
    match resource {
        Resource::Pods => pod::FAMILIES,
        Resource::Nodes => node::FAMILIES,
        Resource::Namespaces => namespace::FAMILIES,
        Resource::Deployments => deployment::FAMILIES,
        Resource::ReplicaSets => replica_set::FAMILIES,
        Resource::DaemonSets => daemon_set::FAMILIES,
        Resource::StatefulSets => stateful_set::FAMILIES,
        Resource::Jobs => job::FAMILIES,
        Resource::Services
        | Resource::EndpointSlices
        | Resource::Leases
        | Resource::ConfigMaps
        | Resource::Secrets => &[],
    }
}

#[cfg(test)]
mod tests;
