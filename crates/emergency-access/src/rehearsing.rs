//! Rehearsals on a schedule, and their results as metrics: for alerts, and for gates of rollouts ("none begins when the last
//! rehearsal is a week old").

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use environment::{Clock, Entropy};
use parking_lot::Mutex;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use tokio_util::sync::CancellationToken;

use crate::rehearsal::{Rehearsal, Trial, rehearse};
use crate::way::open_all;

/// Whoever rehearses on a schedule. Cheap to clone.
#[derive(Clone)]
pub struct Rehearsing(Arc<Inner>);

struct Inner {
    kubeconfig: PathBuf,
    every: Duration,
    clock: Arc<dyn Clock>,
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    rehearsal: Rehearsal,
    /// Of the monotonic clock.
    ok_at: Option<Duration>,
}

impl Rehearsing {
    /// With the credentials of a file that is read anew each time: they are short-lived.
    pub fn new(kubeconfig: PathBuf, every: Duration, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner { kubeconfig, every, clock, last: Mutex::default() }))
    }

    /// Until `stop`; seven requests for each way in, each time.
    pub async fn run(self, entropy: Arc<dyn Entropy>, stop: CancellationToken) {
        loop {
            self.once().await;
            // Hubs that were started together do not rehearse together.
            let pause = self.0.every.mul_f64(0.9 + 0.2 * entropy.fraction());
            if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
        }
    }

    async fn once(&self) {
        let at = self.0.clock.wall().as_secs();
        let trials = match open_all(&self.0.kubeconfig, None, self.0.clock.clone()).await {
            Ok(ways) => {
                let mut trials = Vec::new();
                for (context, way) in &ways {
                    trials.extend(rehearse(context, way).await);
                }
                trials
            }
            Err(says) => vec![Trial {
                way: self.0.kubeconfig.display().to_string(),
                name: "credentials".to_owned(),
                ok: false,
                says,
                seconds: 0.0,
            }],
        };
        let rehearsal = Rehearsal { at, trials };
        for trial in rehearsal.trials.iter().filter(|trial| !trial.ok) {
            tracing::warn!(trial.way, trial.name, trial.says, "a rehearsal of break-glass failed");
        }
        let mut last = self.0.last.lock();
        if rehearsal.is_ok() {
            last.ok_at = Some(self.0.clock.monotonic());
        }
        last.rehearsal = rehearsal;
    }

    /// The results.
    pub fn collector(&self) -> Box<dyn Collector> {
        Box::new(Results(self.clone()))
    }
}

struct Results(Rehearsing);

impl std::fmt::Debug for Results {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Results")
    }
}

impl Collector for Results {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let inner = &self.0.0;
        let (trials, age) = {
            let last = inner.last.lock();
            let age = last.ok_at.map(|at| inner.clock.monotonic().saturating_sub(at).as_secs_f64());
            (last.rehearsal.trials.clone(), age)
        };
        // Never rehearsed well: no series, and a gate without data is closed.
        if let Some(age) = age {
            let help = "Seconds since a rehearsal of break-glass passed as a whole";
            let metric = encoder.encode_descriptor(
                "plimsoll_breakglass_rehearsal_age_seconds",
                help,
                None,
                MetricType::Gauge,
            )?;
            ConstGauge::new(age).encode(metric)?;
        }
        let help = "Whether this part of the last rehearsal passed";
        let mut family =
            encoder.encode_descriptor("plimsoll_breakglass_rehearsal_ok", help, None, MetricType::Gauge)?;
        for trial in &trials {
            let labels = [("way", trial.way.as_str()), ("trial", trial.name.as_str())];
            ConstGauge::new(i64::from(trial.ok)).encode(family.encode_family(&labels)?)?;
        }
        let help = "How long this part of the last rehearsal took";
        let mut family = encoder.encode_descriptor(
            "plimsoll_breakglass_rehearsal_seconds",
            help,
            None,
            MetricType::Gauge,
        )?;
        for trial in trials.iter().filter(|trial| trial.ok) {
            let labels = [("way", trial.way.as_str()), ("trial", trial.name.as_str())];
            ConstGauge::new(trial.seconds).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
