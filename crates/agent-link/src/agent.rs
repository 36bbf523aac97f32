//! The agent's end: one task that follows the hub for as long as the agent lives.

mod connect;
mod follow;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use environment::{Clock, Entropy};
use fanout::message::FeedKind;
use fanout::{Follows, Held, Phase, Subscriber, SubscriberStats, Transfer, View};
use parking_lot::Mutex;
use prometheus_client::registry::Registry;
use rustls::ClientConfig;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::config::{AgentLinkConfig, Transport};
use crate::error::LinkError;
use crate::metrics;
use crate::resolve::HubAddress;
use crate::tls::{self, End, Reloading};
use connect::Dialer;
use follow::Consumer;

/// Updates that wait for a consumer of names. While the queue is full nothing more is read from the hub, which then counts
/// the session as slow; one update has at most [`fanout::FeedLimits::BROADCAST`] of changes, mostly one.
const UPDATES_MAX: usize = 16;

/// A running link that follows what its node needs. Dropping it does not stop it; the token does.
#[derive(Clone)]
pub struct AgentLink {
    shared: Arc<Shared>,
    view: watch::Receiver<View>,
    report: watch::Sender<Bytes>,
}

/// A running link that follows the names of the cluster: what a DNS server needs. It and an [`AgentLink`] of the same node
/// leave each other alone.
#[derive(Clone)]
pub struct NamesLink {
    config: AgentLinkConfig,
    entropy: Arc<dyn Entropy>,
    shared: Arc<Shared>,
    tls: Option<Arc<Reloading<ClientConfig>>>,
}

/// What a [`NamesLink`] hands to its consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// The set changed, or was confirmed.
    Changes(Transfer),
    /// The newest pulse.
    Pulse(Bytes),
}

/// How the link is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkStatus {
    /// A hub has admitted this agent.
    pub connected: bool,
    /// Everything has come since.
    pub synced: bool,
    /// Since the link is connected or not, as `connected` says.
    pub for_: Duration,
    /// Since a hub was last heard; `None`: never.
    pub last_heard: Option<Duration>,
    /// Items held.
    pub items: usize,
    /// Agents that the hub knows.
    pub fleet: u32,
    /// Why the last attempt or stream ended; `None` while connected.
    pub last_error: Option<String>,
    /// Counters.
    pub stats: SubscriberStats,
}

pub(crate) struct Shared {
    subscriber: Mutex<Subscriber>,
    clock: Arc<dyn Clock>,
    /// When the link went down last (or began), and why.
    down: Mutex<(Duration, Option<String>)>,
}

impl AgentLink {
    /// Reads the certificates and starts following; returns at once, whether there is a hub or not.
    ///
    /// # Errors
    /// The hub's address cannot be read, or is not loopback without TLS; a certificate is missing or wrong.
    pub fn spawn(
        config: AgentLinkConfig,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        registry: &mut Registry,
        stop: CancellationToken,
    ) -> Result<Self, LinkError> {
        let (sender, view) = watch::channel(View::default());
        let now = clock.monotonic();
        let subscriber = Subscriber::new(&config.node, &config.version, Follows::NODE, now);
        let (shared, tls) = prepare(&config, subscriber, clock, registry)?;
        let consumer = Consumer::View(View::default(), sender);
        let (report, reports) = watch::channel(Bytes::new());
        start(&config, &shared, tls, consumer, reports, entropy, stop)?;
        Ok(Self { shared, view, report })
    }

    /// All items, now and whenever they change. Complete sets only; the last one stays while there is no hub.
    pub fn view(&self) -> watch::Receiver<View> {
        self.view.clone()
    }

    /// Tells the hub how things stand on the node, if that is news; again after each reconnect. Never waits; what is
    /// overtaken by something newer is not sent. At most [`fanout::limits::REPORT_BYTES_MAX`].
    pub fn report(&self, value: Bytes) {
        self.report.send_if_modified(|known| {
            let is_news = *known != value;
            *known = value;
            is_news
        });
    }

    /// How the link is.
    pub fn status(&self) -> LinkStatus {
        self.shared.status()
    }
}

impl NamesLink {
    /// Reads the certificates and registers metrics; [`NamesLink::follow`] connects.
    ///
    /// # Errors
    /// As [`AgentLink::spawn`].
    pub fn new(
        config: AgentLinkConfig,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        registry: &mut Registry,
    ) -> Result<Self, LinkError> {
        let subscriber =
            Subscriber::new(&config.node, &config.version, Follows::BROADCAST, clock.monotonic());
        let (shared, tls) = prepare(&config, subscriber, clock, registry)?;
        Ok(Self { config, entropy, shared, tls })
    }

    /// Follows a hub until `stop`, whether there is one or not; afterwards it can be called again. `held` is what the
    /// consumer has already: a hub that has the same sends nothing, and one that knows it sends what changed since.
    ///
    /// # Errors
    /// As [`AgentLink::spawn`].
    pub fn follow(&self, held: Held, stop: CancellationToken) -> Result<mpsc::Receiver<Update>, LinkError> {
        let (sender, updates) = mpsc::channel(UPDATES_MAX);
        let now = self.shared.clock.monotonic();
        let AgentLinkConfig { node, version, .. } = &self.config;
        let mut subscriber = Subscriber::new(node, version, Follows::BROADCAST, now);
        subscriber.hold(FeedKind::Broadcast, held);
        *self.shared.subscriber.lock() = subscriber;
        let (tls, entropy) = (self.tls.clone(), self.entropy.clone());
        let (_, no_reports) = watch::channel(Bytes::new());
        start(&self.config, &self.shared, tls, Consumer::Updates(sender), no_reports, entropy, stop)?;
        Ok(updates)
    }

    /// How the link is.
    pub fn status(&self) -> LinkStatus {
        self.shared.status()
    }
}

/// What a link has before it connects: its state, and its certificates.
type Prepared = (Arc<Shared>, Option<Arc<Reloading<ClientConfig>>>);

fn prepare(
    config: &AgentLinkConfig,
    subscriber: Subscriber,
    clock: Arc<dyn Clock>,
    registry: &mut Registry,
) -> Result<Prepared, LinkError> {
    let address = hub_address(config)?;
    let tls = match &config.transport {
        Transport::Mutual { dir } => Some(Reloading::load(dir, End::Agent, tls::client, &clock)?),
        Transport::InsecureLoopback if address.is_loopback() => None,
        Transport::InsecureLoopback => return Err(LinkError::NotLoopback { address: config.hub.clone() }),
    };
    let down = Mutex::new((clock.monotonic(), None));
    let shared = Arc::new(Shared { subscriber: Mutex::new(subscriber), clock, down });
    metrics::register_agent(registry, shared.clone(), tls.clone());
    Ok((shared, tls))
}

fn start(
    config: &AgentLinkConfig,
    shared: &Arc<Shared>,
    tls: Option<Arc<Reloading<ClientConfig>>>,
    consumer: Consumer,
    reports: watch::Receiver<Bytes>,
    entropy: Arc<dyn Entropy>,
    stop: CancellationToken,
) -> Result<(), LinkError> {
    if let Some(tls) = &tls {
        environment::spawn("agent-certificates", tls.clone().watch(config.reload, stop.clone()));
    }
    let dialer = Dialer::new(hub_address(config)?, config, tls)?;
    environment::spawn("hub-link", follow::follow(shared.clone(), dialer, entropy, consumer, reports, stop));
    Ok(())
}

fn hub_address(config: &AgentLinkConfig) -> Result<HubAddress, LinkError> {
    HubAddress::parse(&config.hub).ok_or_else(|| LinkError::BadHub { hub: config.hub.clone() })
}

impl Shared {
    pub(crate) fn status(&self) -> LinkStatus {
        let now = self.clock.monotonic();
        let subscriber = self.subscriber.lock();
        let (down_since, error) = self.down.lock().clone();
        let (connected, since) = match subscriber.phase() {
            Phase::Connected { since } => (true, since),
            _ => (false, down_since),
        };
        LinkStatus {
            connected,
            synced: subscriber.synced(),
            for_: now.saturating_sub(since),
            last_heard: subscriber.last_heard().map(|heard| now.saturating_sub(heard)),
            items: subscriber.items(),
            fleet: subscriber.fleet(),
            last_error: if connected { None } else { error },
            stats: subscriber.stats(),
        }
    }
}
