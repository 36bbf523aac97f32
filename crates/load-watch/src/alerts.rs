//! The bank of detectors.

use std::collections::BTreeMap;

use change_points::{Detector, Floor, Verdict};

use crate::report::{Alert, AlertName};

/// Subjects whose cost is watched: the dearest. With the others this is twenty streams, for which the false alarms are counted.
const SUBJECTS_MAX: usize = 12;
/// Samples with nothing that a newcomer is taken to have had before: who appears with a cost is a change. Whoever is there when the
/// hub starts is none, so that it takes as many rounds until somebody is new.
const ABSENT_SAMPLES: u64 = 12;

/// All streams.
#[derive(Debug, Default)]
pub(crate) struct Alerts {
    streams: BTreeMap<(AlertName, String), Stream>,
    samples: u64,
}

#[derive(Debug)]
struct Stream {
    detector: Detector,
    /// Since when, seconds; while it is raised.
    raised: Option<(f64, f64, f64)>,
    last_sample: u64,
}

impl Alerts {
    /// One sample of a stream, at `now` in seconds.
    pub(crate) fn take(&mut self, now: f64, name: AlertName, subject: &str, sample: f64) {
        let key = (name, subject.to_owned());
        let samples = self.samples;
        let stream = self
            .streams
            .entry(key)
            .or_insert_with(|| Stream::new(name, is_of_subjects(name) && samples > ABSENT_SAMPLES));
        stream.last_sample = samples;
        stream.raised = match stream.detector.take(sample) {
            Verdict::Changed { from, to } => {
                let since = stream.raised.map_or(now, |(since, ..)| since);
                // What it was before is what it was at the beginning.
                Some((since, stream.raised.map_or(from, |(_, from, _)| from), to))
            }
            Verdict::Unknown | Verdict::Usual => None,
        };
    }

    /// Costs by subject, the dearest first: those beyond the limit are not watched. Who has gone costs nothing.
    pub(crate) fn costs(&mut self, now: f64, mut costs: Vec<(&str, f64)>) {
        costs.sort_by(|one, other| other.1.total_cmp(&one.1));
        let known = |alerts: &Self, subject: &str| {
            alerts.streams.contains_key(&(AlertName::ApiserverCostChanged, subject.to_owned()))
        };
        let of_subjects =
            |alerts: &Self| alerts.streams.keys().filter(|(name, _)| is_of_subjects(*name)).count();
        for (subject, cost) in &costs {
            if known(self, subject) || of_subjects(self) < SUBJECTS_MAX {
                self.take(now, AlertName::ApiserverCostChanged, subject, *cost);
            }
        }
        let samples = self.samples;
        let gone = |stream: &Stream| stream.last_sample < samples;
        let absent = self.streams.iter().filter(|((name, _), stream)| is_of_subjects(*name) && gone(stream));
        let absent: Vec<String> = absent.map(|((_, subject), _)| subject.clone()).collect();
        for subject in absent {
            self.streams.remove(&(AlertName::ApiserverCostChanged, subject));
        }
    }

    /// The next round of samples begins.
    pub(crate) fn round(&mut self) {
        self.samples += 1;
    }

    /// Those that are raised.
    pub(crate) fn raised(&self, now: f64) -> Vec<Alert> {
        let raised = self.streams.iter().filter_map(|((name, subject), stream)| {
            let (since, from, to) = stream.raised?;
            Some(Alert { name: *name, subject: subject.clone(), since_seconds: now - since, from, to })
        });
        raised.collect()
    }
}

impl Stream {
    fn new(name: AlertName, was_absent: bool) -> Self {
        let mut detector = Detector::new(floor(name));
        if was_absent {
            (0..ABSENT_SAMPLES).for_each(|_| {
                detector.take(0.0);
            });
        }
        Self { detector, raised: None, last_sample: 0 }
    }
}

fn is_of_subjects(name: AlertName) -> bool {
    name == AlertName::ApiserverCostChanged
}

/// What matters at all: a change below it wakes nobody.
fn floor(name: AlertName) -> Floor {
    let (part, least) = match name {
        // A twentieth of a core is what 50 small requests a second take.
        AlertName::ApiserverCostChanged => (0.5, 0.05),
        AlertName::ApiserverCpuChanged => (0.5, 0.2),
        // Answers take 1 to 20 ms; the objective is 1 s.
        AlertName::ApiserverLatencyChanged => (1.0, 0.02),
        AlertName::ApiserverRejects | AlertName::WatchTerminations => (0.5, 0.2),
        // A compaction's worth: etcd grows in steps.
        AlertName::EtcdSizeChanged => (0.2, 50e6),
    };
    Floor { part, least }
}

#[cfg(test)]
mod tests;
