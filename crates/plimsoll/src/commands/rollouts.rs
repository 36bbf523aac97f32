//! The part of `plimsoll hub` that steers rollouts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use confirmation::{Node, SigningKey};
use environment::{Clock, files};
use hub::Hub;
use hub::store::Store;
use objects::{Meta, Resource};
use rollout_controller::{Cluster, ClusterView, Config, Controller, Status};
use telemetry_export::{Reply, Request, Routes};
use tokio_util::sync::CancellationToken;

use crate::flags::HubFlags;
use crate::outcome::{Failure, Outcome};

/// 64 digits and a comment.
const KEY_BYTES_MAX: usize = 1_024;
const ZONE: &str = "topology.kubernetes.io/zone";
const INSTANCE_TYPE: &str = "node.kubernetes.io/instance-type";
const CONTROL_PLANE: &str = "node-role.kubernetes.io/control-plane";

/// What was asked for.
pub(crate) struct Rollouts {
    documents: PathBuf,
    state: PathBuf,
    key: SigningKey,
    status: Status,
}

impl Rollouts {
    /// Reads the key, if rollouts were asked for.
    pub(crate) fn prepare(flags: &HubFlags) -> Result<Option<Self>, Failure> {
        let (Some(documents), Some(state), Some(key)) =
            (&flags.rollouts_dir, &flags.rollouts_state_dir, &flags.rollouts_key)
        else {
            return Ok(None);
        };
        let key = read_key(key)?;
        Ok(Some(Self { documents: documents.clone(), state: state.clone(), key, status: Status::default() }))
    }

    /// `/rollouts` on the hub's telemetry port.
    pub(crate) fn routes(&self, routes: Routes) -> Routes {
        let status = self.status.clone();
        routes.get("/rollouts", move |_: &Request| match serde_json::to_vec(&*status.lock()) {
            Ok(body) => Reply::json(body),
            Err(failed) => Reply::text(500, format!("the rollouts cannot be written: {failed}\n")),
        })
    }

    /// Their metrics.
    pub(crate) fn collector(&self) -> Box<dyn prometheus_client::collector::Collector> {
        rollout_controller::collector(self.status.clone())
    }

    /// Begins, on a hub that does not run yet.
    pub(crate) fn start(self, hub: &mut Hub, clock: Arc<dyn Clock>, stop: CancellationToken) -> Outcome {
        let Some((link, reports)) = hub.agents() else { return Ok(()) };
        let dir = self.documents.display().to_string();
        let config = Config { documents: self.documents, state: self.state, key: self.key };
        let controller = Controller::new(config, cluster(hub.objects()), link, clock, self.status)
            .map_err(|error| Failure::Usage(format!("--rollouts-dir {dir}: {error}")))?;
        environment::spawn("rollouts", controller.run(reports, stop));
        Ok(())
    }
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
