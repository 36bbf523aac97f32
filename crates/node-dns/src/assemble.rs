//! All wiring of the DNS server on one screen.

mod cluster;
mod listen;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use agent_link::neighbours::NeighbourServer;
use environment::{Clock, Entropy};
use prometheus_client::registry::Registry;
use telemetry_export::{BindError, Routes};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::config::Config;
use crate::feed::{Feed, FeedError};
use crate::forward::{Forwarder, LoopError, SettingsError};
use crate::handover::{self, HandoverError, Taken};
use crate::interface::{Interface, InterfaceError};
use crate::lifecycle::{self, Lifecycle};
use crate::metrics::Metrics;
use crate::observe::{ObserveError, Observers};
use crate::pipeline::Shared;
use crate::pipeline::autopath::Autopath;
use crate::pipeline::search::Search;
use crate::probe::{self, Prober};
use crate::rate_limit::RateLimit;
use crate::server::sockets::{ListenError, Sockets};
use crate::server::udp::{Later, QUEUE_QUERIES};
use crate::untracked::{Untracked, UntrackedError};

/// Why the server does not start, or stops at once: one sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address for DNS.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The port of metrics and health.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The hub, the data folder, the snapshot.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// Certificates for upstreams.
    #[error(transparent)]
    Upstreams(#[from] SettingsError),
    /// An upstream is this server itself.
    #[error(transparent)]
    Loop(#[from] LoopError),
    /// A running process does not hand over.
    #[error(transparent)]
    Handover(#[from] HandoverError),
    /// The dummy interface.
    #[error(transparent)]
    Interface(#[from] InterfaceError),
    /// The rules against connection tracking.
    #[error(transparent)]
    Untracked(#[from] UntrackedError),
    /// The query log or dnstap.
    #[error(transparent)]
    Observe(#[from] ObserveError),
    /// No address.
    #[error("nowhere to listen: name an address with --listen")]
    NoAddress,
    /// Threads.
    #[error("cannot start a thread: {0}; allow more processes (ulimit -u, pids.max)")]
    Thread(std::io::Error),
}

/// A server that listens but does not answer yet.
pub struct NodeDns {
    pub(crate) config: Config,
    pub(crate) addresses: Addresses,
    pub(crate) shared: Arc<Shared>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) forwarder: Arc<Forwarder>,
    pub(crate) lifecycle: Arc<Lifecycle>,
    pub(crate) sockets: Vec<Sockets>,
    pub(crate) http: Vec<TcpListener>,
    pub(crate) routes: Arc<Routes>,
    pub(crate) queue: (mpsc::Sender<Later>, mpsc::Receiver<Later>),
    /// The process whose sockets these are.
    pub(crate) taken: Option<Taken>,
    pub(crate) interface: Option<Interface>,
    pub(crate) untracked: Option<Untracked>,
    pub(crate) prober: Option<Prober>,
    pub(crate) neighbours: Option<NeighbourServer>,
}

/// How often certificates on disk are looked at.
const CERTIFICATES: Duration = Duration::from_secs(5);

/// Where the server listens; the ports are the real ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// DNS, over UDP and TCP.
    pub dns: Vec<SocketAddr>,
    /// `/metrics`, `/health`, `/ready`.
    pub http: Vec<SocketAddr>,
    /// Where new nodes ask.
    pub neighbours: Option<SocketAddr>,
}

/// Takes the sockets of a running process or binds new ones, reads the zone from the disk and wires everything up.
///
/// # Errors
/// [`StartError`].
pub async fn assemble(
    config: Config,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<NodeDns, StartError> {
    listen::allow_many_connections();
    let interface = Interface::ensure(config.interface.as_deref(), &config.listen)?;
    let mut taken = match &config.feed.data_dir {
        Some(folder) => handover::take(folder).await?,
        None => None,
    };
    let mut handed = taken.as_mut().map(|taken| std::mem::take(&mut taken.handed)).unwrap_or_default();
    let sockets = listen::dns(&config, &mut handed)?;
    let untracked = match config.notrack {
        true => Untracked::ensure(&sockets.iter().map(|sockets| sockets.address).collect::<Vec<_>>())?,
        false => None,
    };
    let http = listen::http(&config, &mut handed).await?;

    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry, &config.feed.zone.zone.to_string());
    config.reloads.register(&mut registry);
    let feed = Feed::open(config.feed.clone(), clock.clone(), entropy.clone(), &mut registry)?;
    let neighbours = match &config.neighbour_listen {
        Some((listen, transport)) => {
            let offers = feed.clone();
            let bound =
                NeighbourServer::bind(*listen, transport, CERTIFICATES, &clock, offers, &mut registry);
            Some(bound.map_err(FeedError::Link)?)
        }
        None => None,
    };
    let forwarder = Forwarder::new(config.elsewhere.clone(), clock.clone(), entropy.clone(), &mut registry)?;
    let observers = Observers::start(&config, &metrics, clock.clone())?;
    let secret = [entropy.next_u64().to_le_bytes(), entropy.next_u64().to_le_bytes()];
    let shared = Arc::new(Shared {
        clock,
        metrics,
        zone: feed.zone().clone(),
        knowledge: feed.clone(),
        fresh_for: config.fresh_for,
        elsewhere: forwarder.clone(),
        rules_first: config.elsewhere.has_rules(),
        rate_limit: config.rate_limit.map(|limit| RateLimit::new(limit, entropy.next_u64())),
        cookie_secret: *secret.as_flattened().first_chunk().unwrap_or(&[0; 16]),
        udp_bytes_max: config.udp_bytes_max,
        rotate: config.rotate,
        autopath: config.autopath.then(|| Autopath::new(&config.feed.zone.zone, &config.search_domains)),
        search: Search::new(&config.search_domains, &config.feed.zone.zone),
        observers,
    });
    let zone_name = config.feed.zone.zone.clone();
    let targets = listen::targets(&sockets, &config.elsewhere);
    let prober =
        Prober::new(probe::Config::new(zone_name, targets), shared.clock.clone(), entropy, &mut registry);
    forwarder.set_cluster(Arc::new(cluster::Names(shared.zone.clone())));
    let lifecycle = Lifecycle::new(feed.clone());
    let routes = lifecycle::routes(Arc::new(registry), lifecycle.clone());
    let addresses = Addresses {
        neighbours: neighbours.as_ref().map(NeighbourServer::address),
        dns: sockets.iter().map(|sockets| sockets.address).collect(),
        http: http.iter().filter_map(|listener| listener.local_addr().ok()).collect(),
    };
    Ok(NodeDns {
        config,
        addresses,
        shared,
        feed,
        forwarder,
        lifecycle,
        sockets,
        http,
        routes: Arc::new(routes),
        queue: mpsc::channel(QUEUE_QUERIES),
        taken,
        interface,
        untracked,
        prober: Some(prober),
        neighbours,
    })
}

impl NodeDns {
    /// Where it listens.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }
}
