//! All gated workloads of this node, by name.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use confirmation::{Directive, Forged, Input, Keyring, Node, RevisionHash, Token};
use environment::spawn;
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::clock::NodeClock;
use crate::keeper::{Keeper, Message};
use crate::limits::{QUEUE, WORKLOADS_MAX};
use crate::protocol::WorkloadStatus;
use crate::store::{Store, is_name};

/// Who this node is, whom it believes, where it writes.
pub struct Config {
    /// UID of the namespace `kube-system`.
    pub cluster: String,
    /// This node.
    pub node: Node,
    /// The keys of controllers.
    pub keys: Keyring,
    /// The folder for records and revisions.
    pub store: Store,
    /// The clocks.
    pub clock: NodeClock,
}

/// Handles to all keepers. Cheap to clone.
#[derive(Clone)]
pub struct Registry {
    shared: Arc<Shared>,
}

struct Shared {
    config: Config,
    keepers: Mutex<BTreeMap<String, mpsc::Sender<Message>>>,
    next_gate: AtomicU64,
    frozen: AtomicBool,
}

/// Why something was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Not a name that a workload can have.
    #[error("{0:?} is no name for a workload: lower-case letters, digits and dashes, 63 at most")]
    Name(String),
    /// No workload of that name.
    #[error("no workload {0:?} is known on this node; `plimsoll node status` lists those that are")]
    Unknown(String),
    /// What was said makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// [`WORKLOADS_MAX`].
    #[error("this node has {WORKLOADS_MAX} gated workloads already")]
    TooMany,
    /// Not the word of a controller.
    #[error(transparent)]
    Forged(#[from] Forged),
    /// The disk.
    #[error("the node's disk: {0}")]
    Disk(#[from] io::Error),
    /// The keeper has ended: a bug was contained.
    #[error("workload {0:?} is not kept any more; restart the agent")]
    Broken(String),
}

impl Registry {
    /// Goes on with every workload that has a record.
    ///
    /// # Errors
    /// The disk.
    pub async fn start(config: Config) -> io::Result<Self> {
        let names = config.store.workloads()?;
        let shared = Shared {
            config,
            keepers: Mutex::default(),
            next_gate: AtomicU64::new(1),
            frozen: AtomicBool::new(false),
        };
        let registry = Self { shared: Arc::new(shared) };
        for name in names.into_iter().take(WORKLOADS_MAX) {
            if let Err(refused) = registry.keeper(&name).await {
                tracing::error!(name, %refused, "a workload of this node is not kept");
            }
        }
        Ok(registry)
    }

    /// A controller's signed word. Whether it is followed, the workload's status says.
    ///
    /// # Errors
    /// It is forged, or for a workload that cannot be here.
    pub async fn tell(&self, token: &[u8]) -> Result<Directive, Refused> {
        let directive = Token::open(token, &self.shared.config.keys)?;
        let keeper = self.keeper(&directive.workload).await?;
        self.send(
            &directive.workload,
            &keeper,
            Message::Input(Input::Directive(Box::new(directive.clone()))),
        )
        .await?;
        Ok(directive)
    }

    /// A revision.
    ///
    /// # Errors
    /// No revision, or the disk.
    pub async fn load(&self, revision: &[u8]) -> Result<RevisionHash, Refused> {
        let used = self.used().await;
        let hash = self.shared.config.store.add(revision, &used).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => Refused::Invalid(error.to_string()),
            _ => Refused::Disk(error),
        })?;
        let keepers = self.shared.keepers.lock().await.clone();
        for (name, keeper) in keepers {
            self.send(&name, &keeper, Message::Input(Input::Fetched(hash))).await?;
        }
        Ok(hash)
    }

    /// To all workloads.
    pub async fn give_all(&self, input: &Input) {
        let keepers = self.shared.keepers.lock().await.clone();
        for (name, keeper) in keepers {
            if let Err(refused) = self.send(&name, &keeper, Message::Input(input.clone())).await {
                tracing::error!(%refused, "a workload was not told");
            }
        }
    }

    /// Nothing that has not run before is started, also of workloads to come; or that ends.
    pub async fn freeze(&self, frozen: bool) {
        self.shared.frozen.store(frozen, Ordering::Release);
        self.give_all(&Input::Freeze(frozen)).await;
    }

    /// To one workload that is known.
    ///
    /// # Errors
    /// It is not.
    pub async fn give(&self, workload: &str, input: Input) -> Result<(), Refused> {
        let known = self.shared.keepers.lock().await.get(workload).cloned();
        let keeper = known.ok_or_else(|| Refused::Unknown(workload.to_owned()))?;
        self.send(workload, &keeper, Message::Input(input)).await
    }

    /// All workloads, by name.
    pub async fn status(&self) -> Vec<WorkloadStatus> {
        let keepers = self.shared.keepers.lock().await.clone();
        let mut workloads = Vec::new();
        for (name, keeper) in keepers {
            let (reply, answer) = oneshot::channel();
            let sent = self.send(&name, &keeper, Message::Status(reply)).await;
            match (sent, answer.await) {
                (Ok(()), Ok(status)) => workloads.push(status),
                _ => workloads.push(WorkloadStatus { name, phase: "Broken".into(), ..Default::default() }),
            }
        }
        workloads
    }

    /// The keeper of a gate that says its name, and the gate's number.
    pub(crate) async fn gate(&self, workload: &str) -> Result<(u64, mpsc::Sender<Message>), Refused> {
        let keeper = self.keeper(workload).await?;
        Ok((self.shared.next_gate.fetch_add(1, Ordering::Relaxed), keeper))
    }

    async fn keeper(&self, name: &str) -> Result<mpsc::Sender<Message>, Refused> {
        if !is_name(name) {
            return Err(Refused::Name(name.to_owned()));
        }
        let mut keepers = self.shared.keepers.lock().await;
        if let Some(keeper) = keepers.get(name) {
            return Ok(keeper.clone());
        }
        if keepers.len() >= WORKLOADS_MAX {
            return Err(Refused::TooMany);
        }
        let Config { cluster, node, store, clock, .. } = &self.shared.config;
        let keeper =
            Keeper::new(name.to_owned(), cluster.clone(), node.clone(), store.clone(), clock.clone())?;
        let (sender, inbox) = mpsc::channel(QUEUE);
        spawn("workload", keeper.run(inbox));
        // Before its gate has come: nothing has been started yet.
        let frozen = self.shared.frozen.load(Ordering::Acquire);
        self.send(name, &sender, Message::Input(Input::Freeze(frozen))).await?;
        keepers.insert(name.to_owned(), sender.clone());
        Ok(sender)
    }

    async fn send(
        &self,
        name: &str,
        keeper: &mpsc::Sender<Message>,
        message: Message,
    ) -> Result<(), Refused> {
        keeper.send(message).await.map_err(|_| Refused::Broken(name.to_owned()))
    }

    /// What records name: it must stay on the disk.
    async fn used(&self) -> Vec<RevisionHash> {
        let names = |status: WorkloadStatus| [status.revision, status.wanted, status.last_known_good];
        self.status()
            .await
            .into_iter()
            .flat_map(names)
            .flatten()
            .filter_map(|hash| hash.parse().ok())
            .collect()
    }
}
