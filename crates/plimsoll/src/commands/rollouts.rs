//! The part of `plimsoll hub` that steers rollouts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use confirmation::{Node, SigningKey};
use environment::{Clock, Entropy, files};
use fanout::payload::ShareItem;
use hub::Hub;
use hub::store::Store;
use objects::{Meta, Resource};
use rollout_controller::{Cluster, ClusterView, Config, Controller, Documents, LoadLine, Seen};
use telemetry_export::{Reply, Request, Routes};
use tokio_util::sync::CancellationToken;

use crate::commands::api_servers::Shares;
use crate::commands::rollout_objects;
use crate::flags::HubFlags;
use crate::outcome::{Failure, Outcome};

/// 64 digits and a comment.
const KEY_BYTES_MAX: usize = 1_024;
const ZONE: &str = "topology.kubernetes.io/zone";
const INSTANCE_TYPE: &str = "node.kubernetes.io/instance-type";
const CONTROL_PLANE: &str = "node-role.kubernetes.io/control-plane";

/// What was asked for.
pub(crate) struct Rollouts {
    /// None: the cluster's objects.
    folder: Option<PathBuf>,
    state: PathBuf,
    key: SigningKey,
    seen: Seen,
}

impl Rollouts {
    /// Reads the key, if rollouts were asked for.
    pub(crate) fn prepare(flags: &HubFlags) -> Result<Option<Self>, Failure> {
        if flags.rollouts_dir.is_none() && !flags.rollouts_objects {
            return match flags.rollouts_state_dir.is_some() || flags.rollouts_key.is_some() {
                true => Err(Failure::Usage("--rollouts-state-dir and --rollouts-key are for --rollouts-dir or --rollouts-objects: give one of the two".to_owned())),
                false => Ok(None),
            };
        }
        let (Some(state), Some(key)) = (&flags.rollouts_state_dir, &flags.rollouts_key) else {
            return Ok(None);
        };
        let key = read_key(key)?;
        Ok(Some(Self {
            folder: flags.rollouts_dir.clone(),
            state: state.clone(),
            key,
            seen: Seen::default(),
        }))
    }

    /// `/rollouts` on the hub's telemetry port.
    pub(crate) fn routes(&self, routes: Routes) -> Routes {
        let status = self.seen.status.clone();
        routes.get("/rollouts", move |_: &Request| match serde_json::to_vec(&*status.lock()) {
            Ok(body) => Reply::json(body),
            Err(failed) => Reply::text(500, format!("the rollouts cannot be written: {failed}\n")),
        })
    }

    /// Their metrics.
    pub(crate) fn collectors(&self) -> [Box<dyn prometheus_client::collector::Collector>; 2] {
        rollout_controller::collectors(&self.seen)
    }

    /// What load lines give each workload on one node.
    pub(crate) fn shares(&self) -> Shares {
        let lines = self.seen.load_lines.clone();
        Arc::new(move |nodes| lines.lock().iter().map(|line| share(line, nodes)).collect())
    }

    /// Begins, on a hub that does not run yet.
    pub(crate) fn start(
        self,
        hub: &mut Hub,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        stop: CancellationToken,
    ) -> Outcome {
        let Some((link, reports)) = hub.agents() else { return Ok(()) };
        let documents = match self.folder {
            Some(folder) => Documents::Folder(folder),
            None => rollout_objects::start(hub, &self.seen.status, clock.clone(), entropy, stop.clone()),
        };
        let named = documents.to_string();
        let config = Config { documents, state: self.state, key: self.key };
        let cluster = cluster(hub.objects());
        let controller = Controller::new(config, cluster, link, clock, self.seen)
            .map_err(|error| Failure::Usage(format!("rollouts of {named}: {error}")))?;
        environment::spawn("rollouts", controller.run(reports, stop));
        Ok(())
    }
}

fn share(line: &LoadLine, nodes: usize) -> ShareItem {
    let (bytes_per_second, connections_per_second) = line.share(nodes);
    let (namespace, kind, name) = line.workload.clone();
    ShareItem { namespace, kind, name, bytes_per_second, connections_per_second }
}

fn read_key(path: &Path) -> Result<SigningKey, Failure> {
    let refused = |why: &str| Failure::Usage(format!("--rollouts-key {}: {why}", path.display()));
    let mut text = Vec::new();
    files::read_into(path, &mut text, KEY_BYTES_MAX).map_err(|error| refused(&error.to_string()))?;
    let text = String::from_utf8_lossy(&text);
    SigningKey::parse(&text).map_err(|_| refused("it is no key; `plimsoll rollout keygen DIR` makes one"))
}

/// Nodes as the hub's store has them.
fn cluster(store: Arc<Store>) -> Cluster {
    Arc::new(move || ClusterView {
        uid: Some(store.cluster()).filter(|uid| !uid.is_empty()),
        // A whole set or none.
        nodes: store
            .objects(Resource::Nodes)
            .unwrap_or_default()
            .iter()
            .map(|object| node(object.meta()))
            .collect(),
    })
}

fn node(meta: &Meta) -> (Node, String, String) {
    let node = Node {
        name: meta.name.to_string(),
        uid: meta.uid.to_string(),
        goes_last: meta.label(CONTROL_PLANE).is_some(),
    };
    let label = |key| meta.label(key).unwrap_or_default().to_owned();
    (node, label(ZONE), label(INSTANCE_TYPE))
}
