//! The part of `plimsoll agent` that keeps gated workloads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use agent_link::AgentLink;
use bytes::Bytes;
use confirmation::{Input, Keyring, Node, RevisionHash};
use environment::{Clock, files};
use fanout::payload::{ApiServersItem, NodeItem, part_of};
use fanout::{Topic, View};
use tokio_util::sync::CancellationToken;
use workload_gate::{Collect, Config, NodeClock, Registry, Server, Shared, Store};

use crate::flags::AgentGateFlags;
use crate::outcome::Failure;

/// A file of four keys with their comments.
const KEYS_BYTES_MAX: usize = 16 * 1024;
/// Two UIDs.
const IDENTITY_BYTES_MAX: usize = 1_024;
/// How often the state of workloads is looked at, for the hub and for metrics.
const LOOK: Duration = Duration::from_secs(1);
/// How often what could not be written is tried again.
const AGAIN: Duration = Duration::from_secs(30);

/// What was asked for, checked.
pub(crate) struct Gates {
    node_name: String,
    run_dir: PathBuf,
    identity_file: PathBuf,
    identity: Option<NodeItem>,
    keys: Keyring,
    store: Store,
    clock: Arc<dyn Clock>,
    status: Shared,
}

impl Gates {
    /// Checks everything that can be, if gates were asked for.
    pub(crate) fn prepare(
        flags: AgentGateFlags,
        node_name: &str,
        has_hub: bool,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<Self>, Failure> {
        let (Some(state_dir), Some(keys)) = (flags.gate_state_dir, flags.gate_keys) else { return Ok(None) };
        let at = |what: &str, path: &Path, error: &dyn std::fmt::Display| {
            Failure::Usage(format!("{what} {}: {error}", path.display()))
        };
        let mut text = Vec::new();
        files::read_into(&keys, &mut text, KEYS_BYTES_MAX)
            .map_err(|error| at("--gate-keys", &keys, &error))?;
        let parsed = Keyring::parse(&String::from_utf8_lossy(&text))
            .map_err(|error| at("--gate-keys", &keys, &error))?;
        let store = Store::open(&state_dir).map_err(|error| at("--gate-state-dir", &state_dir, &error))?;
        std::fs::create_dir_all(&flags.gate_run_dir)
            .map_err(|error| at("--gate-run-dir", &flags.gate_run_dir, &error))?;
        let identity_file = state_dir.join("identity");
        let given = flags.cluster_uid.zip(flags.node_uid);
        let given = given.map(|(cluster_uid, uid)| NodeItem {
            cluster_uid,
            uid,
            goes_last: flags.control_plane_node,
        });
        let identity = given.or_else(|| known(&identity_file));
        if identity.is_none() && !has_hub {
            let sentence = "--gate-state-dir without --hub needs --cluster-uid and --node-uid: nobody else says who this node is";
            return Err(Failure::Usage(sentence.to_owned()));
        }
        Ok(Some(Self {
            node_name: node_name.to_owned(),
            run_dir: flags.gate_run_dir,
            identity,
            identity_file,
            keys: parsed,
            store,
            clock,
            status: Shared::default(),
        }))
    }

    /// Their state, as of the last look.
    pub(crate) fn status(&self) -> Shared {
        self.status.clone()
    }

    /// Their metrics.
    pub(crate) fn collector(&self) -> Box<dyn prometheus_client::collector::Collector> {
        Box::new(Collect(self.status.clone()))
    }

    /// Until `stop`. Without an identity, from the flags, an earlier run or the hub, nothing is kept and nothing runs.
    pub(crate) async fn run(self, link: Option<AgentLink>, stop: CancellationToken) {
        if let Err(error) = self.keep(link, stop).await {
            tracing::error!("gated workloads are not kept: {error:#}");
        }
    }

    async fn keep(self, link: Option<AgentLink>, stop: CancellationToken) -> anyhow::Result<()> {
        let identity = match self.identity {
            Some(identity) => identity,
            None => {
                let Some(link) = &link else { return Ok(()) };
                let Some(identity) = stop.run_until_cancelled(identity(link)).await.flatten() else {
                    return Ok(());
                };
                files::write_atomic(&self.identity_file, |file| file.write_all(&identity.to_value()))?;
                identity
            }
        };
        let NodeItem { cluster_uid: cluster, uid, goes_last } = identity;
        let node = Node { name: self.node_name, uid, goes_last };
        let clock = NodeClock::new(self.clock.clone())?;
        let registry =
            Registry::start(Config { cluster, node, keys: self.keys, store: self.store, clock }).await?;
        // Before the first report: none is another thing than not known yet.
        *self.status.lock() = registry.status().await;
        let server = Server::bind(&self.run_dir, registry.clone())?;
        if let Some(link) = link {
            environment::spawn(
                "directives",
                stop.clone().run_until_cancelled_owned(follow(link.clone(), registry.clone())),
            );
        }
        environment::spawn(
            "gates' state",
            stop.clone().run_until_cancelled_owned(look(registry, self.status)),
        );
        server.run(stop).await;
        Ok(())
    }
}

fn known(file: &Path) -> Option<NodeItem> {
    let mut bytes = Vec::new();
    files::read_into(file, &mut bytes, IDENTITY_BYTES_MAX).ok()?;
    NodeItem::from_value(&bytes).ok().filter(|item| !item.uid.is_empty())
}

async fn identity(link: &AgentLink) -> Option<NodeItem> {
    let mut view = link.view();
    loop {
        let item = view
            .borrow_and_update()
            .topic(Topic::NODE)
            .find_map(|(_, value)| NodeItem::from_value(value).ok());
        if item.is_some() {
            return item;
        }
        view.changed().await.ok()?;
    }
}

/// Hands on what the hub publishes for this node.
async fn follow(link: AgentLink, registry: Registry) {
    let mut view = link.view();
    let mut told: BTreeMap<Bytes, Bytes> = BTreeMap::new();
    let mut loaded: Vec<RevisionHash> = Vec::new();
    loop {
        let items = view.borrow_and_update().clone();
        for (hash, revision) in complete(&items, &loaded) {
            match registry.load(&revision).await {
                Ok(_) => loaded.push(hash),
                Err(error) => tracing::warn!(%error, "a revision is not kept; it is tried again"),
            }
        }
        for (workload, token) in items.topic(Topic::DIRECTIVES) {
            if told.get(workload) == Some(token) {
                continue;
            }
            if let Err(error) = registry.tell(token).await {
                tracing::warn!(%error, "a directive is not followed");
            }
            told.insert(workload.clone(), token.clone());
        }
        // Told again and again: a workload that has just begun has not heard it.
        if let Some(item) = servers_of(&items) {
            registry.give_all(&Input::Outage(item.unwell)).await;
        }
        tokio::select! {
            changed = view.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            // What the disk did not take.
            () = tokio::time::sleep(AGAIN) => {}
        }
    }
}

/// What the hub says of the API servers.
pub(crate) fn servers_of(items: &View) -> Option<ApiServersItem> {
    items.topic(Topic::API_SERVERS).find_map(|(_, value)| ApiServersItem::from_value(value).ok())
}

/// The revisions of which all parts are here, but for those that are loaded: a view changes with each pod of the node.
fn complete(items: &View, loaded: &[RevisionHash]) -> Vec<(RevisionHash, Vec<u8>)> {
    let mut found: BTreeMap<RevisionHash, (u16, BTreeMap<u16, &Bytes>)> = BTreeMap::new();
    for (key, value) in items.topic(Topic::REVISIONS) {
        let Some((hash, parts, part)) = part_of(key) else { continue };
        let Some(hash) = RevisionHash::from_bytes(hash).filter(|hash| !loaded.contains(hash)) else {
            continue;
        };
        let entry = found.entry(hash).or_insert((parts, BTreeMap::new()));
        entry.1.insert(part, value);
    }
    let whole = found.into_iter().filter(|(_, (parts, have))| have.len() == usize::from(*parts));
    let joined =
        |have: BTreeMap<u16, &Bytes>| have.into_values().flat_map(|part| part.iter().copied()).collect();
    whole.map(|(hash, (_, have))| (hash, joined(have))).collect()
}

async fn look(registry: Registry, status: Shared) {
    loop {
        let now = registry.status().await;
        *status.lock() = now;
        tokio::time::sleep(LOOK).await;
    }
}
