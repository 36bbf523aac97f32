//! What a server is started with.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use environment::{Clock, Entropy};

use crate::certificate::CertificateError;

/// How a fake API server is started.
#[derive(Clone)]
pub struct Config {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Listen on an address other than loopback. Whoever reaches the port can do everything: there is no authentication.
    pub allow_non_loopback: bool,
    /// Serve TLS with a certificate made on the spot; it is in the kubeconfig.
    pub tls: bool,
    /// What to fill it with; `None`: only the namespaces `default` and `kube-system`.
    pub cluster: Option<ClusterPlan>,
    /// Changes that each resource remembers. A watch that resumes from before gets 410.
    pub history_events_max: usize,
    /// How often a watch that allows bookmarks gets one. The real server: about once a minute.
    pub bookmark_interval: Duration,
    /// Deleted pods are gone after their grace period, but no later than this: no kubelet ends them.
    pub pod_grace_max: Duration,
    /// Connections above this wait until another one ends.
    pub connections_max: usize,
    /// Requests that [`crate::FakeApiserver::requests`] remembers.
    pub audit_entries_max: usize,
    /// Where `PUT /faults` is served; always plain HTTP. `None`: only the library call.
    pub admin_listen: Option<SocketAddr>,
    /// Time stamps, leases, ages.
    pub clock: Arc<dyn Clock>,
    /// UIDs, generated names, probabilities of faults.
    pub entropy: Arc<dyn Entropy>,
}

/// A plausible cluster: the same plan gives the same objects.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusterPlan {
    /// Nodes.
    pub nodes: u32,
    /// Pods on each node, DaemonSets' among them.
    pub pods_per_node: u32,
    /// Names, sizes and states are drawn from this.
    pub seed: u64,
    /// Changes a second: restarts, rollouts, failing probes, replaced pods. Each node's lease is renewed every 10 seconds
    /// besides, as kubelets do. 0 keeps everything still, leases too.
    pub churn_per_second: f64,
}

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, or is none of this machine's.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The address can be reached from elsewhere.
    #[error(
        "{0} is not loopback, and this server gives everybody who reaches it every right; say so explicitly if you mean it"
    )]
    NotLoopback(SocketAddr),
    /// No certificate, no TLS.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A number in the plan makes no cluster.
    #[error("{0}")]
    Plan(&'static str),
}

/// 5,000 nodes are what Kubernetes is tested with; this leaves room.
const NODES_MAX: u32 = 20_000;
/// 110 is the kubelet's default; clusters with 500 exist.
const PODS_PER_NODE_MAX: u32 = 500;
/// 1.5 million pods of 3 KB are 4.5 GB: beyond what a test double should hold.
const PODS_MAX: u64 = 1_500_000;
/// Faster than this one lock and one clock cannot.
const CHURN_PER_SECOND_MAX: f64 = 10_000.0;

impl Config {
    /// A free port on loopback, no TLS, no cluster, no admin port, and limits that suit tests.
    pub fn on_loopback(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            allow_non_loopback: false,
            tls: false,
            cluster: None,
            // 10,000 pods of 3 KB, twice (before and after): at most 60 MB.
            history_events_max: 10_000,
            bookmark_interval: Duration::from_secs(60),
            pod_grace_max: Duration::from_secs(2),
            connections_max: 10_000,
            // 10,000 records of about 300 bytes: 3 MB.
            audit_entries_max: 10_000,
            admin_listen: None,
            clock,
            entropy,
        }
    }

    pub(crate) fn check(&self) -> Result<(), StartError> {
        for address in [Some(self.listen), self.admin_listen].into_iter().flatten() {
            if !address.ip().is_loopback() && !self.allow_non_loopback {
                return Err(StartError::NotLoopback(address));
            }
        }
        self.cluster.map_or(Ok(()), ClusterPlan::check)
    }
}

impl ClusterPlan {
    fn check(self) -> Result<(), StartError> {
        let pods = u64::from(self.nodes) * u64::from(self.pods_per_node);
        if self.nodes > NODES_MAX || self.pods_per_node > PODS_PER_NODE_MAX || pods > PODS_MAX {
            return Err(StartError::Plan(
                "too many: at most 20,000 nodes, 500 pods on each, 1,500,000 pods in all",
            ));
        }
        if !(0.0..=CHURN_PER_SECOND_MAX).contains(&self.churn_per_second) {
            return Err(StartError::Plan("churn per second must be between 0 and 10,000"));
        }
        Ok(())
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = formatter.debug_struct("Config");
        out.field("listen", &self.listen).field("tls", &self.tls).field("cluster", &self.cluster);
        out.finish_non_exhaustive()
    }
}
