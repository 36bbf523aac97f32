//! The coefficients of one API server, measured on itself.
//!
//! Each experiment is a handful of small batches of equal requests. The CPU of a batch is the difference of the API server's own
//! `process_cpu_seconds_total`, less what it uses while nobody asks and what reading the metrics costs. A cycle of Go's garbage
//! collector costs as much as a whole batch and falls on any of them: batches with a cycle in them are not used, and the
//! collector's CPU comes back in proportion to what a request allocates.

mod experiments;
mod fan_out;
mod meter;
mod model;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use api_cost::{Cluster, CostModel};
use environment::Clock;

use crate::api::{Api, ApiError};
use experiments::Experiment;
use fan_out::OwnObject;
use meter::{Batches, Meter};

pub use model::{Measured, Row};

/// Batches of an experiment: the median of eight is not moved by three that were disturbed.
const BATCHES: usize = 8;
/// Batches with a collector's cycle in them are repeated, but not for ever.
const ROUNDS_MAX: usize = 12;
/// After every so many batches, one without a request.
const EMPTY_EVERY: usize = 3;
/// What an answer may take, of what the first took, before the server is thought to suffer.
const SLOWER_MAX: f64 = 5.0;
/// Below it, slower means nothing.
const SLOW_SECONDS_MIN: f64 = 1.0;

/// What may be asked.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Requests in all.
    pub requests: u64,
    /// Bytes of answers in all.
    pub bytes: u64,
    /// Seconds in all.
    pub time: Duration,
    /// Where a ConfigMap of our own is written, and removed in the end; without it, writes are not measured.
    pub write_namespace: Option<String>,
}

impl Default for Limits {
    /// 8,000 requests in five minutes are 27 a second, and 3 GB are 10 MB a second, half of it metrics: a few percent of what one API server does.
    fn default() -> Self {
        Self { requests: 8000, bytes: 3_000_000_000, time: Duration::from_secs(300), write_namespace: None }
    }
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum CalibrateError {
    /// A request.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// No CPU in the metrics.
    #[error(
        "{0}: without process_cpu_seconds_total of the API server nothing can be measured; ask for the right to get /metrics"
    )]
    NoMetrics(String),
    /// Too small.
    #[error("the cluster has {0} pods; with fewer than 200 the differences are too small to be measured")]
    TooSmall(u64),
    /// The server suffers.
    #[error(
        "the API server is {0:.0} times slower than at the beginning; measuring stops, try again when it is quieter"
    )]
    Distress(f64),
}

/// What is said while it runs.
pub trait Progress {
    /// An experiment begins.
    fn now(&self, what: &str);
}

/// Measures. `cluster` as [`crate::facts`] read it.
///
/// # Errors
/// [`CalibrateError`].
pub async fn run(
    api: &Api,
    cluster: &Cluster,
    limits: &Limits,
    clock: Arc<dyn Clock>,
    progress: &dyn Progress,
) -> Result<Measured, CalibrateError> {
    let end = clock.monotonic() + limits.time;
    let place = experiments::Place::find(api, cluster).await?;
    progress.now("what the API server uses while nobody asks");
    let meter = Meter::start(api, Arc::clone(&clock)).await?;
    let mut measured = Measured::default();
    let own = writable(api, limits, &mut measured).await;
    if let Some(own) = &own {
        progress.now("writes of a ConfigMap of our own, without and with watchers");
        match own.watched(api, &meter).await {
            Ok(fan_out) => measured.fan_out = Some(fan_out),
            Err(error) => measured.left_out.push(format!("watchers of writes: {error}")),
        }
    }
    let mut experiments = experiments::all(&place);
    experiments.extend(own.iter().flat_map(|own| experiments::writes(&own.path)));
    let ended = rounds(api, &meter, limits, end, &clock, progress, experiments, &mut measured).await;
    // Also when the server suffers.
    if let Some(own) = own
        && let Err(sentence) = own.remove(api).await
    {
        measured.left_out.push(sentence);
    }
    ended?;
    measured.collector = meter.collector(api).await?;
    Ok(measured)
}

/// The ConfigMap of our own, where one may be written.
async fn writable(api: &Api, limits: &Limits, measured: &mut Measured) -> Option<OwnObject> {
    let Some(namespace) = &limits.write_namespace else {
        measured.left_out.push("writes and their watchers: no --write-namespace was given".to_owned());
        return None;
    };
    match OwnObject::create(api, namespace).await {
        Ok(own) => Some(own),
        Err(error) => {
            measured.left_out.push(format!("writes and their watchers: {error}"));
            None
        }
    }
}

/// Round after round of all experiments: a machine that is slower for a while is so for each of them.
#[expect(clippy::too_many_arguments, reason = "what one run has, once")]
async fn rounds(
    api: &Api,
    meter: &Meter,
    limits: &Limits,
    end: Duration,
    clock: &Arc<dyn Clock>,
    progress: &dyn Progress,
    experiments: Vec<Experiment>,
    measured: &mut Measured,
) -> Result<(), CalibrateError> {
    let mut running = Vec::new();
    for experiment in experiments {
        progress.now(experiment.name);
        // The first fills caches, tells the size and how long an answer takes.
        let began = clock.monotonic();
        match experiment.ask(api).await {
            Ok(bytes) => running.push(Running {
                bytes,
                first: clock.monotonic().saturating_sub(began).as_secs_f64(),
                batches: Batches::default(),
                experiment,
            }),
            Err(error) => measured.left_out.push(format!("{}: {error}", experiment.name)),
        }
    }
    let mut before = meter.read(api).await?;
    // Batches without a request: reading the metrics costs more after some requests than after others.
    let mut empty = Batches::default();
    'rounds: for round in 1..=ROUNDS_MAX {
        progress.now(&format!("round {round} of {ROUNDS_MAX}"));
        for (number, one) in running.iter_mut().enumerate().filter(|(_, one)| !one.batches.enough()) {
            let (requests, bytes) = api.asked();
            if clock.monotonic() >= end || requests >= limits.requests || bytes >= limits.bytes {
                measured.left_out.push(format!("the budget was used up in round {round}"));
                break 'rounds;
            }
            one.batch(api, clock).await?;
            let after = meter.read(api).await?;
            one.batches.take(meter.spent(&before, &after));
            before = after;
            if number % EMPTY_EVERY == 0 {
                let after = meter.read(api).await?;
                empty.take(meter.spent(&before, &after));
                before = after;
            }
        }
    }
    let empty = empty.middle();
    for (name, of, and) in experiments::DIFFERENCES {
        let find = |name: &str| running.iter().find(|one| one.experiment.name == name);
        if let Some((of, and)) = find(of).zip(find(and)) {
            measured.points.push((name, of.batches.over(&and.batches, of.experiment.batch)));
        }
    }
    for one in running {
        #[expect(clippy::cast_precision_loss, reason = "bytes of an answer")]
        let point = one.batches.point(one.experiment.batch, one.bytes as f64, empty);
        measured.points.push((one.experiment.name, point));
    }
    Ok(())
}

/// An experiment and what came of it so far.
struct Running {
    experiment: Experiment,
    bytes: u64,
    first: f64,
    batches: Batches,
}

impl Running {
    async fn batch(&self, api: &Api, clock: &Arc<dyn Clock>) -> Result<(), CalibrateError> {
        for _ in 0..self.experiment.batch {
            let began = clock.monotonic();
            self.experiment.ask(api).await?;
            let took = clock.monotonic().saturating_sub(began).as_secs_f64();
            if took > SLOW_SECONDS_MIN && took > self.first * SLOWER_MAX {
                return Err(CalibrateError::Distress(took / self.first));
            }
        }
        Ok(())
    }
}

/// What one request of an experiment takes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Point {
    /// CPU seconds without the collector's.
    pub cpu: f64,
    /// Bytes allocated.
    pub allocated: f64,
    /// Bytes of the answer.
    pub bytes: f64,
    /// Requests that were measured.
    pub requests: u32,
    /// From the lower to the upper quartile of the batches, as a part of the median.
    pub spread: f64,
}

/// The model that follows; what was not measured, or does not fit, is the shipped one's.
#[must_use]
pub fn model(measured: &Measured, cluster: &Cluster) -> (CostModel, Vec<Row>) {
    model::fit(measured, cluster)
}
