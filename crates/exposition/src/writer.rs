//! Families and samples, written in order.

use crate::{Format, Kind, append};

/// Writes families one after the other into a buffer that the caller keeps and reuses.
///
/// ```text
/// let mut writer = Writer::new(&mut out, Format::Text);
/// writer.family("node_load1", "1m load average.", Kind::Gauge);
/// writer.sample().value(0.5);
/// writer.family("node_cpu_seconds_total", "Seconds that the CPUs spent in each mode.", Kind::Counter);
/// writer.sample().label("cpu", "0").label("mode", "idle").value(12.25);
/// writer.finish();
/// ```
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
    format: Format,
    /// What every sample of the family begins with.
    name: String,
    kind: Kind,
}

/// One sample: labels, then the value. Dropped without a value, it leaves nothing behind.
#[derive(Debug)]
#[must_use = "a sample without a value is not written"]
pub struct SampleWriter<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    labelled: bool,
}

impl<'a> Writer<'a> {
    /// Appends to `out`.
    pub fn new(out: &'a mut Vec<u8>, format: Format) -> Self {
        Self { out, format, name: String::new(), kind: Kind::Unknown }
    }

    /// Begins a family. `name` is what text format calls it: a counter's ends in `_total`, an info's in `_info`. Where
    /// OpenMetrics demands such a suffix and it is absent, the samples get it.
    pub fn family(&mut self, name: &str, help: &str, kind: Kind) {
        append::header(self.out, self.format, name, help, kind);
        self.name.clear();
        self.name.push_str(name);
        self.kind = kind;
        let demanded = match (self.format, kind) {
            (Format::OpenMetrics, Kind::Counter) => "_total",
            (Format::OpenMetrics, Kind::Info) => "_info",
            _ => return,
        };
        if !name.ends_with(demanded) {
            self.name.push_str(demanded);
        }
    }

    /// A sample of the family.
    pub fn sample(&mut self) -> SampleWriter<'_> {
        self.suffixed("")
    }

    /// A sample with a suffix: "_bucket", "_sum", "_count" of a histogram or summary.
    pub fn suffixed(&mut self, suffix: &str) -> SampleWriter<'_> {
        let start = self.out.len();
        self.out.extend_from_slice(self.name.as_bytes());
        self.out.extend_from_slice(suffix.as_bytes());
        SampleWriter { out: self.out, start, labelled: false }
    }

    /// A family of one sample without labels.
    pub fn single(&mut self, name: &str, help: &str, kind: Kind, value: f64) {
        self.family(name, help, kind);
        self.sample().value(value);
    }

    /// Writes what must stand at the end of an exposition.
    pub fn finish(self) {
        append::end(self.out, self.format);
    }
}

impl SampleWriter<'_> {
    /// Adds a label. The name must be valid; the value is escaped.
    pub fn label(mut self, name: &str, value: &str) -> Self {
        if !self.labelled {
            self.out.push(b'{');
            self.labelled = true;
        }
        append::label(self.out, name, value);
        self
    }

    /// Adds labels.
    pub fn labels<'l>(self, labels: impl IntoIterator<Item = (&'l str, &'l str)>) -> Self {
        labels.into_iter().fold(self, |sample, (name, value)| sample.label(name, value))
    }

    /// Ends the sample.
    pub fn value(mut self, value: f64) {
        if self.labelled {
            self.out.push(b'}');
        }
        append::value(self.out, value);
        self.start = self.out.len();
    }
}

impl Drop for SampleWriter<'_> {
    fn drop(&mut self) {
        self.out.truncate(self.start);
    }
}
