//! Rollouts as custom resources: what people want is read from them, what came of it is written into them.
//!
//! Owns: the election of the one hub that steers ([`election`], without I/O), the reading of `DaemonRollout`s and `LoadLine`s,
//! the writing of their status and of events, and how often at most. Does not know: what a rollout means; documents and states go
//! through as JSON.
//!
//! ```text
//!   Lease --election--> leads?    API server --every 5 s--> documents --> whoever steers
//!                                 API server <--if it differs, every 5 s at most-- states, events
//! ```

pub mod election;
mod lead;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use apiserver_client::Door;
use apiserver_client::calls::Custom;
use environment::{Clock, Entropy};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use lead::Role;
pub use write::{News, State, seconds_time};

/// How often objects are read and states written, as `docs/api-calls.md` says.
pub const EVERY: Duration = Duration::from_secs(5);

/// Longer than the election's retries: objects that are not heard of for so long are still what people want.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// What somebody wants.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// `namespace/name`, or `name` of a `LoadLine`.
    pub origin: String,
    /// The whole object, as JSON; its own metadata in it is reduced to name, namespace and UID.
    pub text: String,
    /// `status.kept` of the object: what the leader before wrote for the one after it.
    pub kept: Option<String>,
    /// `metadata.uid` and `metadata.generation`.
    pub uid: String,
    /// Counts the changes of its spec.
    pub generation: i64,
}

/// All of it; `None`: this hub does not lead, or has read nothing yet.
pub type Documents = watch::Receiver<Option<Vec<Document>>>;

/// What is to stand in the cluster, by `namespace/name`.
pub type States = Arc<Mutex<BTreeMap<String, State>>>;

/// A hub's part.
pub struct Objects {
    door: Door,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    documents: watch::Sender<Option<Vec<Document>>>,
    states: States,
    role: watch::Sender<Role>,
}

impl Objects {
    /// Asks nothing yet.
    pub fn new(door: Door, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            door,
            clock,
            entropy,
            documents: watch::Sender::new(None),
            states: States::default(),
            role: watch::Sender::new(Role::Undecided),
        }
    }

    /// What people want, while this hub leads.
    pub fn documents(&self) -> Documents {
        self.documents.subscribe()
    }

    /// What this hub is to the others.
    pub fn role(&self) -> watch::Receiver<Role> {
        self.role.subscribe()
    }

    /// Where to put what is to be written.
    pub fn states(&self) -> States {
        self.states.clone()
    }

    /// Until `stop`; then the Lease is given up, so that nobody has to wait for it.
    pub async fn run(self, me: String, stop: CancellationToken) {
        let this = Arc::new(self);
        let (door, clock, entropy) = (this.door.clone(), this.clock.clone(), this.entropy.clone());
        let lead = lead::Lead::new(door, clock, entropy, me, this.role.clone());
        let working = environment::spawn("rollout objects", this.clone().work(this.role(), stop.clone()));
        lead.run(stop).await;
        // A panic in it has been reported.
        let _ = working.await;
    }

    async fn work(self: Arc<Self>, mut roles: watch::Receiver<Role>, stop: CancellationToken) {
        let mut writer = write::Writer::default();
        let mut pause = EVERY;
        loop {
            let is_leader = *roles.borrow_and_update() == Role::Leads;
            if !is_leader {
                self.documents.send_replace(None);
                writer = write::Writer::default();
            } else if self.read().await {
                pause = EVERY;
                writer.write(&self.door, &self.states, self.clock.wall()).await;
            } else {
                pause = (pause * 2).min(PAUSE_MAX);
            }
            let wait = if is_leader { pause } else { PAUSE_MAX };
            tokio::select! {
                () = stop.cancelled() => return,
                changed = roles.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// What was read last stays while nothing can be read.
    async fn read(&self) -> bool {
        let mut all = Vec::new();
        for kind in [Custom::DaemonRollout, Custom::LoadLine] {
            match self.door.custom_objects(kind).await {
                Ok(objects) => all.extend(objects.iter().map(document)),
                Err(failure) => {
                    tracing::warn!(kind = kind.plural(), %failure, "rollouts cannot be read; those that are known go on");
                    return false;
                }
            }
        }
        self.documents.send_if_modified(|before| {
            let is_news = before.as_ref() != Some(&all);
            *before = Some(all);
            is_news
        });
        true
    }
}

/// Without what the API server alone writes.
fn document(object: &Value) -> Document {
    let metadata = &object["metadata"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (namespace, name) = (text(&metadata["namespace"]), text(&metadata["name"]));
    let origin = if namespace.is_empty() { name.clone() } else { format!("{namespace}/{name}") };
    let mut plain = serde_json::json!({
        "apiVersion": object["apiVersion"],
        "kind": object["kind"],
        "metadata": {"name": name, "namespace": namespace},
        "spec": object["spec"],
    });
    if namespace.is_empty() {
        plain["metadata"].as_object_mut().map(|metadata| metadata.remove("namespace"));
    }
    Document {
        origin,
        text: plain.to_string(),
        kept: object["status"]["kept"].as_str().map(str::to_owned),
        uid: text(&metadata["uid"]),
        generation: metadata["generation"].as_i64().unwrap_or_default(),
    }
}
