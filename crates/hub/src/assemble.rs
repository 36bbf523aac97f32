//! All wiring of the hub on one screen.

use std::net::SocketAddr;
use std::sync::Arc;

use agent_link::{HubHandle, HubLink, LinkError};
use apiserver_client::{ConnectError, Door, Resume};
use bytes::Bytes;
use environment::{Clock, Entropy};
use objects::decode::Keep;
use objects::{Interner, Resource, Seeded};
use prometheus_client::collector::Collector;
use prometheus_client::registry::Registry;
use telemetry_export::{BindError, Metrics as HttpMetrics, Routes, bind};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};

use crate::agents::Agents;
use crate::config::Config;
use crate::endpoint;
use crate::intake::Intake;
use crate::metrics::{Collect, Metrics};
use crate::names::{LeaseKey, Names};
use crate::scrape::StateMetrics;
use crate::snapshot::{DataDirError, Snapshots};
use crate::status::{Observer, Status};
use crate::store::Store;

/// Why the hub does not start: one sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The way to the API server.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A port.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The data directory.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The agents' port or its certificates.
    #[error(transparent)]
    Agents(#[from] LinkError),
    /// One port for two.
    #[error("--port and --telemetry-port are both {0}: give each its own")]
    SamePort(u16),
    /// Nothing to keep.
    #[error("no resource to keep: name at least one with --resources")]
    NoResources,
    /// Some resources would wait for ever.
    #[error(
        "{wanted} resources need {wanted} open watches, and the budget allows {allowed}: raise --api-open-watches"
    )]
    TooFewWatches {
        /// Resources to keep.
        wanted: usize,
        /// Watches allowed.
        allowed: u32,
    },
}

/// Where the hub listens; the ports are the real ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// The cluster's state: `/metrics`, `/healthz`, `/livez`.
    pub state: SocketAddr,
    /// The hub itself: `/metrics`, `/healthz`, `/livez`, `/readyz`.
    pub telemetry: SocketAddr,
    /// Agents.
    pub agents: Option<SocketAddr>,
}

/// A hub that listens but does not work yet.
pub struct Hub {
    pub(crate) addresses: Addresses,
    pub(crate) door: Door,
    pub(crate) resources: Vec<Resource>,
    pub(crate) resume: Resume,
    pub(crate) keep: Keep,
    pub(crate) interner: Arc<Interner>,
    pub(crate) intake: Arc<Intake>,
    pub(crate) snapshots: Option<Arc<Snapshots>>,
    pub(crate) observer: Arc<Observer>,
    pub(crate) link: Option<HubLink>,
    pub(crate) state: (TcpListener, Routes, HttpMetrics),
    pub(crate) telemetry: (TcpListener, Routes, HttpMetrics),
}

/// What another part of the process shows on the hub's telemetry port.
#[derive(Default)]
pub struct Extension {
    /// Its paths.
    pub routes: Routes,
    /// Its metrics.
    pub collectors: Vec<Box<dyn Collector>>,
}

/// [`assemble_with`] without anything else on its telemetry port.
///
/// # Errors
/// [`StartError`].
pub async fn assemble(
    config: Config,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<Hub, StartError> {
    assemble_with(config, clock, entropy, Extension::default()).await
}

/// Checks the settings, binds the ports, reads the snapshot and wires everything up. Asks nothing of the API server.
///
/// # Errors
/// [`StartError`].
pub async fn assemble_with(
    config: Config,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    extension: Extension,
) -> Result<Hub, StartError> {
    let resources = config.ordered_resources();
    check(&resources, config.door.limits.open_watches)?;
    if config.port == config.telemetry_port && config.port != 0 && !config.port_fallback {
        return Err(StartError::SamePort(config.port));
    }
    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry);
    let own = metrics.clone();
    let door = Door::connect(config.door.clone(), clock.clone(), entropy.clone(), &mut registry).await?;
    let state = bind(config.state_address(), config.port_fallback).await?;
    let telemetry = bind(config.telemetry_address(), config.port_fallback).await?;
    let holder = format!("plimsoll-hub-{:016x}", entropy.next_u64());
    let link =
        config.link().map(|agents| HubLink::bind(&agents, clock.clone(), entropy.clone(), &mut registry));
    let link = link.transpose()?;
    let addresses = Addresses {
        state: local(&state, config.state_address())?,
        telemetry: local(&telemetry, config.telemetry_address())?,
        agents: link.as_ref().map(HubLink::address),
    };

    let keep = config.keep();
    let store = Arc::new(Store::new(clock.clone(), Seeded::new(entropy.next_u64())));
    let interner = Arc::new(Interner::seeded(entropy.next_u64()));
    let cluster = door.status().server;
    let snapshots = config
        .data_dir
        .as_deref()
        .map(|folder| Snapshots::open(folder, cluster, keep, clock.clone(), metrics));
    let snapshots = snapshots.transpose()?.map(Arc::new);
    let resume =
        snapshots.as_ref().map(|snapshots| snapshots.load(&resources, &store, &interner)).unwrap_or_default();
    let handle = link.as_ref().map(HubLink::handle);
    let agents = handle.clone().map(|handle| Arc::new(Agents::new(store.clone(), Box::new(handle))));
    if let Some(agents) = &agents {
        agents.publish_all();
    }
    let pod_addresses = config.agents.as_ref().is_some_and(|agents| agents.pod_addresses);
    let names = handle.clone().map(|handle| {
        let lease = LeaseKey { namespace: door.heartbeat_namespace().to_owned(), holder };
        Arc::new(Names::new(store.clone(), Box::new(handle), clock, lease, pod_addresses))
    });
    if let Some(names) = &names {
        names.publish_all();
    }

    let observer = Arc::new(Observer {
        resources: resources.clone(),
        store: store.clone(),
        door: door.clone(),
        snapshots: snapshots.clone(),
        agents: handle,
    });
    registry.register_collector(Box::new(Collect(observer.clone())));
    extension.collectors.into_iter().for_each(|collector| registry.register_collector(collector));
    let state_http = HttpMetrics::register(&mut registry, "plimsoll_hub_state");
    let telemetry_http = HttpMetrics::register(&mut registry, "plimsoll_hub_telemetry");
    let state_routes = endpoint::state(StateMetrics::new(store.clone(), &resources, &config.options));
    let telemetry_routes = endpoint::telemetry(extension.routes, Arc::new(registry), observer.clone());
    Ok(Hub {
        addresses,
        door,
        resources,
        resume,
        keep,
        interner,
        intake: Arc::new(Intake { store, agents, names, metrics: own, other_cluster: Notify::new() }),
        snapshots,
        observer,
        link,
        state: (state, state_routes, state_http),
        telemetry: (telemetry, telemetry_routes, telemetry_http),
    })
}

fn check(resources: &[Resource], allowed: u32) -> Result<(), StartError> {
    if resources.is_empty() {
        return Err(StartError::NoResources);
    }
    if resources.len() > allowed as usize {
        return Err(StartError::TooFewWatches { wanted: resources.len(), allowed });
    }
    Ok(())
}

fn local(listener: &TcpListener, asked: SocketAddr) -> Result<SocketAddr, BindError> {
    listener.local_addr().map_err(|failed| BindError::Other(asked, failed))
}

impl StartError {
    /// Whether somebody has to change something (exit code 64) before it can work.
    pub fn is_operators(&self) -> bool {
        match self {
            Self::Connect(failed) => failed.is_operators(),
            _ => true,
        }
    }
}

impl Hub {
    /// Where it listens.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Its door to the API server: whoever asks through it shares its budget and its credentials.
    pub fn door(&self) -> Door {
        self.door.clone()
    }

    /// What it knows of the cluster.
    pub fn objects(&self) -> Arc<Store> {
        self.intake.store.clone()
    }

    /// The way to its agents.
    pub fn agents_link(&self) -> Option<HubHandle> {
        self.link.as_ref().map(HubLink::handle)
    }

    /// The way to its agents, and what they report; for one caller, before it runs.
    pub fn agents(&mut self) -> Option<(HubHandle, mpsc::Receiver<(String, Bytes)>)> {
        let link = self.link.as_mut()?;
        Some((link.handle(), link.take_reports()?))
    }

    /// A way to ask for its state while it runs.
    pub fn status(&self) -> impl Fn() -> Status + Send + Sync + 'static {
        let observer = self.observer.clone();
        move || observer.status()
    }
}
