//! A whole exposition: lines put together to families.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::append::family_name;
use crate::{Format, Kind, Line, Lines, ParseError, Problem, Sample};

/// What a reader accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest line. A pod has at most 256 KiB of annotations, which escapes at most double.
    pub line_bytes: usize,
    /// Most labels of one sample.
    pub labels: usize,
    /// Most samples of one exposition.
    pub samples: usize,
}

impl Default for Limits {
    /// 1 MiB a line, 1,024 labels, 10,000,000 samples (one scrape of 100,000 pods has 7,500,000).
    fn default() -> Self {
        Self { line_bytes: 1 << 20, labels: 1_024, samples: 10_000_000 }
    }
}

/// A family and its samples.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Family<'a> {
    /// As `# TYPE` or `# HELP` has it; without these, the name of the sample.
    pub name: &'a str,
    /// [`Kind::Unknown`] without `# TYPE`.
    pub kind: Kind,
    /// Empty without `# HELP`.
    pub help: Cow<'a, str>,
    /// Empty without `# UNIT`.
    pub unit: &'a str,
    /// In order.
    pub samples: Vec<Sample<'a>>,
}

/// Reads an exposition. Strict: names, escapes, the order of the lines and the uniqueness of families, labels and series are
/// checked. Borrows from `text` what needs no unescaping.
pub fn parse(text: &str, format: Format, limits: Limits) -> Result<Vec<Family<'_>>, ParseError> {
    let mut lines = Lines::new(text, format, limits);
    let mut collector = Collector { format, samples_left: limits.samples, ..Collector::default() };
    while let Some(line) = lines.next() {
        collector.take(line?).map_err(|problem| ParseError { line: lines.line(), problem })?;
    }
    Ok(collector.families)
}

#[derive(Default)]
struct Collector<'a> {
    format: Format,
    samples_left: usize,
    families: Vec<Family<'a>>,
    names: HashSet<&'a str>,
    series: HashSet<u128>,
    /// Which metadata the current family has had: HELP, TYPE, UNIT.
    metadata: [bool; 3],
}

impl<'a> Collector<'a> {
    fn take(&mut self, line: Line<'a>) -> Result<(), Problem> {
        match line {
            Line::Help(name, help) => self.metadata(name, 0)?.help = help,
            Line::Type(name, kind) => self.metadata(name, 1)?.kind = kind,
            Line::Unit(name, unit) => self.metadata(name, 2)?.unit = unit,
            Line::Sample(sample) => return self.sample(sample),
        }
        Ok(())
    }

    fn metadata(&mut self, name: &'a str, which: usize) -> Result<&mut Family<'a>, Problem> {
        if self.families.last().is_none_or(|family| family.name != name) {
            self.begin(name)?;
        }
        let had = std::mem::replace(&mut self.metadata[which], true);
        let family = self.families.last_mut().expect("a family was begun");
        if had || !family.samples.is_empty() { Err(Problem::Metadata) } else { Ok(family) }
    }

    fn sample(&mut self, sample: Sample<'a>) -> Result<(), Problem> {
        self.samples_left = self.samples_left.checked_sub(1).ok_or(Problem::SampleLimit)?;
        if !self.series.insert(identity(&sample)) {
            return Err(Problem::SeriesTwice);
        }
        if !self.families.last().is_some_and(|family| belongs(&sample, family, self.format)) {
            self.begin(sample.name)?;
        }
        self.families.last_mut().expect("a family was begun").samples.push(sample);
        Ok(())
    }

    fn begin(&mut self, name: &'a str) -> Result<(), Problem> {
        if !self.names.insert(name) {
            return Err(Problem::Interleaved);
        }
        self.metadata = [false; 3];
        self.families.push(Family { name, ..Family::default() });
        Ok(())
    }
}

fn belongs(sample: &Sample<'_>, family: &Family<'_>, format: Format) -> bool {
    let suffix = sample.name.strip_prefix(family.name);
    suffix.is_some_and(|suffix| family.kind.suffixes(format).contains(&suffix))
}

/// Name and labels, whatever the order. 128 bits: of ten million series, two agree by chance once in 10^24.
fn identity(sample: &Sample<'_>) -> u128 {
    let mut labels: Vec<_> = sample.labels.iter().collect();
    labels.sort_unstable();
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, sample.name, &labels).hash(&mut hasher);
        hasher.finish()
    };
    u128::from(half(0)) << 64 | u128::from(half(1))
}

impl Family<'_> {
    /// The name as text format has it: with the suffix that OpenMetrics takes off.
    pub fn text_name(&self) -> String {
        let suffix = match self.kind {
            Kind::Counter => "_total",
            Kind::Info => "_info",
            _ => "",
        };
        format!("{}{suffix}", family_name(Format::OpenMetrics, self.name, self.kind))
    }
}
