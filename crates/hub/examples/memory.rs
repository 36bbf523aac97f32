//! What a hub takes in memory, as the kernel counts it: `cargo run --release -p hub --example memory`.
//!
//! Runs a whole hub (agents' port and snapshot included) until everything is known, makes it write its snapshot and answer a
//! scrape, and prints resident memory at each step, the peak, and both per pod. The cluster of 1,000 nodes with 100 pods each
//! is an embedded API server in a process of its own; `-- NODES PODS_PER_NODE` makes another one.
#![expect(clippy::print_stdout, reason = "prints its measurement")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use agent_link::Transport;
use apiserver_client::DoorConfig;
use environment::{SystemClock, SystemEntropy};
use fake_apiserver::{ClusterPlan, FakeApiserver};
use hub::{AgentsConfig, Config, Status};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const POLL: Duration = Duration::from_millis(50);
/// The store is quiet by then, and what the allocator gives back it has given back.
const SETTLE: Duration = Duration::from_secs(20);

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // As the binary does it.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", kubeconfig, nodes, pods] => {
            runtime.block_on(serve(kubeconfig, nodes.parse()?, pods.parse()?))
        }
        [nodes, pods] => runtime.block_on(beside_a_server(nodes, pods)),
        _ => runtime.block_on(beside_a_server("1000", "100")),
    }
}

/// The other process: an API server until it is killed.
async fn serve(kubeconfig: &str, nodes: u32, pods_per_node: u32) -> anyhow::Result<()> {
    let (clock, entropy) = (Arc::new(SystemClock::new()), Arc::new(SystemEntropy::new()));
    let mut config = fake_apiserver::Config::on_loopback(clock, entropy);
    config.cluster = Some(ClusterPlan { nodes, pods_per_node, seed: 1, churn_per_second: 10.0 });
    let server = FakeApiserver::start(config).await?;
    environment::files::write_atomic(kubeconfig.as_ref(), |out| {
        out.write_all(server.kubeconfig().as_bytes())
    })?;
    std::future::pending().await
}

async fn beside_a_server(nodes: &str, pods: &str) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let kubeconfig = folder.path().join("kubeconfig");
    let mut server = tokio::process::Command::new(std::env::current_exe()?);
    server.arg("serve").arg(&kubeconfig).args([nodes, pods]).kill_on_drop(true);
    let _server = server.spawn()?;
    while !kubeconfig.exists() {
        tokio::time::sleep(POLL).await;
    }
    measure(&kubeconfig).await
}

async fn measure(kubeconfig: &Path) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut config = Config::new(DoorConfig::from_kubeconfig(Some(kubeconfig.to_owned())));
    (config.port, config.telemetry_port) = (0, 0);
    config.data_dir = Some(folder.path().join("data"));
    config.agents = Some(AgentsConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        transport: Transport::InsecureLoopback,
        pod_addresses: false,
    });
    let before = memory("VmRSS:");
    let hub = hub::assemble(config, Arc::new(SystemClock::new()), Arc::new(SystemEntropy::new())).await?;
    let (status, address) = (hub.status(), hub.addresses().state);
    let stop = CancellationToken::new();
    let running = environment::spawn("hub", hub.run(stop.clone()));
    let known = until(&status, |status| status.ready).await;
    let pods = objects(&known, "pods");
    println!("pods                       {pods}");
    for kind in &known.resources {
        println!("  {:<24} {}", kind.resource, kind.objects);
    }
    let show = |step: &str, bytes: u64| {
        let per_pod = bytes.saturating_sub(before) as f64 / pods.max(1) as f64;
        println!("{step:<26} {:>7.1} MB {per_pod:>8.0} bytes a pod", bytes as f64 / 1e6);
    };
    show("before", before);
    show("all known", memory("VmRSS:"));
    show("peak until then", memory("VmHWM:"));
    until(&status, |status| status.snapshot.as_ref().is_some_and(|snapshot| snapshot.bytes > 0)).await;
    tokio::time::sleep(SETTLE).await;
    let steady = memory("VmRSS:");
    show("steady, snapshot written", steady);
    let body = scrape(address).await?;
    show("after a scrape", memory("VmRSS:"));
    let peak = memory("VmHWM:");
    show("peak of all", peak);
    println!("peak / steady              {:.2}", peak as f64 / steady as f64);
    println!("scrape                     {:.1} MB", body as f64 / 1e6);
    println!("snapshot                   {:.1} MB", status().snapshot.unwrap_or_default().bytes as f64 / 1e6);
    stop.cancel();
    running.await??;
    Ok(())
}

async fn until(status: &impl Fn() -> Status, reached: impl Fn(&Status) -> bool) -> Status {
    loop {
        let now = status();
        if reached(&now) {
            return now;
        }
        tokio::time::sleep(POLL).await;
    }
}

fn objects(status: &Status, resource: &str) -> usize {
    status.resources.iter().find(|kind| kind.resource == resource).map_or(0, |kind| kind.objects)
}

/// Reads a scrape as a scraper does, keeping nothing; returns its size.
async fn scrape(address: std::net::SocketAddr) -> anyhow::Result<usize> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET /metrics HTTP/1.0\r\nhost: hub\r\n\r\n").await?;
    let (mut total, mut buffer) = (0, vec![0; 64 << 10]);
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(total),
            read => total += read,
        }
    }
}

/// A line of /proc/self/status, in bytes.
fn memory(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes =
        status.lines().find_map(|found| found.strip_prefix(line)?.trim().strip_suffix(" kB")?.parse().ok());
    kilobytes.unwrap_or(0u64) * 1024
}
