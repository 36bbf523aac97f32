//! The driver: when metrics are read, what happens with events, who may ask.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use apiserver_client::Door;
use apiserver_metrics::Reading;
use audit_webhook::{AuditConfig, AuditError, Counts, Item, Sink};
use change_points::SAMPLE_SECONDS;
use environment::Clock;
use parking_lot::Mutex;
use telemetry_export::{Reply, Request, Routes};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use workload_profile::audit::{Events, Line};

use crate::collect::Collect;
use crate::core::Core;
use crate::report::{AuditReport, Report};

/// Between two attempts, where all fail or are refused.
const PAUSE_MAX: Duration = Duration::from_secs(120);

/// The live forecast, ready to run.
pub struct LoadWatch {
    shared: Arc<Shared>,
    sink: Option<(Sink, mpsc::Receiver<Item>)>,
}

/// What the pages and the tasks share.
pub(crate) struct Shared {
    clock: Arc<dyn Clock>,
    core: Mutex<Core>,
    audit: Option<Audit>,
}

struct Audit {
    counts: Arc<Counts>,
    /// To see how full the queue is.
    queue: mpsc::WeakSender<Item>,
}

impl LoadWatch {
    /// Binds the audit webhook's port, if there is to be one. Asks nothing of the API server.
    ///
    /// # Errors
    /// [`AuditError`].
    pub async fn assemble(audit: Option<AuditConfig>, clock: Arc<dyn Clock>) -> Result<Self, AuditError> {
        let mut core = Core::default();
        core.audited = audit.is_some();
        let bound = match &audit {
            Some(config) => Some(Sink::bind(config, &clock).await?),
            None => None,
        };
        let (sink, audit) = match bound {
            Some((sink, counts, from)) => {
                let queue = sink.queue();
                (Some((sink, from)), Some(Audit { counts, queue }))
            }
            None => (None, None),
        };
        Ok(Self { shared: Arc::new(Shared { clock, core: Mutex::new(core), audit }), sink })
    }

    /// Where API servers send their events.
    #[must_use]
    pub fn audit_address(&self) -> Option<SocketAddr> {
        self.sink.as_ref().and_then(|(sink, _)| sink.address().ok())
    }

    /// `/load`.
    #[must_use]
    pub fn routes(&self, routes: Routes) -> Routes {
        let shared = self.shared.clone();
        routes.get("/load", move |_: &Request| match serde_json::to_vec(&shared.report()) {
            Ok(body) => Reply::json(body),
            Err(failed) => Reply::text(500, format!("the report cannot be written: {failed}\n")),
        })
    }

    /// For a registry.
    #[must_use]
    pub fn collector(&self) -> Box<dyn prometheus_client::collector::Collector> {
        Box::new(Collect(self.shared.clone()))
    }

    /// Until `stop`.
    pub async fn run(self, door: Door, stop: CancellationToken) {
        if let Some((sink, from)) = self.sink {
            environment::spawn("audit webhook", sink.serve(stop.clone()));
            environment::spawn("audit events", attribute(from, self.shared.clone()));
        }
        let reading = self.shared.read_forever(&door);
        tokio::select! { () = stop.cancelled() => {}, () = reading => {} }
    }
}

impl Shared {
    pub(crate) fn report(&self) -> Report {
        let audit = self.audit.as_ref().map(|audit| {
            let queued = audit.queue.upgrade().map_or(0, |queue| queue.max_capacity() - queue.capacity());
            let counted = audit.counts.counted();
            AuditReport {
                events: counted.events,
                sampled: counted.sampled,
                dropped: counted.dropped,
                queued: queued as u64,
                refused: counted.refused,
            }
        });
        self.core.lock().report(self.now(), audit)
    }

    /// Every 7.5 s; while it fails, ever more seldom.
    async fn read_forever(&self, door: &Door) {
        let usual = Duration::from_secs_f64(SAMPLE_SECONDS);
        let mut pause = usual;
        let mut due = tokio::time::Instant::now();
        loop {
            tokio::time::sleep_until(due).await;
            // At even distances, whatever an answer takes; after a slow one, not at once.
            due = (due + usual).max(tokio::time::Instant::now());
            match door.apiserver_metrics().await {
                Ok(page) => {
                    let reading = Reading::of(&page);
                    self.core.lock().read(self.now(), reading);
                    pause = usual;
                }
                Err(failure) => {
                    if pause == usual {
                        tracing::warn!(%failure, "the API server's metrics cannot be read (get /metrics)");
                    }
                    pause = (2 * pause).min(PAUSE_MAX);
                    due = tokio::time::Instant::now() + pause;
                }
            }
        }
    }

    fn now(&self) -> f64 {
        self.clock.monotonic().as_secs_f64()
    }
}

/// Parses and prices events, one after the other.
async fn attribute(mut from: mpsc::Receiver<Item>, shared: Arc<Shared>) {
    let mut events = Events::default();
    while let Some((weight, event)) = from.recv().await {
        if let Line::Request(seen) = events.take(event.get().as_bytes()) {
            shared.core.lock().request(shared.now(), &seen, weight);
        }
    }
}
