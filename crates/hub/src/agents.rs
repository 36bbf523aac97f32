//! What each agent needs of the cluster: its node's pods and the workload that each belongs to. Published as changes come, so
//! that an agent costs what happens on its own node.

#[cfg(test)]
mod tests;
mod workload;

use std::sync::Arc;

use agent_link::HubHandle;
use bytes::Bytes;
use fanout::Topic;
use fanout::payload::PodItem;
use hashbrown::HashMap;
use objects::pod::Pod;
use objects::{Meta, Object, Resource, Seeded, Sym, Text};
use parking_lot::Mutex;

use crate::store::{Effect, Store};
use workload::{Answer, OwnerKey, Workload};

/// Where per-node items go: [`HubHandle`], or a list in tests.
pub(crate) trait Outlet: Send + Sync + 'static {
    fn publish(&self, node: &str, uid: &str, value: Bytes);
    fn remove(&self, node: &str, uid: &str);
    fn fleet(&self, nodes: usize);
}

impl Outlet for HubHandle {
    fn publish(&self, node: &str, uid: &str, value: Bytes) {
        // A pod that does not fit is counted by the publisher (items_rejected); the node's others go on.
        let _ = HubHandle::publish(self, node, Topic::PODS, uid.as_bytes(), value);
    }

    fn remove(&self, node: &str, uid: &str) {
        HubHandle::remove(self, node, Topic::PODS, uid.as_bytes());
    }

    fn fleet(&self, nodes: usize) {
        self.set_fleet(nodes);
    }
}

/// Turns effects on the store into items of nodes.
pub(crate) struct Agents {
    store: Arc<Store>,
    outlet: Box<dyn Outlet>,
    /// Owners that pods name and the store does not have yet. Held while an item is made, so that a pod and its owner that
    /// arrive at the same time on two streams cannot miss each other.
    waiting: Mutex<Waiting>,
}

/// Owner -> (namespace, name) of the pods that wait for it.
type Waiting = HashMap<OwnerKey, Vec<(Sym, Text)>, Seeded>;

impl Agents {
    pub(crate) fn new(store: Arc<Store>, outlet: Box<dyn Outlet>) -> Self {
        let waiting = Mutex::new(Waiting::with_hasher(store.hash()));
        Self { store, outlet, waiting }
    }

    /// Everything that the store has: after a restore.
    pub(crate) fn publish_all(&self) {
        for new in self.store.held(Resource::Pods) {
            self.effect(Resource::Pods, &Effect::Set { old: None, new });
        }
        self.outlet.fleet(self.store.state(Resource::Nodes).objects);
    }

    /// The store has changed. Called after it has, from the task of the resource.
    pub(crate) fn effect(&self, resource: Resource, effect: &Effect) {
        match (resource, effect) {
            (Resource::Pods, Effect::Set { old, new: Object::Pod(new) }) => self.pod_set(old.as_ref(), new),
            (Resource::Pods, Effect::Gone(gone)) => gone.iter().for_each(|object| self.pod_gone(object)),
            (Resource::ReplicaSets | Resource::Jobs, Effect::Set { old, new }) => {
                self.owner_set(resource, old, new)
            }
            (Resource::Nodes, Effect::Set { old: None, .. } | Effect::Gone(_)) => {
                self.outlet.fleet(self.store.state(Resource::Nodes).objects);
            }
            _ => {}
        }
    }

    fn pod_set(&self, old: Option<&Object>, new: &Pod) {
        let mut waiting = self.waiting.lock();
        if let Some(Object::Pod(old)) = old {
            if old.meta.uid == new.meta.uid && old.node == new.node && old.meta.owners == new.meta.owners {
                return;
            }
            if old.meta.uid != new.meta.uid || old.node != new.node {
                self.withdraw(old);
            }
        }
        self.offer(new, &mut waiting);
    }

    fn pod_gone(&self, object: &Object) {
        let Object::Pod(pod) = object else { return };
        let mut waiting = self.waiting.lock();
        self.withdraw(pod);
        let Some(owner) = workload::unresolved(&pod.meta) else { return };
        if let Some(pods) = waiting.get_mut(&owner) {
            pods.retain(|(namespace, name)| (namespace, name) != (&pod.meta.namespace, &pod.meta.name));
            if pods.is_empty() {
                waiting.remove(&owner);
            }
        }
    }

    fn owner_set(&self, resource: Resource, old: &Option<Object>, new: &Object) {
        let meta = new.meta();
        let owner = OwnerKey { resource, namespace: meta.namespace.clone(), name: meta.name.clone() };
        let mut waiting = self.waiting.lock();
        let pods = waiting.remove(&owner).unwrap_or_default();
        for (namespace, name) in pods {
            if let Some(Object::Pod(pod)) = self.store.get(Resource::Pods, &namespace, &name) {
                self.offer(&pod, &mut waiting);
            }
        }
        // Adopted by another workload, or let go: rare enough to look at every pod.
        if old.as_ref().is_some_and(|old| old.meta().owners != meta.owners) {
            self.offer_pods_of(meta, &mut waiting);
        }
    }

    fn offer_pods_of(&self, owner: &Meta, waiting: &mut Waiting) {
        for object in self.store.held(Resource::Pods) {
            if let Object::Pod(pod) = &object
                && pod.meta.owners.iter().any(|entry| entry.uid == owner.uid)
            {
                self.offer(pod, waiting);
            }
        }
    }

    fn offer(&self, pod: &Pod, waiting: &mut Waiting) {
        if pod.node.is_empty() || pod.meta.uid.is_empty() {
            return;
        }
        let find = |key: &OwnerKey| self.store.get(key.resource, &key.namespace, &key.name);
        let Answer { workload, missing } = workload::of(&pod.meta, find);
        if let Some(owner) = missing {
            waiting.entry(owner).or_default().push((pod.meta.namespace.clone(), pod.meta.name.clone()));
        }
        self.outlet.publish(&pod.node, &pod.meta.uid, item(&pod.meta, workload).to_value());
    }

    fn withdraw(&self, pod: &Pod) {
        if !pod.node.is_empty() {
            self.outlet.remove(&pod.node, &pod.meta.uid);
        }
    }
}

fn item(meta: &Meta, workload: Workload) -> PodItem {
    PodItem {
        namespace: meta.namespace.to_string(),
        name: meta.name.to_string(),
        uid: meta.uid.to_string(),
        workload_kind: workload.kind,
        workload_name: workload.name,
    }
}
