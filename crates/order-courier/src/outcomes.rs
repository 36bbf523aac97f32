//! What came of orders, for people and for metrics.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use serde::{Deserialize, Serialize};

/// The last ones, for a file that a person reads.
const KEPT: usize = 64;

/// What came of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Its own name in hexadecimal; empty if it could not be read.
    pub id: String,
    /// "cut logs/DaemonSet/vector on all nodes".
    pub order: String,
    /// "followed", "rehearsed", "elsewhere", "done before", "refused", "failed".
    pub result: String,
    /// A sentence.
    pub what: String,
    /// Seconds since 1970.
    pub at: u64,
}

/// The last outcomes, newest last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes(pub VecDeque<Outcome>);

impl Outcomes {
    pub(crate) fn add(&mut self, outcome: Outcome) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(outcome);
    }
}

/// How many orders ended how, since the start.
#[derive(Debug, Clone, Default)]
pub struct Counts(Arc<Mutex<Vec<(String, u64)>>>);

impl Counts {
    pub(crate) fn count(&self, result: &str) {
        let mut counts = self.0.lock();
        match counts.iter_mut().find(|(known, _)| known == result) {
            Some((_, count)) => *count += 1,
            None => counts.push((result.to_owned(), 1)),
        }
    }
}

impl prometheus_client::collector::Collector for Counts {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let counts = self.0.lock().clone();
        let help = "Sealed orders that came to this node, by what came of them";
        let mut family = encoder.encode_descriptor("plimsoll_orders", help, None, MetricType::Counter)?;
        for (result, count) in counts {
            ConstCounter::new(count).encode(family.encode_family(&[("result", result)])?)?;
        }
        Ok(())
    }
}
