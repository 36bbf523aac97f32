//! Where the zone comes from: the hub's stream, the disk; and how old it is.
//!
//! ```text
//!  disk --load--> zone                                     (at once, before the first query)
//!  hub --Update--> keeper: guard -> log on disk -> zone    (one task, in order)
//!                    heartbeats, link, time -> proofs --> freshness, for who answers
//!  neighbour's disk --> zone                               (a new node, no hub)
//!  kubelet --pods--> dead addresses -> zone
//! ```

mod dead;
mod freshness;
pub mod guard;
mod keeper;
mod metrics;
mod neighbours;
mod pods;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agent_link::neighbours::Neighbours;
use agent_link::{AgentLinkConfig, LinkError, NamesLink};
use environment::{Clock, Entropy};
use node_probe::pods::FollowConfig;
use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use service_names::{Zone, ZoneConfig};
use tokio_util::sync::CancellationToken;

use crate::disk::{Disk, DiskError};
use crate::pipeline::knowledge::{Freshness, Knowledge, Origin};
use freshness::Proofs;
use guard::{GuardConfig, Quarantine};
use keeper::Keeper;

pub use keeper::CONFIRM_FILE;
pub use neighbours::NeighboursConfig;

/// Where a zone comes from.
#[derive(Clone)]
pub struct Config {
    /// The zone.
    pub zone: ZoneConfig,
    /// `--hub`; without it, nothing new comes.
    pub hub: Option<AgentLinkConfig>,
    /// `--data-dir`; without it, a restart without a hub knows nothing.
    pub data_dir: Option<PathBuf>,
    /// `--snapshot`: a snapshot to start from when the data directory has none.
    pub snapshot: Option<PathBuf>,
    /// `--neighbours`: who is asked when there is no hub and nothing is known; needs `data_dir`.
    pub neighbours: Option<NeighboursConfig>,
    /// What counts as a suspicious loss.
    pub guard: GuardConfig,
    /// The sources of this node's pods; without them, nobody is known to be dead.
    pub pods: Option<FollowConfig>,
}

/// Why there is no feed: one sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The hub's address or the certificates.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The data directory or the snapshot.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// What the feed says about itself, for the status page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Where the zone comes from, and how old it is.
    pub freshness: Freshness,
    /// What is held back.
    pub quarantine: Option<Quarantine>,
    /// Addresses of this node that are known to be dead.
    pub dead: usize,
}

/// The zone of a node and whatever keeps it current.
pub struct Feed {
    zone: Arc<Zone>,
    proofs: Arc<Proofs>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    /// The zone's, as the disk has it.
    name: String,
    data_dir: Option<PathBuf>,
    neighbours: Option<neighbours::Asking>,
    pods: Option<FollowConfig>,
    link: Option<NamesLink>,
    keeper: Arc<tokio::sync::Mutex<Keeper>>,
    told: Arc<Mutex<Told>>,
}

/// What the keeper says about itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    quarantine: Option<Quarantine>,
    dead: usize,
    disk: Option<crate::disk::DiskState>,
    disk_bytes: u64,
    disk_failures: u64,
    changes: u64,
    refused: usize,
}

impl Feed {
    /// Reads the disk, so that the first query finds the zone. Starts nothing and writes nothing.
    ///
    /// # Errors
    /// [`FeedError`]. Damaged files are no error: they are named, and the others serve.
    pub fn open(
        config: Config,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        registry: &mut Registry,
    ) -> Result<Arc<Self>, FeedError> {
        let name = config.zone.zone.to_string();
        let link =
            config.hub.clone().map(|hub| NamesLink::new(hub, clock.clone(), entropy.clone(), registry));
        let link = link.transpose()?;
        let disk = config.data_dir.as_deref().map(|folder| Disk::open(folder, &name)).transpose()?;
        let zone = Arc::new(Zone::new(config.zone));
        let proofs = Arc::new(Proofs::default());
        let told = Arc::new(Mutex::new(Told::default()));
        let parts = keeper::Parts {
            zone: zone.clone(),
            proofs: proofs.clone(),
            clock: clock.clone(),
            told: told.clone(),
            data_dir: config.data_dir.clone(),
        };
        let mut keeper = Keeper::new(parts, disk, config.guard);
        keeper.load();
        if let Some(file) = &config.snapshot
            && proofs.origin() == Origin::Nothing
        {
            keeper.take_loaded(Disk::load_file(file, &name)?);
        }
        let neighbours = match (config.neighbours, &config.data_dir) {
            (Some(config), Some(data_dir)) => {
                // What is wrong with it is said now.
                Neighbours::new(&config.address, &config.transport, &clock)?;
                let taken = Counter::default();
                let help = "Times that the names came from a neighbour, because there was no hub";
                registry.register("plimsoll_dns_neighbour_taken", help, taken.clone());
                let (clock, entropy, proofs) = (clock.clone(), entropy.clone(), proofs.clone());
                let (data_dir, zone) = (data_dir.clone(), name.clone());
                Some(neighbours::Asking { config, data_dir, zone, proofs, clock, entropy, taken })
            }
            _ => None,
        };
        let keeper = Arc::new(tokio::sync::Mutex::new(keeper));
        let (data_dir, pods) = (config.data_dir, config.pods);
        let feed =
            Self { zone, proofs, clock, entropy, name, data_dir, neighbours, pods, link, keeper, told };
        let feed = Arc::new(feed);
        registry.register_collector(Box::new(metrics::Export(feed.clone())));
        Ok(feed)
    }

    /// What is answered from.
    pub fn zone(&self) -> &Arc<Zone> {
        &self.zone
    }

    /// For the status page.
    pub fn status(&self) -> Status {
        let told = self.told.lock().clone();
        Status { freshness: self.freshness(), quarantine: told.quarantine, dead: told.dead }
    }

    /// Keeps the zone current until `stop`; then nothing is written any more, and it may be called again.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        // Whoever ran before has stopped, or is about to.
        let mut keeper = self.keeper.clone().lock_owned().await;
        let stop = stop.child_token();
        let _guard = stop.clone().drop_guard();
        let pods = self.pods.clone().map(|config| pods::follow(config, self.entropy.clone(), stop.clone()));
        stop.clone().run_until_cancelled(keeper.begin()).await;
        if !stop.is_cancelled() {
            let neighbours = self.neighbours.clone().map(|asking| asking.start(stop.clone()));
            keeper.run(self.link.as_ref(), pods, neighbours, stop).await;
        }
        keeper.close().await;
    }
}

impl Knowledge for Feed {
    fn freshness(&self) -> Freshness {
        self.proofs.freshness(self.clock.monotonic())
    }
}

/// Milliseconds since the epoch.
fn unix_millis(wall: Duration) -> u64 {
    u64::try_from(wall.as_millis()).unwrap_or(u64::MAX)
}
