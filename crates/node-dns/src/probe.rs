//! The prober: asks past every cache, by path and layer.
//!
//! A cache that answers hides that nothing behind it does. So each probe asks for a name that no cache can have: a label that
//! was never asked for before. For the cluster's zone the answer is the heartbeat, which travelled API server -> hub -> node,
//! and its write time says how old the whole path is. Of an upstream, any answer that is not a failure will do.
//!
//! What comes out is a finding for each path, in metrics, and a [`Signal`] that a rollout can wait for.

mod ask;
mod finding;
mod metrics;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use dns_message::Name;
use environment::{Clock, Entropy};
use futures::future::join_all;
use parking_lot::Mutex;
use prometheus_client::collector::Collector;
use prometheus_client::registry::Registry;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use finding::{Finding, Grade};
use metrics::Metrics;

/// The oldest heartbeat that counts as a live path: three of the hub's beats of 5 s.
pub const AGE_MAX: Duration = Duration::from_secs(15);
/// How often every path is probed: a cut shows within a quarter of a minute and one probe.
pub const EVERY: Duration = Duration::from_secs(10);
/// Where upstreams are asked unless told otherwise: a name of which every resolver knows that it does not exist (RFC 6761,
/// 6.4). It shows that the upstream answers, at no cost to anybody else; a name of one's own shows more.
pub const UPSTREAM_ZONE: &str = "invalid";
/// Paths at once: each is two sockets.
const TARGETS_MAX: usize = 32;

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// What pods have in their resolver's configuration, whatever is behind it.
    Stub,
    /// This node's server.
    Node,
    /// The cluster's DNS service.
    Cluster,
    /// A server outside of the cluster.
    Upstream,
}

/// UDP or TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// One datagram each way.
    Udp,
    /// RFC 7766.
    Tcp,
}

/// A path to be probed, over both transports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target {
    /// What it leads to.
    pub layer: Layer,
    /// Who is asked.
    pub server: SocketAddr,
}

/// What to probe.
#[derive(Debug, Clone)]
pub struct Config {
    /// The paths; no more than 32 are probed.
    pub targets: Vec<Target>,
    /// The cluster's zone.
    pub zone: Name,
    /// Where upstreams are asked.
    pub upstream_zone: Name,
    /// The oldest heartbeat that counts as a live path.
    pub age_max: Duration,
    /// From one round to the next.
    pub every: Duration,
}

/// What came of one probe.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// Which path.
    pub target: Target,
    /// How.
    pub transport: Transport,
    /// What was found.
    pub finding: Finding,
    /// How long it took.
    pub took: Duration,
}

/// What a rollout may go by: the worst of all paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// How it is.
    pub grade: Grade,
    /// The path that is worst, in words; empty when all are good.
    pub reason: String,
    /// Rounds so far: 0 is a signal that nothing stands behind yet.
    pub rounds: u64,
}

/// Probes until it is stopped.
pub struct Prober {
    config: Config,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    signal: watch::Sender<Signal>,
    last: Arc<Mutex<Vec<Probe>>>,
    metrics: Metrics,
}

impl Layer {
    /// Label and word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stub => "stub",
            Self::Node => "node",
            Self::Cluster => "cluster",
            Self::Upstream => "upstream",
        }
    }
}

impl Transport {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Udp, Self::Tcp];

    /// Label and word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        }
    }
}

impl Config {
    /// With the defaults.
    pub fn new(zone: Name, targets: Vec<Target>) -> Self {
        let upstream_zone = Name::parse(UPSTREAM_ZONE).unwrap_or_else(|_| Name::root());
        Self { targets, zone, upstream_zone, age_max: AGE_MAX, every: EVERY }
    }
}

impl fmt::Display for Probe {
    /// One line: path, finding, time.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target: Target { layer, server }, transport, finding, took } = self;
        let millis = took.as_secs_f64() * 1_000.0;
        write!(f, "{} {server} {}: {finding} ({millis:.1} ms)", layer.name(), transport.name())
    }
}

impl Prober {
    /// Registers metrics; asks nothing yet.
    pub fn new(
        config: Config,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        registry: &mut Registry,
    ) -> Self {
        let none = Signal { grade: Grade::Unproven, reason: "no probe yet".to_owned(), rounds: 0 };
        let last = Arc::default();
        let metrics = Metrics::register(registry, &last);
        Self { config, clock, entropy, signal: watch::Sender::new(none), last, metrics }
    }

    /// One that shows its findings to nobody but its caller.
    pub fn alone(config: Config, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self::new(config, clock, entropy, &mut Registry::default())
    }

    /// One whose last findings are metrics of somebody else's page; the counts of all rounds are not.
    pub fn beside(
        config: Config,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> (Self, Box<dyn Collector>) {
        let prober = Self::alone(config, clock, entropy);
        let last = metrics::collector(&prober.last);
        (prober, last)
    }

    /// The signal, now and whenever a round is over.
    pub fn signal(&self) -> watch::Receiver<Signal> {
        self.signal.subscribe()
    }

    /// Probes every path again and again until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        stop.run_until_cancelled(self.forever()).await;
    }

    async fn forever(&self) {
        // The nodes of a cluster do not probe in step.
        tokio::time::sleep(self.config.every.mul_f64(self.entropy.fraction())).await;
        loop {
            self.round().await;
            tokio::time::sleep(self.config.every).await;
        }
    }

    /// Probes every path once, all at the same time.
    pub async fn round(&self) -> Vec<Probe> {
        let targets = self.config.targets.iter().take(TARGETS_MAX);
        let paths = targets.flat_map(|target| Transport::ALL.map(|transport| (*target, transport)));
        let probes = join_all(paths.map(|(target, transport)| self.probe(target, transport))).await;
        let age_max = self.config.age_max;
        let worst = probes.iter().max_by_key(|probe| probe.finding.grade(probe.target.layer, age_max));
        let (grade, reason) = match worst {
            Some(worst) => match worst.finding.grade(worst.target.layer, age_max) {
                Grade::Good => (Grade::Good, String::new()),
                grade => (grade, worst.to_string()),
            },
            None => (Grade::Unproven, "nothing to probe".to_owned()),
        };
        self.metrics.count(&probes, age_max);
        self.last.lock().clone_from(&probes);
        self.signal.send_modify(|signal| {
            *signal = Signal { grade, reason, rounds: signal.rounds + 1 };
        });
        probes
    }

    async fn probe(&self, target: Target, transport: Transport) -> Probe {
        let began = self.clock.monotonic();
        let upstream = target.layer == Layer::Upstream;
        let zone = if upstream { &self.config.upstream_zone } else { &self.config.zone };
        let finding = match finding::question(zone, upstream, &*self.entropy) {
            Some(question) => {
                let answer = ask::ask(&question, target.server, transport).await;
                let wall = self.clock.wall();
                answer.map_or_else(Finding::Failed, |answer| finding::read(&question, &answer, wall))
            }
            None => Finding::Failed("the zone's name is too long for a probe".to_owned()),
        };
        Probe { target, transport, finding, took: self.clock.monotonic().saturating_sub(began) }
    }
}
