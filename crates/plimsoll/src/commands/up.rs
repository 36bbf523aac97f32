//! `plimsoll up`: everything on one machine.

mod cluster;
mod places;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agent_link::certificates;
use agent_link::config::Transport;
use anyhow::Context;
use environment::{Clock, Entropy, SystemClock, SystemEntropy, spawn};
use hub::{AgentsConfig, Hub};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::commands::dns::settings::host_name;
use crate::commands::runtime;
use crate::flags::UpFlags;
use crate::outcome::{Failure, Outcome};
use crate::signals;
use crate::terminal::Steps;
use cluster::Cluster;
use places::Places;

/// How often progress is looked at while the hub reads the cluster.
const PROGRESS: Duration = Duration::from_millis(200);

/// What every part is given.
struct Machine {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    /// Certificates, and the snapshot unless `--data-dir` says otherwise; removed at the end.
    folder: TempDir,
}

pub(crate) fn run(flags: UpFlags) -> Outcome {
    runtime::many_threads(async {
        let shutdown = signals::shutdown()?;
        let folder = tempfile::Builder::new().prefix("plimsoll-up-").tempdir().map_err(|error| {
            Failure::Usage(format!("cannot make a temporary folder: {error}; set TMPDIR to one that exists"))
        })?;
        let machine =
            Machine { clock: Arc::new(SystemClock::new()), entropy: Arc::new(SystemEntropy::new()), folder };
        up(flags, &machine, shutdown).await
    })
}

async fn up(flags: UpFlags, machine: &Machine, shutdown: CancellationToken) -> Outcome {
    let steps = Steps::new();
    let cluster = Cluster::start(&flags, machine, &steps).await?;
    let tls = tls_of(machine);
    certificates::init(&tls, &certificates::Options::default(), machine.clock.as_ref())
        .map_err(Failure::usage)?;

    steps.now("starting the hub");
    let assembling = hub(&flags, &cluster, tls.clone(), machine);
    let Some(hub) = shutdown.run_until_cancelled(assembling).await else { return Ok(()) };
    let hub = hub?;
    let (hub_at, hub_status) = (hub.addresses(), hub.status());
    let agents_at = hub_at.agents.context("the hub listens for agents")?;
    let agent = agent(&flags, agents_at, tls, machine).await?;
    let (agent_at, agent_status) = (agent.addresses().metrics, agent.status());

    let dns = dns(&flags, agents_at, tls_of(machine), machine).await?;
    let dns_at = dns.addresses().clone();

    let mut places = Places::new(hub_at, agent_at, dns_at, cluster.url());
    let links = places.links();
    let status = {
        let hub = hub.status();
        move || serde_json::json!({ "hub": hub(), "agent": agent_status(), "links": links })
    };
    let page = page(flags.page_port, Arc::new(status)).await?;
    places.page(page.address());

    // When one ends, for whatever reason, all end: a half of `up` is of no use to anybody.
    let hub_task = spawn("hub", ending(hub.run(shutdown.clone()), shutdown.clone()));
    let agent_task = spawn("agent", ending(agent.run(shutdown.clone()), shutdown.clone()));
    let dns_task = spawn("dns", ending(dns.run(shutdown.clone()), shutdown.clone()));
    let page_task = spawn("page", ending(page.run(shutdown.clone()), shutdown.clone()));
    if synced(&hub_status, &steps, &shutdown).await {
        steps.finish();
        places.say(flags.output);
        shutdown.cancelled().await;
    }
    agent_task.await?;
    let dns_ended = dns_task.await?;
    page_task.await?;
    let ended = hub_task.await?;
    cluster.stop().await;
    dns_ended.map_err(Failure::usage)?;
    ended.map_err(Failure::usage)
}

/// Runs a part; its end is everybody's.
async fn ending<T>(part: impl Future<Output = T>, shutdown: CancellationToken) -> T {
    let _all = shutdown.drop_guard();
    part.await
}

async fn hub(flags: &UpFlags, cluster: &Cluster, tls: PathBuf, machine: &Machine) -> Result<Hub, Failure> {
    let mut config =
        hub::Config::new(apiserver_client::DoorConfig::from_kubeconfig(Some(cluster.kubeconfig())));
    config.port_fallback = true;
    config.data_dir = Some(flags.data_dir.clone().unwrap_or_else(|| machine.folder.path().join("data")));
    let transport = Transport::Mutual { dir: tls };
    config.agents =
        Some(AgentsConfig { listen: SocketAddr::from(([127, 0, 0, 1], 0)), transport, pod_addresses: false });
    hub::assemble(config, machine.clock.clone(), machine.entropy.clone()).await.map_err(Failure::hub)
}

async fn agent(
    flags: &UpFlags,
    hub: SocketAddr,
    tls: PathBuf,
    machine: &Machine,
) -> Result<agent::Agent, Failure> {
    let name = flags.node_name.clone().unwrap_or_else(host_name);
    let mut config = agent::Config::new(&name, SocketAddr::from(([127, 0, 0, 1], 9466)));
    config.port_fallback = true;
    config.hub = Some(hub.to_string());
    config.tls_dir = Some(tls);
    let parts = Vec::new();
    agent::assemble(config, machine.clock.clone(), machine.entropy.clone(), parts)
        .await
        .map_err(Failure::usage)
}

/// Serves the cluster's names on a free port, so that nothing on this machine has to change. Names outside are not forwarded.
async fn dns(
    flags: &UpFlags,
    hub: SocketAddr,
    tls: PathBuf,
    machine: &Machine,
) -> Result<node_dns::NodeDns, Failure> {
    let zone = dns_message::Name::parse("cluster.local").context("a name")?;
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut config = node_dns::Config::new(zone, free);
    config.http = vec![free];
    let folder = flags.data_dir.as_deref().unwrap_or(machine.folder.path()).join("dns");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    config.feed.data_dir = Some(folder);
    let node = flags.node_name.clone().unwrap_or_else(host_name);
    let transport = Transport::Mutual { dir: tls };
    config.feed.hub = Some(agent_link::AgentLinkConfig::new(node, hub.to_string(), transport));
    node_dns::assemble(config, machine.clock.clone(), machine.entropy.clone()).await.map_err(Failure::usage)
}

/// Where the certificates are.
fn tls_of(machine: &Machine) -> PathBuf {
    machine.folder.path().join("tls")
}

async fn page(
    port: u16,
    status: dashboard_server::Status,
) -> Result<dashboard_server::DashboardServer, Failure> {
    let listen = SocketAddr::from(([127, 0, 0, 1], port));
    let config = dashboard_server::Config { listen, port_fallback: true, status };
    dashboard_server::assemble(config).await.map_err(Failure::usage)
}

/// Shows what the hub knows while it learns it; `false` when the user stopped it.
async fn synced(status: &impl Fn() -> hub::Status, steps: &Steps, shutdown: &CancellationToken) -> bool {
    steps.now("reading the cluster, one kind after the other");
    loop {
        let now = status();
        let known = now.resources.iter().filter(|resource| resource.synced).count();
        if now.ready {
            let objects: usize = now.resources.iter().map(|resource| resource.objects).sum();
            steps.done(&format!("{objects} objects of {known} kinds known"));
            return true;
        }
        let missing = now.missing.first().map(String::as_str).unwrap_or_default();
        steps.detail(&format!("{known} of {} kinds known; {missing}", now.resources.len()));
        if shutdown.run_until_cancelled(tokio::time::sleep(PROGRESS)).await.is_none() {
            return false;
        }
    }
}
