//! The hub's end: listens, admits, sends.

mod connection;
mod shared;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use environment::{Clock, Entropy};
use fanout::message::FeedKind;
use fanout::{Change, PublishError, Publisher, Stats, Topic};
use prometheus_client::registry::Registry;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{HubLinkConfig, Transport};
use crate::error::LinkError;
use crate::metrics;
use crate::tls::{self, End, Reloading};
pub(crate) use shared::Shared;

/// Connections that the kernel holds for us while handshakes are bounded: a fleet of 5,000 that comes at once fits.
const BACKLOG: u32 = 8_192;

/// Reports that wait for whoever takes them: all nodes of 8,192 at once. They come again after a reconnect.
const REPORTS_MAX: usize = 8_192;

/// A bound listener; [`HubLink::run`] serves it.
pub struct HubLink {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<Reloading<ServerConfig>>>,
    shared: Arc<Shared>,
    reload: Duration,
    reports: Option<mpsc::Receiver<(String, Bytes)>>,
}

/// What the hub publishes through; cheap to clone, never waits.
#[derive(Clone)]
pub struct HubHandle(Arc<Shared>);

impl HubLink {
    /// Reads the certificates, listens, registers metrics. Agents are admitted once [`HubLink::run`] runs and
    /// [`HubHandle::set_ready`] was called.
    ///
    /// # Errors
    /// The address is taken or not loopback without TLS; a certificate is missing or wrong.
    pub fn bind(
        config: &HubLinkConfig,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        registry: &mut Registry,
    ) -> Result<Self, LinkError> {
        let tls = match &config.transport {
            Transport::Mutual { dir } => Some(Reloading::load(dir, End::Hub, tls::server, &clock)?),
            Transport::InsecureLoopback if config.listen.ip().is_loopback() => None,
            Transport::InsecureLoopback => {
                return Err(LinkError::NotLoopback { address: config.listen.to_string() });
            }
        };
        let listen = |source| LinkError::Listen { address: config.listen, source };
        let listener = self::listen(config.listen).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let publisher = Publisher::new(entropy.next_u64(), config.limits);
        let (sender, reports) = mpsc::channel(REPORTS_MAX);
        let shared = Arc::new(Shared::new(publisher, clock, entropy, config.limits, sender));
        metrics::register_hub(registry, shared.clone(), tls.clone());
        Ok(Self { listener, address, tls, shared, reload: config.reload, reports: Some(reports) })
    }

    /// Where it listens; the port is the real one also when port 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// For the part of the hub that has the data.
    pub fn handle(&self) -> HubHandle {
        HubHandle(self.shared.clone())
    }

    /// What nodes report ([`fanout::message::Report`]): name and value. None but the first caller gets them; without one
    /// they go nowhere.
    pub fn take_reports(&mut self) -> Option<mpsc::Receiver<(String, Bytes)>> {
        self.reports.take()
    }

    /// Serves until `stop`; then tells every agent when to come back, and closes.
    pub async fn run(self, stop: CancellationToken) {
        let Self { listener, tls, shared, reload, .. } = self;
        let tasks = TaskTracker::new();
        // Also when this future is dropped, nothing that it started goes on.
        let stop = stop.child_token();
        let _guard = stop.clone().drop_guard();
        if let Some(tls) = &tls {
            environment::spawn("hub-certificates", tls.clone().watch(reload, stop.clone()));
        }
        let poller = environment::spawn("fanout-poll", shared.clone().poll_forever(stop.clone()));
        connection::accept_forever(listener, tls, shared.clone(), &tasks, &stop).await;
        shared.shut_down();
        tasks.close();
        // Connections end by themselves within connection::DRAIN.
        tasks.wait().await;
        let _ = poller.await;
    }
}

impl HubHandle {
    /// Sets an item of one node; the same value again costs nothing and sends nothing.
    ///
    /// # Errors
    /// The item does not fit; what was there before stays. Counted in [`Stats::items_rejected`].
    pub fn publish(&self, node: &str, topic: Topic, key: &[u8], value: Bytes) -> Result<(), PublishError> {
        self.0.change(|publisher| publisher.publish(node, topic, key, value))
    }

    /// Removes an item of one node.
    pub fn remove(&self, node: &str, topic: Topic, key: &[u8]) {
        self.0.change(|publisher| publisher.remove(node, topic, key));
    }

    /// Sets an item of every node.
    ///
    /// # Errors
    /// As [`HubHandle::publish`].
    pub fn set_broadcast(&self, topic: Topic, key: &[u8], value: Bytes) -> Result<(), PublishError> {
        self.0.change_names(|publisher| publisher.set_broadcast(topic, key, value))
    }

    /// Removes an item of every node.
    pub fn remove_broadcast(&self, topic: Topic, key: &[u8]) {
        self.0.change_names(|publisher| publisher.remove_broadcast(topic, key));
    }

    /// Sets and removes items of every node, in one step that nobody sees half of. An item that does not fit is left out and
    /// counted in [`Stats::items_rejected`].
    pub fn broadcast(&self, changes: Vec<Change>) {
        self.0.change_names(|publisher| {
            for Change { item, value } in changes {
                match value {
                    Some(value) => drop(publisher.set_broadcast(item.topic, &item.key, value)),
                    None => publisher.remove_broadcast(item.topic, &item.key),
                }
            }
        });
    }

    /// Says `value` to everybody who follows the broadcast feed; the newest counts ([`Publisher::set_pulse`]).
    ///
    /// # Errors
    /// It is too large.
    pub fn set_pulse(&self, value: Bytes) -> Result<(), PublishError> {
        self.0.change_names(|publisher| publisher.set_pulse(value))
    }

    /// The hub has published all it knows (from the API server or from its snapshot): agents are admitted from now on.
    pub fn set_ready(&self) {
        self.0.change(|publisher| publisher.set_ready(FeedKind::Node));
    }

    /// The same for the names of the cluster, and those who follow them.
    pub fn set_names_ready(&self) {
        self.0.change(|publisher| publisher.set_ready(FeedKind::Broadcast));
    }

    /// Whether another hub is the one that nodes are to follow ([`Publisher::set_stands_by`]).
    pub fn set_stands_by(&self, stands_by: bool) {
        self.0.set_stands_by(stands_by);
    }

    /// How many nodes the cluster has; admission and the agents' backoff scale with it.
    pub fn set_fleet(&self, nodes: usize) {
        self.0.change(|publisher| publisher.set_fleet(nodes));
    }

    /// Fill, work and drops.
    pub fn stats(&self) -> Stats {
        self.0.stats()
    }
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
