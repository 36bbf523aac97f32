//! How the API server is, as a client meets it.
//!
//! Owns: two probes every five seconds, one on a fresh connection and one on the one that is kept; the judgement from them
//! ([`judge`], without I/O), the metrics. Does not know: what the API server says of itself (`load-watch` reads that), who acts on
//! the judgement: agents ([`announce`]), which tell gated workloads to leave the API server alone, and the fuse, which holds workloads to
//! their shares.
//!
//! ```text
//!   door.probe --every 5 s--> Judge --well / unwell--> metrics, Health::is_unwell
//! ```

pub mod announce;
mod collect;
pub mod judge;

use std::sync::Arc;
use std::time::Duration;

use apiserver_client::{Door, Probe};
use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::judge::{Judge, Outcome};

/// Between two rounds: as `docs/api-calls.md` says.
pub const EVERY: Duration = Duration::from_secs(5);

/// What is known; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
pub(crate) struct Seen {
    judge: Judge,
    /// When the last round was over; none: nothing is known.
    asked: Option<Instant>,
    /// By probe: the last time that it took, and how often it failed.
    fresh: (Option<Duration>, u64),
    kept: (Option<Duration>, u64),
}

impl Health {
    /// Late or silent, for a while: who can do without the API server is to leave it alone.
    pub fn is_unwell(&self) -> bool {
        self.0.lock().judge.is_unwell()
    }

    /// `plimsoll_apiserver_*` for a registry.
    pub fn collector(&self) -> Box<dyn prometheus_client::collector::Collector> {
        Box::new(collect::Collect(self.clone()))
    }

    /// Asks until `stop`.
    pub async fn run(self, door: Door, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            // Both at once: an API server that answers neither costs one deadline, not two.
            let round = async { tokio::join!(door.probe(Probe::Fresh), door.probe(Probe::Kept)) };
            let Some((fresh, kept)) = stop.run_until_cancelled(round).await else { return };
            self.take(fresh.ok(), kept.ok());
        }
    }

    fn take(&self, fresh: Option<Duration>, kept: Option<Duration>) {
        let mut seen = self.0.lock();
        seen.asked = Some(Instant::now());
        let note = |(last, failures): &mut (Option<Duration>, u64), took: Option<Duration>| {
            *last = took;
            *failures += u64::from(took.is_none());
        };
        note(&mut seen.fresh, fresh);
        note(&mut seen.kept, kept);
        let was = seen.judge.is_unwell();
        seen.judge.take(Outcome::of(fresh, kept));
        match (was, seen.judge.is_unwell()) {
            (false, true) => {
                tracing::warn!(?fresh, ?kept, "the API server is not well: agents are told to leave it alone")
            }
            (true, false) => tracing::info!("the API server is well again"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text;
    use prometheus_client::registry::Registry;

    use super::*;

    #[tokio::test]
    async fn nothing_is_said_before_anything_is_known() {
        let health = Health::default();
        let mut registry = Registry::default();
        registry.register_collector(health.collector());
        let page = || {
            let mut page = String::new();
            text::encode(&mut page, &registry).map(|()| page)
        };
        assert_eq!(page().as_deref(), Ok("# EOF\n"));
        health.take(Some(Duration::from_millis(5)), None);
        let said = page().unwrap_or_default();
        assert!(said.contains("plimsoll_apiserver_well 1"), "{said}");
        assert!(said.contains("plimsoll_apiserver_probe_failures_total{probe=\"kept\"} 1"), "{said}");
        assert!(!said.contains("plimsoll_apiserver_probe_seconds{probe=\"kept\"}"), "{said}");
    }
}
