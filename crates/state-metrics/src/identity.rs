//! The labels that say which object a sample is about.

use exposition::append;
use objects::{Object, Resource};

/// `{namespace="shop",pod="cart-1",uid="7f"` of each object, one behind the other.
///
/// Every family of a scrape needs them, and names and UIDs lie scattered over the heap: a scrape waits for memory more than
/// it computes. This block is read in order. A pod takes about 100 bytes of it, 10 MB for 100,000 pods, for as long as its
/// resource is being written (`examples/render-cost.rs` prints it).
#[derive(Debug, Default)]
pub(crate) struct Identities {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Identities {
    pub(crate) fn of(resource: Resource, objects: &[Object]) -> Self {
        let mut identities = Self { bytes: Vec::new(), ends: Vec::with_capacity(objects.len()) };
        for object in objects {
            append_labels(resource, object, &mut identities.bytes);
            identities.ends.push(identities.bytes.len());
        }
        identities
    }

    /// That of the object at this place.
    pub(crate) fn get(&self, at: usize) -> &[u8] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.bytes[start..self.ends[at]]
    }
}

fn append_labels(resource: Resource, object: &Object, out: &mut Vec<u8>) {
    let meta = object.meta();
    out.push(b'{');
    let own = match resource {
        Resource::Namespaces => return append::label(out, "namespace", &meta.name),
        Resource::Nodes => return append::label(out, "node", &meta.name),
        Resource::Pods => "pod",
        Resource::Deployments => "deployment",
        Resource::ReplicaSets => "replicaset",
        Resource::StatefulSets => "statefulset",
        Resource::DaemonSets => "daemonset",
        Resource::Jobs => "job_name",
        Resource::Services => "service",
        Resource::EndpointSlices => "endpointslice",
        Resource::Leases => "lease",
        Resource::ConfigMaps => "configmap",
        Resource::Secrets => "secret",
    };
    append::label(out, "namespace", &meta.namespace);
    append::label(out, own, &meta.name);
    if resource == Resource::Pods {
        append::label(out, "uid", &meta.uid);
    }
}
