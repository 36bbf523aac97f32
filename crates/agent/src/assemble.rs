//! All wiring of the agent on one screen.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use agent_link::AgentLink;
use environment::{Clock, Entropy};
use node_probe::pods::{FollowConfig, follow};
use objects::Interner;
use prometheus_client::collector::Collector;
use prometheus_client::registry::Registry;
use telemetry_export::{BindError, Limits, Routes, bind, serve};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::config::Config;
use crate::endpoint;
use crate::link::{self, HubError};
use crate::metrics::Metrics;
use crate::pods::Pods;
use crate::scrape::Scrapes;
use crate::status::Status;

/// RFC 1123.
const NODE_NAME_BYTES_MAX: usize = 253;

/// Why the agent does not start: one sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// Neither a certificate nor a label can have such a name.
    #[error("--node-name {0:?} is no node name: give the name that `kubectl get nodes` shows")]
    NodeName(String),
    /// No `/proc`.
    #[error("cannot read {0}: {1}; mount the host's procfs there or name its folder with --path.procfs")]
    Procfs(String, std::io::Error),
    /// The link to the hub.
    #[error(transparent)]
    Hub(#[from] HubError),
}

/// An agent that listens but does not work yet.
pub struct Agent {
    node_name: String,
    listener: TcpListener,
    addresses: Addresses,
    routes: Routes,
    scrapes: Arc<Scrapes>,
    pods: Arc<Pods>,
    follow: FollowConfig,
    entropy: Arc<dyn Entropy>,
    link: Option<AgentLink>,
    /// Stops the link also when the agent never runs.
    link_stop: DropGuard,
}

/// Where the agent listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// `/metrics`, `/healthz`, `/livez`, `/readyz`.
    pub metrics: SocketAddr,
}

/// Binds the port and wires everything up. The metrics of `collectors`, parts of the process that are not the agent, stand on
/// its page.
///
/// # Errors
/// [`StartError`].
pub async fn assemble(
    config: Config,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    collectors: Vec<Box<dyn Collector>>,
) -> Result<Agent, StartError> {
    if !is_node_name(&config.node_name) {
        return Err(StartError::NodeName(config.node_name));
    }
    let stat = config.roots.procfs.join("stat");
    std::fs::metadata(&stat).map_err(|failed| StartError::Procfs(stat.display().to_string(), failed))?;
    let listener = bind(config.listen, config.port_fallback).await?;
    let metrics = listener.local_addr().map_err(|failed| BindError::Other(config.listen, failed))?;

    let mut registry = Registry::default();
    let own = Metrics::register(&mut registry);
    collectors.into_iter().for_each(|collector| registry.register_collector(collector));
    let pods = Arc::new(Pods::new(clock.clone(), own.clone()));
    let link_stop = CancellationToken::new();
    let link = link::spawn(&config, clock.clone(), entropy.clone(), &mut registry, link_stop.clone())?;
    let scrapes = Scrapes::new(config.roots, pods.clone(), own, registry, clock);
    Ok(Agent {
        node_name: config.node_name,
        listener,
        addresses: Addresses { metrics },
        routes: endpoint::routes(scrapes.clone()),
        scrapes,
        pods,
        follow: FollowConfig {
            pods_api: config.pods_api_socket,
            cri: config.cri_socket,
            read_only_port: config.kubelet_read_only_port.map(|port| (Ipv4Addr::LOCALHOST, port).into()),
        },
        entropy,
        link,
        link_stop: link_stop.drop_guard(),
    })
}

/// Kubernetes asks for a DNS subdomain; a host's name, which `up` takes, may have capitals and underscores.
fn is_node_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    (1..=NODE_NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(fits)
}

impl Agent {
    /// Where it listens.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// The pods it knows.
    pub fn pods(&self) -> Arc<Pods> {
        self.pods.clone()
    }

    /// The link to the hub, for another part of the process; none without `--hub`.
    pub fn hub_link(&self) -> Option<AgentLink> {
        self.link.clone()
    }

    /// A way to ask for its state while it runs.
    pub fn status(&self) -> impl Fn() -> Status + Send + Sync + 'static {
        let (name, scrapes, hub) = (self.node_name.clone(), self.scrapes.clone(), self.link.clone());
        move || Status::read(&name, &scrapes, hub.as_ref().map(link::status))
    }

    /// Works until `stop` is cancelled, then lets scrapes under way finish.
    pub async fn run(self, stop: CancellationToken) {
        let interner = Arc::new(Interner::seeded(self.entropy.next_u64()));
        let followed = follow(self.follow, interner, self.pods.clone(), self.entropy);
        let following = environment::spawn("pods", stop.clone().run_until_cancelled_owned(followed));
        let labels = self.link.map(|link| link::label(link.view(), self.pods));
        let labelling = labels
            .map(|labels| environment::spawn("pod labels", stop.clone().run_until_cancelled_owned(labels)));
        serve(self.listener, Arc::new(self.routes), Limits::default(), stop).await;
        drop(self.link_stop);
        // They end with the same token; a panic in them has been reported by the runtime.
        let _ = following.await;
        if let Some(labelling) = labelling {
            let _ = labelling.await;
        }
    }
}
