//! Where changes come in: the door's [`Sink`].

use std::sync::Arc;

use apiserver_client::{Change, Sink};
use objects::{Object, Resource};
use tokio::sync::Notify;

use crate::agents::Agents;
use crate::metrics::Metrics;
use crate::names::Names;
use crate::store::{Effect, KUBE_SYSTEM, Store};

/// First the store, then who depends on it.
pub(crate) struct Intake {
    pub(crate) store: Arc<Store>,
    pub(crate) agents: Option<Arc<Agents>>,
    pub(crate) names: Option<Arc<Names>>,
    pub(crate) metrics: Metrics,
    /// Told when another cluster is behind the API server's address: everything has to be read anew.
    pub(crate) other_cluster: Notify,
}

impl Sink for Intake {
    fn change(&self, resource: Resource, change: Change) {
        let effect = self.store.apply(resource, change);
        if let Some(agents) = &self.agents {
            agents.effect(resource, &effect);
        }
        if let Some(names) = &self.names {
            names.effect(resource, &effect);
        }
        if resource == Resource::Namespaces && is_other_cluster(&effect) {
            self.other_cluster();
        }
    }
}

impl Intake {
    fn other_cluster(&self) {
        tracing::warn!("another cluster is behind the API server's address; reading everything anew");
        self.metrics.cluster_changed();
        // The namespaces are of the new one, or will be at the end of their replay.
        for resource in Resource::ALL.into_iter().filter(|resource| *resource != Resource::Namespaces) {
            self.store.distrust(resource);
        }
        self.other_cluster.notify_one();
    }
}

/// kube-system cannot be deleted: when its uid changes, the cluster is another one.
fn is_other_cluster(effect: &Effect) -> bool {
    let Effect::Set { old: Some(Object::Namespace(old)), new: Object::Namespace(new) } = effect else {
        return false;
    };
    new.meta.name == KUBE_SYSTEM && old.meta.uid != new.meta.uid
}
