//! What the hub adds: the workloads that a node cannot tell (the CronJob behind a Job, owners of owners).

use std::sync::Arc;

use agent_link::{AgentLink, AgentLinkConfig, LinkError, Transport};
use environment::{Clock, Entropy};
use fanout::payload::PodItem;
use fanout::{Topic, View};
use prometheus_client::registry::Registry;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::pods::Pods;
use crate::status::HubStatus;

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// A hub without a way to trust it.
    #[error("--hub needs --tls-dir DIR, or --insecure-loopback when the hub is on this machine")]
    NoTransport,
    /// The address or the certificates.
    #[error(transparent)]
    Link(#[from] LinkError),
}

/// Starts the link to the hub of `config`, if it names one.
pub(crate) fn spawn(
    config: &Config,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    registry: &mut Registry,
    stop: CancellationToken,
) -> Result<Option<AgentLink>, HubError> {
    let Some(hub) = &config.hub else { return Ok(None) };
    let transport = match &config.tls_dir {
        Some(dir) => Transport::Mutual { dir: dir.clone() },
        None if config.insecure_loopback => Transport::InsecureLoopback,
        None => return Err(HubError::NoTransport),
    };
    let mut link = AgentLinkConfig::new(&config.node_name, hub, transport);
    link.hub_name.clone_from(&config.hub_name);
    Ok(Some(AgentLink::spawn(link, clock, entropy, registry, stop)?))
}

/// Hands every complete set of items to the table of pods, for as long as there is a link.
pub(crate) async fn label(mut view: watch::Receiver<View>, pods: Arc<Pods>) {
    loop {
        let items = view.borrow_and_update().clone();
        // A value that a newer hub writes otherwise is left out; the node's own word stands.
        pods.set_hub(items.topic(Topic::PODS).filter_map(|(_, value)| PodItem::from_value(value).ok()));
        if view.changed().await.is_err() {
            return;
        }
    }
}

/// The state of the link for the status page.
pub(crate) fn status(link: &AgentLink) -> HubStatus {
    let status = link.status();
    HubStatus {
        connected: status.connected && status.synced,
        age_seconds: status.last_heard.map(|age| age.as_secs_f64()),
        items: status.items,
        error: status.last_error,
    }
}
