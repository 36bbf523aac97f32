//! How many objects a request touches, and how large they are in an answer.

use workload_profile::{Accept, RequestClass, Returns, Verb};

use crate::cluster::{Cluster, Count, Encoded, Resource};

/// Pods of the testbed: bytes in an answer for each byte in etcd (docs/preflight.md names the command that prints them).
const JSON_PER_STORED: f64 = 1.44;
const PROTOBUF_PER_STORED: f64 = 1.0;
const TABLE_PER_STORED: f64 = 0.54;
const METADATA_JSON_PER_STORED: f64 = 0.65;
const METADATA_PROTOBUF_PER_STORED: f64 = 0.44;
/// Bytes of an object in etcd of which nothing is known: between a Lease (0.5 KB) and a pod (6 KB).
const STORED_BYTES: f64 = 2000.0;
/// More than this times the bytes that JSON needs is JSON with indentation.
const INDENTED_FROM: f64 = 1.5;
/// Pods on a node of which nothing is known; kubelet's limit is 110, Kubernetes' scalability thresholds are set at 30.
const PODS_PER_NODE: f64 = 30.0;
/// (resource, its objects where the cluster does not say them, bytes of one in etcd).
const USUAL: [(&str, Count, f64); 6] = [
    ("pods", Count { per_node: PODS_PER_NODE, fixed: 0.0 }, 5800.0),
    ("nodes", Count { per_node: 1.0, fixed: 0.0 }, 8000.0),
    ("leases.coordination.k8s.io", Count { per_node: 1.0, fixed: 20.0 }, 450.0),
    ("csinodes.storage.k8s.io", Count { per_node: 1.0, fixed: 0.0 }, 500.0),
    ("endpointslices.discovery.k8s.io", Count { per_node: 2.0, fixed: 20.0 }, 3000.0),
    ("replicasets.apps", Count { per_node: 6.0, fixed: 100.0 }, 3000.0),
];

/// `pods`, `deployments.apps`: the name under which a cluster's file and the API server's metrics have a resource.
#[must_use]
pub fn resource_name(class: &RequestClass) -> String {
    match class.group.is_empty() {
        true => class.resource.clone(),
        false => format!("{}.{}", class.resource, class.group),
    }
}

/// What is known about the objects of a resource.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// How many there are.
    pub objects: Count,
    /// Bytes of one in etcd.
    pub stored_bytes: f64,
    /// Bytes of one in an answer, where they were measured.
    pub encoded: Encoded,
    /// The cluster does not say how many there are.
    pub guessed: bool,
}

impl Known {
    /// From the cluster, or the usual.
    #[must_use]
    pub fn of(cluster: &Cluster, name: &str) -> Self {
        let usual = USUAL.iter().find(|(resource, ..)| *resource == name);
        let usual_bytes = usual.map_or(STORED_BYTES, |(_, _, bytes)| *bytes);
        let Some(resource) = cluster.resources.get(name) else {
            let objects = usual.map_or(Count::default(), |(_, objects, _)| *objects);
            return Self { objects, stored_bytes: usual_bytes, encoded: Encoded::default(), guessed: true };
        };
        Self {
            objects: resource.objects,
            stored_bytes: stored_bytes(resource).unwrap_or(usual_bytes),
            encoded: resource.encoded_bytes,
            guessed: false,
        }
    }

    /// Bytes of one in an answer.
    #[must_use]
    pub fn bytes(&self, accept: Accept) -> f64 {
        let (measured, per_stored) = match accept {
            Accept::Json | Accept::Yaml => (self.encoded.json, JSON_PER_STORED),
            Accept::Protobuf | Accept::Cbor => (self.encoded.protobuf, PROTOBUF_PER_STORED),
            Accept::Table => (self.encoded.table, TABLE_PER_STORED),
            Accept::MetadataJson => (self.encoded.metadata_json, METADATA_JSON_PER_STORED),
            Accept::MetadataProtobuf => (self.encoded.metadata_protobuf, METADATA_PROTOBUF_PER_STORED),
        };
        measured.unwrap_or(self.stored_bytes * per_stored)
    }
}

fn stored_bytes(resource: &Resource) -> Option<f64> {
    let encoded = &resource.encoded_bytes;
    resource
        .stored_bytes
        .or(encoded.protobuf.map(|bytes| bytes / PROTOBUF_PER_STORED))
        .or(encoded.json.map(|bytes| bytes / JSON_PER_STORED))
}

/// Objects of which one request, at that many nodes, returns or follows some.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Selection {
    /// All of the resource.
    pub all: f64,
    /// Those in the namespace, or all.
    pub within: f64,
    /// Those that the selectors let pass.
    pub matching: f64,
}

/// What a request selects.
#[must_use]
pub fn selection(class: &RequestClass, known: &Known, nodes: f64) -> Selection {
    let all = known.objects.at(nodes);
    if class.verb == Verb::Get {
        return Selection { all, within: 1.0, matching: 1.0 };
    }
    let matching = match class.returns {
        Returns::All => all,
        Returns::PerNode => all / nodes.max(1.0),
        Returns::Share(share) => all * share,
        Returns::Count(count) => count.min(all.max(count)),
    };
    // Of a namespace only what came back is known; a selector within it looks at a little more.
    let within = if class.namespaced { matching } else { all };
    Selection { all, within, matching }
}

/// Bytes of one object in this class' answers: what was seen of a selected part, which may differ from the whole; else the cluster's.
#[must_use]
pub(crate) fn answer_bytes(class: &RequestClass, known: &Known) -> f64 {
    let cluster = known.bytes(class.accept);
    let Some(observed) = &class.observed else { return cluster };
    // An API server indents JSON for curl, wget and browsers: then an object has twice its bytes.
    let seen = observed.response_bytes.zip(observed.objects).map(|(bytes, objects)| bytes / objects.max(1.0));
    let indented = class.accept == Accept::Json && seen.is_some_and(|seen| seen > cluster * INDENTED_FROM);
    let selected = class.returns != Returns::All || known.guessed || indented;
    match (observed.response_bytes, observed.objects) {
        (Some(bytes), Some(objects)) if selected && objects >= 1.0 => bytes / objects,
        (Some(bytes), None) if class.verb == Verb::Get => bytes,
        _ => cluster,
    }
}
