//! Where a family writes the samples of one object.

use exposition::append;

use crate::{Pattern, label_names};

/// The samples of one family for one object. Each begins with the family's name and the labels that identify the object.
/// Nothing is allocated per sample.
#[derive(Debug)]
pub struct Samples<'a> {
    out: &'a mut Vec<u8>,
    name: &'static str,
    /// `{namespace="…",pod="…"`
    identity: &'a [u8],
    allowed: Allowed<'a>,
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
        identity: &'a [u8],
        allowed: Allowed<'a>,
    ) -> Self {
        Self { out, name, identity, allowed }
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
        self.out.extend_from_slice(self.name.as_bytes());
        self.out.extend_from_slice(self.identity);
    }

    fn end(&mut self, value: f64) {
        self.out.push(b'}');
        append::value(self.out, value);
    }
}
