//! Where a family writes the samples of one object.

use std::ops::Range;

use exposition::append;
use objects::{Meta, Resource};

use crate::{Pattern, label_names};

/// The samples of one family. Each begins with the family's name and the labels that identify its object; these are written
/// once per object and copied for the second sample and those after it. Nothing is allocated per sample.
#[derive(Debug)]
pub struct Samples<'a> {
    out: &'a mut Vec<u8>,
    name: &'static str,
    resource: Resource,
    allowed: Allowed<'a>,
    /// Where `name{namespace="…",pod="…"` of the current object stands in `out`; `None` before its first sample.
    start: Option<Range<usize>>,
    meta: &'a Meta,
}

/// Which labels and annotations of the resource may become labels of metrics.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Allowed<'a> {
    pub(crate) labels: &'a [Pattern],
    pub(crate) annotations: &'a [Pattern],
}

impl<'a> Samples<'a> {
    pub(crate) fn new(
        out: &'a mut Vec<u8>,
        name: &'static str,
        resource: Resource,
        allowed: Allowed<'a>,
        meta: &'a Meta,
    ) -> Self {
        Self { out, name, resource, allowed, start: None, meta }
    }

    /// A sample without further labels.
    pub fn value(&mut self, value: impl Into<f64>) {
        self.sample(&[], value);
    }

    /// The same for a 64-bit integer, which kube-state-metrics rounds to a float, too.
    pub fn integer(&mut self, value: i64) {
        self.value(value as f64);
    }

    /// A sample with the value 1: its labels are what it says.
    pub fn info(&mut self, labels: &[(&str, &str)]) {
        self.sample(labels, 1);
    }

    /// A sample with `labels` after those of the object.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: impl Into<f64>) {
        self.begin();
        for (name, value) in labels {
            append::label(self.out, name, value);
        }
        self.end(value.into());
    }

    /// A sample with labels or annotations of Kubernetes, their names made fit for Prometheus: "label_app_kubernetes_io_name".
    pub(crate) fn mapped<'l>(
        &mut self,
        prefix: &str,
        pairs: impl Iterator<Item = (&'l str, &'l str)> + Clone,
    ) {
        self.begin();
        label_names::append(self.out, prefix, pairs);
        self.end(1.0);
    }

    pub(crate) fn allowed(&self) -> Allowed<'a> {
        self.allowed
    }

    fn begin(&mut self) {
        if let Some(start) = self.start.clone() {
            return self.out.extend_from_within(start);
        }
        let from = self.out.len();
        self.out.extend_from_slice(self.name.as_bytes());
        self.out.push(b'{');
        self.identity();
        self.start = Some(from..self.out.len());
    }

    /// The labels that say which object it is.
    fn identity(&mut self) {
        let meta = self.meta;
        let own = match self.resource {
            Resource::Namespaces => return append::label(self.out, "namespace", &meta.name),
            Resource::Nodes => return append::label(self.out, "node", &meta.name),
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
        append::label(self.out, "namespace", &meta.namespace);
        append::label(self.out, own, &meta.name);
        if self.resource == Resource::Pods {
            append::label(self.out, "uid", &meta.uid);
        }
    }

    fn end(&mut self, value: f64) {
        self.out.push(b'}');
        append::value(self.out, value);
    }
}
