//! The door itself: connect, keep resources, say how it is.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use budget::LimitsError;
use environment::{Clock, Entropy};
use objects::decode::Keep;
use objects::{Interner, Resource};
use prometheus_client::registry::Registry;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::beat::Heartbeat;
use crate::board::Board;
use crate::change::{Resume, Sink};
use crate::config::DoorConfig;
use crate::connect::{self, ConnectError};
use crate::drive::{Drive, Shared};
use crate::export::Export;
use crate::failure::Failure;
use crate::gate::Gate;
use crate::metrics::{Answers, Metrics};
use crate::outage::Outage;
use crate::status::DoorStatus;
use crate::transport::Transport;

#[cfg(test)]
mod tests;

/// The only way to the API server. Cheap to clone.
#[derive(Clone)]
pub struct Door(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) transport: Transport,
    pub(crate) gate: Arc<Gate>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) board: Board,
    pub(crate) outage: Outage,
    pub(crate) heartbeat: Heartbeat,
    pub(crate) gzip: bool,
    /// False once the server has refused a watch-list.
    pub(crate) watch_list: AtomicBool,
    server: String,
    /// Of the service account, or of the kubeconfig's context.
    pub(crate) namespace: String,
}

/// Where the API server is, and what is our own there.
struct Place {
    server: String,
    namespace: String,
}

/// Why resources cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeepError {
    /// Some would wait for ever.
    #[error(
        "{wanted} resources need {wanted} open watches, and the budget allows {allowed}: raise open_watches"
    )]
    TooFewWatches {
        /// Resources asked for.
        wanted: usize,
        /// Watches allowed.
        allowed: u32,
    },
}

impl Door {
    /// Reads the credentials and checks them. Opens no connection: an API server that is away is no error of the operator.
    ///
    /// # Errors
    /// See [`ConnectError`]: mostly what an operator has to put right.
    pub async fn connect(
        config: DoorConfig,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        registry: &mut Registry,
    ) -> Result<Self, ConnectError> {
        config.limits.check()?;
        let (kube_config, transport) = connect::open(&config.source, clock.wall()).await?;
        let place = Place {
            server: connect::server(&kube_config.cluster_url),
            namespace: kube_config.default_namespace.clone(),
        };
        Ok(Self::over(transport, place, &config, clock, entropy, registry)?)
    }

    fn over(
        transport: Transport,
        place: Place,
        config: &DoorConfig,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        registry: &mut Registry,
    ) -> Result<Self, LimitsError> {
        let metrics = Arc::new(Metrics::new(registry));
        let inner = Arc::new(Inner {
            transport,
            gate: Arc::new(Gate::new(&config.limits, clock.clone(), metrics.clone())?),
            metrics,
            clock,
            entropy,
            board: Board::default(),
            outage: Outage::default(),
            heartbeat: Heartbeat::default(),
            gzip: config.gzip,
            watch_list: AtomicBool::new(config.watch_list),
            server: place.server,
            namespace: place.namespace,
        });
        registry.register_collector(Box::new(Export::new(&inner)));
        Ok(Self(inner))
    }

    /// Keeps `resources` until `shutdown`: tells `sink` every state and every change of them. They start one after the other,
    /// each when the one before it is synced or has failed for the first time; one that fails does not hold up the others.
    ///
    /// # Errors
    /// [`KeepError`], before anything is asked of the API server.
    pub async fn keep(
        &self,
        resources: &[Resource],
        resume: &Resume,
        interner: Arc<Interner>,
        keep: Keep,
        sink: Arc<dyn Sink>,
        shutdown: CancellationToken,
    ) -> Result<(), KeepError> {
        let allowed = self.0.gate.limits().open_watches;
        if resources.len() > allowed as usize {
            return Err(KeepError::TooFewWatches { wanted: resources.len(), allowed });
        }
        for resource in resources {
            self.0.board.expect(*resource, resume.get(resource).map(String::as_str));
        }
        let shared = Arc::new(Shared { door: self.0.clone(), interner, keep, sink });
        let mut loops: Vec<JoinHandle<()>> = Vec::new();
        for resource in resources {
            let (settled, wait) = oneshot::channel();
            let resume = resume.get(resource).cloned();
            let kept = keep_one(*resource, resume, shared.clone(), settled, shutdown.clone());
            loops.push(environment::spawn("api-resource", kept));
            tokio::select! {
                () = shutdown.cancelled() => break,
                // Told, or dropped: both mean that it is somebody else's turn.
                _ = wait => {}
            }
        }
        for running in loops {
            // A panic is dealt with inside; what is left is the shutdown.
            let _ = running.await;
        }
        Ok(())
    }

    /// How it is.
    pub fn status(&self) -> DoorStatus {
        self.0.status()
    }

    /// Where the Lease of the heartbeat is.
    pub fn heartbeat_namespace(&self) -> &str {
        &self.0.namespace
    }

    /// How requests with `verb` ("list", "watch") for `resource` have ended.
    pub fn answers(&self, verb: &'static str, resource: Resource) -> Answers {
        self.0.metrics.answers(verb, resource.plural())
    }
}

impl Inner {
    /// What a failure of `named` says about the API server's load: everybody behind this door slows down.
    pub(crate) fn note_congestion(&self, named: &'static str, failure: &Failure) {
        if failure.is_congestion() {
            self.metrics.congestion(named);
            self.gate.congestion(failure.retry_after);
        }
    }

    pub(crate) fn status(&self) -> DoorStatus {
        DoorStatus {
            server: self.server.clone(),
            resources: self.board.status(self.clock.monotonic()),
            budget: self.gate.status(),
        }
    }
}

/// Keeps one resource. A panic in its loop is contained: it starts over, from a full state, after the longest backoff.
async fn keep_one(
    resource: Resource,
    resume: Option<String>,
    shared: Arc<Shared>,
    settled: oneshot::Sender<()>,
    shutdown: CancellationToken,
) {
    let (mut resume, mut settled) = (resume, settled);
    loop {
        let drive = Drive::new(resource, resume.take().as_deref(), shared.clone(), settled);
        let mut running = environment::spawn("api-stream", drive.run());
        let ended = tokio::select! {
            () = shutdown.cancelled() => {
                running.abort();
                // Its slots are given back when it is really gone.
                let _ = running.await;
                return;
            }
            ended = &mut running => ended,
        };
        let why = if ended.is_err() { "a bug: the loop panicked" } else { "a bug: the loop ended" };
        tracing::error!(resource = resource.plural(), why, "starting over from a full state");
        shared.door.board.broken(resource, why);
        settled = oneshot::channel().0;
        let limits = shared.door.gate.limits();
        let wait = budget::fleet_cap(limits.clients, limits.requests_per_second);
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}
