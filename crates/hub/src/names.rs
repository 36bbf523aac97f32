//! What every DNS server needs of the cluster: services, their endpoints, namespaces. Published as changes come, so that a
//! change in one slice costs what that slice costs; and the heartbeat, when the watch of leases brings it back.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use agent_link::HubHandle;
use apiserver_client::{BEAT_SECONDS, Door, HeartbeatState, Wanted, calls::HEARTBEAT_LEASE};
use bytes::Bytes;
use environment::Clock;
use fanout::{Change, ItemKey, Topic};
use objects::node::Lease;
use objects::{Object, Resource};
use parking_lot::Mutex;
use service_names::payload::{
    EndpointSliceItem, HeartbeatItem, Item as _, NamespaceItem, PodAddressItem, ServiceItem, key,
};
use service_names::topic;

use crate::store::{Effect, KUBE_SYSTEM, Store};

/// What must be known before a DNS server is told anything: with a part of it, names that exist would not.
const NEEDED: [Resource; 3] = [Resource::Namespaces, Resource::Services, Resource::EndpointSlices];
/// How soon DNS servers are let in after the last of them became known.
const READINESS_TICK: Duration = Duration::from_millis(250);
/// A heartbeat that was not seen for so long does not come any more.
const BEAT_LOST: Duration = Duration::from_secs(3 * BEAT_SECONDS);

/// Where names go: [`HubHandle`], or a list in tests.
pub(crate) trait Outlet: Send + Sync + 'static {
    /// In one step that nobody sees half of.
    fn change(&self, changes: Vec<Change>);
    /// Empty: there is no heartbeat.
    fn pulse(&self, value: Bytes);
    fn ready(&self);
}

impl Outlet for HubHandle {
    fn change(&self, changes: Vec<Change>) {
        self.broadcast(changes);
    }

    fn pulse(&self, value: Bytes) {
        // It has some hundred bytes at most: a UID is the longest part.
        let _ = self.set_pulse(value);
    }

    fn ready(&self) {
        self.set_names_ready();
    }
}

/// Which Lease is the heartbeat, and who we are in it.
pub(crate) struct LeaseKey {
    pub(crate) namespace: String,
    pub(crate) holder: String,
}

/// Turns effects on the store into items of every node.
pub(crate) struct Names {
    store: Arc<Store>,
    outlet: Box<dyn Outlet>,
    clock: Arc<dyn Clock>,
    lease: LeaseKey,
    pod_addresses: bool,
    heart: Mutex<Heart>,
}

/// What is known of the heartbeat. Times are of the monotonic clock.
#[derive(Debug, Default)]
struct Heart {
    renewed_micros: i64,
    seen: Option<Duration>,
    others_seen: Option<Duration>,
    cluster: String,
    /// Nodes have been told that there is none.
    none_told: bool,
}

impl Names {
    pub(crate) fn new(
        store: Arc<Store>,
        outlet: Box<dyn Outlet>,
        clock: Arc<dyn Clock>,
        lease: LeaseKey,
        pod_addresses: bool,
    ) -> Self {
        Self { store, outlet, clock, lease, pod_addresses, heart: Mutex::default() }
    }

    /// The name in which this hub writes the heartbeat.
    pub(crate) fn holder(&self) -> &str {
        &self.lease.holder
    }

    /// Everything that the store has: after a restore.
    pub(crate) fn publish_all(&self) {
        for resource in [Resource::Namespaces, Resource::Services, Resource::EndpointSlices, Resource::Pods] {
            let held = self.store.held(resource);
            self.note_cluster(&held);
            self.publish(held.iter().filter_map(|object| self.item(object)).collect());
        }
        for object in self.store.held(Resource::Leases) {
            if let Object::Lease(lease) = &object {
                self.beat(lease, true);
            }
        }
    }

    /// The store has changed. Called after it has, from the task of the resource.
    pub(crate) fn effect(&self, resource: Resource, effect: &Effect) {
        match (resource, effect) {
            (Resource::Leases, Effect::Set { new: Object::Lease(lease), .. }) => self.beat(lease, false),
            (_, Effect::Set { old, new }) => {
                self.note_cluster(std::slice::from_ref(new));
                self.publish(self.changes(old.as_ref(), new));
            }
            // A relist that no longer has them, or one deletion: in either case one step.
            (_, Effect::Gone(gone)) => {
                let gone = gone.iter().filter_map(|object| self.item(object));
                self.publish(gone.map(|change| Change { value: None, ..change }).collect());
            }
            (_, Effect::Nothing) => {}
        }
    }

    /// An object may have become one that makes no item (a slice that lost its service), or only have changed in what no
    /// item shows: pods' and services' status change more often than their addresses.
    fn changes(&self, old: Option<&Object>, new: &Object) -> Vec<Change> {
        let (before, after) = (old.and_then(|old| self.item(old)), self.item(new));
        match (before, after) {
            (before, after) if before == after => Vec::new(),
            (Some(before), None) => vec![Change { value: None, ..before }],
            (_, after) => after.into_iter().collect(),
        }
    }

    fn item(&self, object: &Object) -> Option<Change> {
        let meta = object.meta();
        let namespaced = || key(&meta.namespace, &meta.name);
        let (of, key, value) = match object {
            Object::Service(service) => {
                (topic::SERVICES, namespaced(), ServiceItem::from_object(service).to_value())
            }
            Object::EndpointSlice(slice) => {
                (topic::ENDPOINT_SLICES, namespaced(), EndpointSliceItem::from_object(slice)?.to_value())
            }
            Object::Namespace(_) => (topic::NAMESPACES, meta.name.to_string(), NamespaceItem {}.to_value()),
            Object::Pod(pod) if self.pod_addresses => {
                (topic::POD_ADDRESSES, namespaced(), PodAddressItem::from_object(pod)?.to_value())
            }
            _ => return None,
        };
        Some(change(of, &key, value))
    }

    fn publish(&self, changes: Vec<Change>) {
        if !changes.is_empty() {
            self.outlet.change(changes);
        }
    }

    fn note_cluster(&self, objects: &[Object]) {
        for object in objects {
            let meta = object.meta();
            if matches!(object, Object::Namespace(_)) && meta.name.as_str() == KUBE_SYSTEM {
                let uid = meta.uid.to_string();
                self.outlet.change(vec![change(topic::CLUSTER, "", Bytes::from(uid.clone()))]);
                self.heart.lock().cluster = uid;
            }
        }
    }

    /// The heartbeat is back, or what the snapshot has of it: that one was seen when it was written, and not now.
    fn beat(&self, lease: &Lease, restored: bool) {
        let of_ours = lease.meta.name.as_str() == HEARTBEAT_LEASE;
        if !of_ours || lease.meta.namespace.as_str() != self.lease.namespace {
            return;
        }
        let now = self.clock.monotonic();
        let mut heart = self.heart.lock();
        if lease.renew_micros == heart.renewed_micros {
            return;
        }
        heart.renewed_micros = lease.renew_micros;
        if !restored {
            heart.seen = Some(now);
            if lease.holder.as_str() != self.lease.holder {
                heart.others_seen = Some(now);
            }
        }
        let written = u64::try_from(lease.renew_micros / 1_000).unwrap_or_default();
        let wall = u64::try_from(self.clock.wall().as_millis()).unwrap_or(u64::MAX);
        let item = HeartbeatItem {
            written_unix_ms: written,
            seen_unix_ms: if restored { written } else { wall },
            version: lease.meta.resource_version.parse().unwrap_or_default(),
            cluster: heart.cluster.clone(),
        };
        heart.none_told = false;
        self.outlet.pulse(item.to_value());
    }

    /// Whether this hub has to write the heartbeat for its `followers`, the DNS servers that go by it.
    pub(crate) fn heartbeat_wanted(&self, followers: usize) -> Wanted {
        if followers == 0 {
            return Wanted::Nobodys;
        }
        let now = self.clock.monotonic();
        let seen = self.heart.lock().others_seen;
        let fresh = seen.is_some_and(|seen| now < seen + Duration::from_secs(BEAT_SECONDS));
        if fresh { Wanted::Others } else { Wanted::Ours }
    }

    /// Lets DNS servers in once the names are known, and tells them when there is no heartbeat to go by.
    pub(crate) async fn serve_forever(self: Arc<Self>, door: Door) {
        while !self.known() {
            tokio::time::sleep(READINESS_TICK).await;
        }
        self.outlet.ready();
        loop {
            self.look(door.heartbeat());
            tokio::time::sleep(Duration::from_secs(BEAT_SECONDS)).await;
        }
    }

    fn known(&self) -> bool {
        NEEDED.into_iter().all(|resource| self.store.state(resource).known)
    }

    /// A heartbeat that stands still because nobody may write it says nothing about the path: nodes are told that there is
    /// none. One that stands still because writes fail, or are not seen, says all there is to say.
    fn look(&self, state: HeartbeatState) {
        let now = self.clock.monotonic();
        let mut heart = self.heart.lock();
        let lost = heart.seen.is_none_or(|seen| now >= seen + BEAT_LOST);
        let nobody = matches!(state, HeartbeatState::Forbidden | HeartbeatState::Missing);
        if lost && nobody && !heart.none_told {
            heart.none_told = true;
            self.outlet.pulse(Bytes::new());
        }
    }
}

fn change(of: Topic, key: &str, value: Bytes) -> Change {
    Change { item: ItemKey::new(of, key.as_bytes()), value: Some(value) }
}
