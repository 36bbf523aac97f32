//! The hub's settings.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use agent_link::{HubLinkConfig, Transport};
use apiserver_client::DoorConfig;
use objects::Resource;
use objects::decode::Keep;
use state_metrics::Options;

/// What a hub keeps unless told otherwise, in the order in which it asks for them: small and needed by others first. ConfigMaps
/// and Secrets are asked for by name only.
pub const DEFAULT_RESOURCES: [Resource; 11] = [
    Resource::Namespaces,
    Resource::Nodes,
    Resource::Deployments,
    Resource::ReplicaSets,
    Resource::StatefulSets,
    Resource::DaemonSets,
    Resource::Jobs,
    Resource::Pods,
    Resource::Services,
    Resource::EndpointSlices,
    Resource::Leases,
];

/// The hub's settings. `Config::new(door)` has the defaults of the flags.
#[derive(Debug, Clone)]
pub struct Config {
    /// How the API server is reached and what may be asked of it. `limits.clients` is the number of hub replicas.
    pub door: DoorConfig,
    /// `--host`: address of both ports.
    pub host: IpAddr,
    /// `--port`: the cluster's state. 0 takes a free one.
    pub port: u16,
    /// `--telemetry-port`: the hub's own metrics and health. 0 takes a free one.
    pub telemetry_port: u16,
    /// Take free ports when those are in use (`plimsoll up`).
    pub port_fallback: bool,
    /// `--data-dir`: where the snapshot lives; without it, each start costs one full state of each resource.
    pub data_dir: Option<PathBuf>,
    /// Agents; without it, none can connect.
    pub agents: Option<AgentsConfig>,
    /// `--resources`: what to keep.
    pub resources: Vec<Resource>,
    /// Which families, labels and annotations to show. Its `format` is ignored: that is for the scraper to choose.
    pub options: Options,
}

/// How agents reach the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentsConfig {
    /// `--agents-listen`.
    pub listen: SocketAddr,
    /// `--tls-dir` or `--insecure-loopback`.
    pub transport: Transport,
    /// `--dns-pod-addresses`: tell every node the addresses of all pods, for DNS servers with `pods verified`.
    pub pod_addresses: bool,
}

impl Config {
    /// The defaults.
    pub fn new(door: DoorConfig) -> Self {
        Self {
            door,
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 8080,
            telemetry_port: 8081,
            port_fallback: false,
            data_dir: None,
            agents: None,
            resources: DEFAULT_RESOURCES.to_vec(),
            options: Options::default(),
        }
    }

    pub(crate) fn state_address(&self) -> SocketAddr {
        (self.host, self.port).into()
    }

    pub(crate) fn telemetry_address(&self) -> SocketAddr {
        (self.host, self.telemetry_port).into()
    }

    pub(crate) fn link(&self) -> Option<HubLinkConfig> {
        let agents = self.agents.as_ref()?;
        Some(HubLinkConfig::new(agents.listen, agents.transport.clone()))
    }

    /// Annotations take memory: kept only when somebody asked to see some.
    pub(crate) fn keep(&self) -> Keep {
        Keep { annotations: !self.options.annotations.is_empty() }
    }

    /// In the order of [`Resource::ALL`], each once.
    pub(crate) fn ordered_resources(&self) -> Vec<Resource> {
        Resource::ALL.into_iter().filter(|resource| self.resources.contains(resource)).collect()
    }
}
