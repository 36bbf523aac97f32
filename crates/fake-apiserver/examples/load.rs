//! What a large cluster costs this server: time to start, memory, time and bytes of whole LISTs.
//!
//! `cargo run --release -p fake-apiserver --example load -- 5000 30` (nodes, pods on each)

use std::error::Error;
use std::sync::Arc;

use environment::{Clock as _, SystemClock, SystemEntropy};
use fake_apiserver::{ClusterPlan, Config, FakeApiserver};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a measurement prints what it measured")]
async fn main() -> Result<(), Box<dyn Error>> {
    let numbers: Vec<u32> = std::env::args().skip(1).map(|text| text.parse()).collect::<Result<_, _>>()?;
    let [nodes, pods_per_node] = numbers[..] else { return Err("usage: load NODES PODS_PER_NODE".into()) };
    let clock = SystemClock::new();
    let plan = ClusterPlan { nodes, pods_per_node, seed: 1, churn_per_second: 0.0 };
    let config = Config::on_loopback(Arc::new(clock), Arc::new(SystemEntropy::new()));
    let server = FakeApiserver::start(Config { cluster: Some(plan), ..config }).await?;
    println!(
        "start: {:.1} s, {:.1} CPU s, memory: {} MB",
        clock.monotonic().as_secs_f64(),
        cpu_seconds()?,
        memory_mb()?
    );
    for (name, accept) in [
        ("JSON", "application/json"),
        ("protobuf", "application/vnd.kubernetes.protobuf"),
        ("protobuf again", "application/vnd.kubernetes.protobuf"),
        (
            "protobuf, metadata",
            "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
        ),
        ("table", "application/json;as=Table;g=meta.k8s.io;v=v1"),
    ] {
        let (began, cpu) = (clock.monotonic(), cpu_seconds()?);
        let bytes = list(&server, accept).await?;
        let seconds = (clock.monotonic() - began).as_secs_f64();
        println!(
            "LIST pods, {name}: {:.1} MB in {seconds:.1} s, {:.1} CPU s, memory after: {} MB",
            bytes as f64 / 1e6,
            cpu_seconds()? - cpu,
            memory_mb()?
        );
    }
    server.stop().await;
    Ok(())
}

async fn list(server: &FakeApiserver, accept: &str) -> Result<usize, Box<dyn Error>> {
    let mut stream = TcpStream::connect(server.address()).await?;
    let request =
        format!("GET /api/v1/pods HTTP/1.1\r\nhost: x\r\naccept: {accept}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let (mut buffer, mut total) = (vec![0; 1 << 16], 0);
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(total),
            read => total += read,
        }
    }
}

/// CPU time of this process, by the system's clock ticks of 10 ms: fields 14 and 15 of /proc/self/stat.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(") ").ok_or("no stat")?.1;
    let ticks: Vec<u64> = after_name.split(' ').skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<u64>() as f64 / 100.0)
}

/// Resident memory of this process: `VmRSS` of /proc/self/status.
fn memory_mb() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes / 1024)
}
