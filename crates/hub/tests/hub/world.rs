//! An API server, a hub, and somebody who asks.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use apiserver_client::DoorConfig;
use environment::{Clock, Entropy, SeededEntropy, SystemClock};
use fake_apiserver::{ClusterPlan, FakeApiserver, RequestRecord};
use hub::{AgentsConfig, Config, Hub, Status};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long anything may take before it counts as failed. Debug builds on two busy cores are slow.
const DEADLINE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

pub(crate) const NODES: u32 = 3;
pub(crate) const PODS_PER_NODE: u32 = 4;

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) apiserver: Option<FakeApiserver>,
}

pub(crate) struct Running {
    pub(crate) state: SocketAddr,
    pub(crate) telemetry: SocketAddr,
    pub(crate) agents: Option<SocketAddr>,
    pub(crate) status: Box<dyn Fn() -> Status + Send + Sync>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl World {
    /// A cluster that stands still.
    pub(crate) async fn new() -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(1));
        let apiserver = FakeApiserver::start(cluster(&clock, &entropy, NODES, 1)).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("kubeconfig"), apiserver.kubeconfig()).unwrap();
        Self { folder, clock, entropy, apiserver: Some(apiserver) }
    }

    /// Takes the cluster away and puts another one behind the same address.
    pub(crate) async fn another_cluster(&mut self, nodes: u32) {
        let former = self.apiserver.take().unwrap();
        let listen = former.url().trim_start_matches("http://").parse().unwrap();
        former.stop().await;
        let config = cluster(&self.clock, &self.entropy, nodes, 2);
        self.apiserver =
            Some(FakeApiserver::start(fake_apiserver::Config { listen, ..config }).await.unwrap());
    }

    pub(crate) fn apiserver(&self) -> &FakeApiserver {
        self.apiserver.as_ref().unwrap()
    }

    pub(crate) fn data_dir(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn config(&self) -> Config {
        let mut config =
            Config::new(DoorConfig::from_kubeconfig(Some(self.folder.path().join("kubeconfig"))));
        (config.port, config.telemetry_port) = (0, 0);
        config.data_dir = Some(self.data_dir());
        let transport = agent_link::Transport::InsecureLoopback;
        config.agents =
            Some(AgentsConfig { listen: ([127, 0, 0, 1], 0).into(), transport, pod_addresses: false });
        config
    }

    pub(crate) async fn assemble(&self, config: Config) -> Hub {
        hub::assemble(config, self.clock.clone(), self.entropy.clone()).await.unwrap()
    }

    pub(crate) async fn hub(&self) -> Running {
        Running::start(self.assemble(self.config()).await)
    }

    /// Requests from number `since` on.
    pub(crate) fn requests(&self, since: u64) -> Vec<RequestRecord> {
        let all = self.apiserver().requests();
        let total = self.apiserver().requests_total();
        let new = usize::try_from(total - since).unwrap().min(all.len());
        all[all.len() - new..].to_vec()
    }
}

fn cluster(
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
    nodes: u32,
    seed: u64,
) -> fake_apiserver::Config {
    let mut config = fake_apiserver::Config::on_loopback(clock.clone(), entropy.clone());
    config.bookmark_interval = Duration::from_millis(200);
    config.cluster = Some(ClusterPlan { nodes, pods_per_node: PODS_PER_NODE, seed, churn_per_second: 0.0 });
    config
}

impl Running {
    pub(crate) fn start(hub: Hub) -> Self {
        let (addresses, status, stop) = (hub.addresses(), Box::new(hub.status()), CancellationToken::new());
        let running = hub.run(stop.clone());
        let task = environment::spawn("hub", async move { running.await.unwrap() });
        let (state, telemetry, agents) = (addresses.state, addresses.telemetry, addresses.agents);
        Self { state, telemetry, agents, status, stop, task }
    }

    pub(crate) async fn ready(self) -> Self {
        until("the hub is ready", async || {
            get(self.telemetry, "/readyz").await.filter(|answer| answer.0 == 200)
        })
        .await;
        self
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }

    /// As `kill -9` does it: no last write, no goodbye.
    pub(crate) async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }

    pub(crate) async fn nodes(&self) -> usize {
        count(&self.metrics().await, "kube_node_info{")
    }

    pub(crate) async fn metrics(&self) -> String {
        get(self.state, "/metrics").await.expect("the hub answers").1
    }

    pub(crate) async fn own(&self) -> String {
        get(self.telemetry, "/metrics").await.expect("the hub answers").1
    }

    pub(crate) async fn readyz(&self) -> (u16, String) {
        get(self.telemetry, "/readyz").await.expect("the hub answers")
    }
}

pub(crate) fn count(text: &str, prefix: &str) -> usize {
    text.lines().filter(|line| line.starts_with(prefix)).count()
}

pub(crate) fn sample(text: &str, series: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok())
}

/// Asks until there is an answer.
pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(DEADLINE, asking).await.unwrap_or_else(|_| panic!("not within {DEADLINE:?}: {what}"))
}

/// Status and body; `None` when nobody answers.
pub(crate) async fn get(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

/// Flips a bit in the middle of a file.
pub(crate) fn damage(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(path, bytes).unwrap();
}
