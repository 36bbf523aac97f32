//! The lines of one family.

use exposition::{Format, append};

use super::Family;

/// Writes samples; the head of the family comes with the first.
pub(crate) struct Lines<'a> {
    family: &'a Family,
    out: &'a mut Vec<u8>,
    begun: bool,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(family: &'a Family, out: &'a mut Vec<u8>) -> Self {
        Self { family, out, begun: false }
    }

    /// A sample with the labels of its group: ready-made bytes.
    pub(crate) fn one(&mut self, labels: &[u8], value: f64) {
        self.start();
        self.out.extend_from_slice(labels);
        self.out.extend_from_slice(self.family.extra);
        self.out.push(b'}');
        append::value(self.out, value);
    }

    /// The same with further labels.
    pub(crate) fn with(&mut self, labels: &[u8], extra: &[(&str, &str)], value: f64) {
        self.start();
        self.out.extend_from_slice(labels);
        for (name, value) in extra {
            append::label(self.out, name, value);
        }
        self.out.push(b'}');
        append::value(self.out, value);
    }

    /// A sample without labels.
    pub(crate) fn bare(&mut self, value: f64) {
        self.start();
        append::value(self.out, value);
    }

    fn start(&mut self) {
        if !self.begun {
            append::header(self.out, Format::Text, self.family.name, self.family.help, self.family.kind);
            self.begun = true;
        }
        self.out.extend_from_slice(self.family.name.as_bytes());
    }
}
