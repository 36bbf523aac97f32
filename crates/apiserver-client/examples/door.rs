//! Looks through the door: keeps every kind of a cluster and prints the status as JSON, once a second.
//!
//! `cargo run -p apiserver-client --example door -- KUBECONFIG SECONDS [pages] [gzip]`

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use apiserver_client::{Change, Door, DoorConfig, Resume, Sink};
use environment::{SystemClock, SystemEntropy};
use objects::Resource;
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;

#[derive(Default)]
struct Count(AtomicU64);

impl Sink for Count {
    fn change(&self, _: Resource, _: Change) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = PathBuf::from(arguments.next().ok_or("usage: door KUBECONFIG SECONDS [pages] [gzip]")?);
    let seconds: u64 = arguments.next().ok_or("SECONDS is missing")?.parse()?;
    let words: Vec<String> = arguments.collect();
    let mut config = DoorConfig::from_kubeconfig(Some(path));
    config.watch_list = !words.iter().any(|word| word == "pages");
    config.gzip = words.iter().any(|word| word == "gzip");

    let mut registry = Registry::default();
    let (clock, entropy) = (Arc::new(SystemClock::new()), Arc::new(SystemEntropy::new()));
    let door = Door::connect(config, clock, entropy, &mut registry).await?;
    let (sink, shutdown) = (Arc::new(Count::default()), CancellationToken::new());
    let kept = {
        let (door, sink, shutdown) = (door.clone(), sink.clone(), shutdown.clone());
        environment::spawn("keep", async move {
            door.keep(&Resource::ALL, &Resume::new(), Arc::default(), Default::default(), sink, shutdown)
                .await
        })
    };
    let mut out = std::io::stdout();
    for _ in 0..seconds {
        tokio::time::sleep(Duration::from_secs(1)).await;
        serde_json::to_writer(&mut out, &door.status())?;
        writeln!(out)?;
    }
    let mut metrics = String::new();
    prometheus_client::encoding::text::encode(&mut metrics, &registry)?;
    writeln!(out, "{metrics}{} changes", sink.0.load(Ordering::Relaxed))?;
    shutdown.cancel();
    kept.await??;
    Ok(())
}
