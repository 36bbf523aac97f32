//! A new node that finds no hub: its neighbours know the names. They are asked once the hub has had its time, and not any
//! more as soon as anything is known.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use agent_link::Transport;
use agent_link::neighbours::{Neighbours, Offer, Offers, Wish};
use environment::{Clock, Entropy};
use prometheus_client::metrics::counter::Counter;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::freshness::Proofs;
use super::{Feed, unix_millis};
use crate::disk::{self, Loaded};
use crate::pipeline::knowledge::{Knowledge as _, Origin};

/// A hub that is there has sent a small cluster's names by then, and begun with a large one's; what it sends wins.
const HUBS_TIME: Duration = Duration::from_secs(5);
/// Between two rounds at most; a round asks three nodes for some hundred octets each.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// Where files are put until they are read, in the data directory.
const INBOX: &str = "neighbour";

/// Where neighbours are.
#[derive(Debug, Clone)]
pub struct NeighboursConfig {
    /// `host:port`.
    pub address: String,
    /// As towards the hub.
    pub transport: Transport,
    /// How long the hub is waited for first.
    pub hubs_time: Duration,
}

impl NeighboursConfig {
    /// The hub has five seconds first.
    pub fn new(address: String, transport: Transport) -> Self {
        Self { address, transport, hubs_time: HUBS_TIME }
    }
}

/// Everything that a round needs.
#[derive(Clone)]
pub(super) struct Asking {
    pub(super) config: NeighboursConfig,
    pub(super) data_dir: PathBuf,
    pub(super) zone: String,
    pub(super) proofs: Arc<Proofs>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) taken: Counter,
}

impl Asking {
    /// What a neighbour knows, if this node comes to need it.
    pub(super) fn start(self, stop: CancellationToken) -> mpsc::Receiver<Loaded> {
        let (sender, receiver) = mpsc::channel(1);
        environment::spawn("dns neighbours", async move {
            let asking = async {
                if let Some(loaded) = self.until_known().await {
                    let _ = sender.send(loaded).await;
                }
            };
            stop.run_until_cancelled(asking).await;
        });
        receiver
    }

    async fn until_known(&self) -> Option<Loaded> {
        let mut wait = self.config.hubs_time;
        let mut reported = String::new();
        loop {
            // Half as much again at most: new nodes come in crowds.
            tokio::time::sleep(wait + wait.mul_f64(0.5 * self.chance())).await;
            if self.proofs.origin() != Origin::Nothing {
                return None;
            }
            match self.round().await {
                Ok(loaded) => return Some(loaded),
                Err(reason) if reason != reported => {
                    tracing::warn!(%reason, "no names from the hub yet, and none from a neighbour; both are asked again");
                    reported = reason;
                }
                Err(_) => {}
            }
            wait = (wait * 2).min(WAIT_MAX);
        }
    }

    fn chance(&self) -> f64 {
        self.entropy.next_u64() as f64 / u64::MAX as f64
    }

    async fn round(&self) -> Result<Loaded, String> {
        let NeighboursConfig { address, transport, .. } = &self.config;
        let mut neighbours =
            Neighbours::new(address, transport, &self.clock).map_err(|error| error.to_string())?;
        let inbox = self.data_dir.join(INBOX);
        let emptied = empty(&inbox);
        emptied.map_err(|error| format!("{}: {error}", inbox.display()))?;
        let now_unix_ms = unix_millis(self.clock.wall());
        let wish = Wish { subject: &self.zone, name: disk::is_a_file_of_ours, now_unix_ms };
        let fetched = neighbours.fetch(wish, &inbox).await;
        let (folder, zone) = (inbox.clone(), self.zone.clone());
        let read = tokio::task::spawn_blocking(move || {
            let loaded = disk::load_folder(&folder, &zone);
            // What cannot be removed now is removed by the next round.
            let _ = std::fs::remove_dir_all(&folder);
            loaded
        });
        let loaded = read.await.map_err(|panicked| panicked.to_string());
        let (fetched, loaded) = (fetched?, loaded?);
        if loaded.position.is_none() {
            return Err(format!("{}: what it gave cannot be read", fetched.from));
        }
        self.taken.inc();
        tracing::warn!(from = %fetched.from, bytes = fetched.bytes, "no hub: the names are from a neighbour");
        Ok(loaded)
    }
}

fn empty(folder: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    std::fs::create_dir_all(folder)
}

impl Offers for Feed {
    fn offer(&self) -> Option<Offer> {
        let folder = self.data_dir.as_deref()?;
        // What the disk has is what is served, and not older.
        if self.told.lock().disk != Some(disk::DiskState::Written) {
            return None;
        }
        let age = self.freshness().age?;
        let files = disk::offer(folder);
        let proven_unix_ms = unix_millis(self.clock.wall().saturating_sub(age));
        (!files.is_empty()).then(|| Offer { proven_unix_ms, subject: self.name.clone(), files })
    }
}
