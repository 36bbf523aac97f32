//! Objects in any order: what every node has in the end.

use std::collections::BTreeMap;

use apiserver_client::Change as Event;
use environment::ManualClock;
use objects::node::Namespace;
use objects::pod::Pod;
use objects::service::{Endpoint, EndpointSlice, Service};
use objects::{Meta, Seeded};

use super::*;

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Said>>);

#[derive(Default)]
struct Said {
    items: BTreeMap<(u32, String), Bytes>,
    steps: usize,
    pulses: Vec<Bytes>,
}

impl Outlet for Seen {
    fn change(&self, changes: Vec<Change>) {
        let mut said = self.0.lock();
        said.steps += 1;
        for Change { item, value } in changes {
            let key = (item.topic.0, String::from_utf8(item.key.to_vec()).unwrap());
            match value {
                Some(value) => said.items.insert(key, value),
                None => said.items.remove(&key),
            };
        }
    }

    fn pulse(&self, value: Bytes) {
        self.0.lock().pulses.push(value);
    }

    fn ready(&self) {}
}

struct World {
    store: Arc<Store>,
    clock: ManualClock,
    seen: Seen,
    names: Names,
}

impl World {
    fn new(pod_addresses: bool) -> Self {
        let (clock, seen) = (ManualClock::default(), Seen::default());
        clock.set_wall(Duration::from_secs(1_000));
        let store = Arc::new(Store::new(Arc::new(clock.clone()), Seeded::new(1)));
        let names = Self::names(&store, &seen, &clock, pod_addresses);
        Self { store, clock, seen, names }
    }

    fn names(store: &Arc<Store>, seen: &Seen, clock: &ManualClock, pod_addresses: bool) -> Names {
        let lease = LeaseKey { namespace: "plimsoll".to_owned(), holder: "me".to_owned() };
        Names::new(store.clone(), Box::new(seen.clone()), Arc::new(clock.clone()), lease, pod_addresses)
    }

    fn apply(&self, resource: Resource, event: Event) {
        let effect = self.store.apply(resource, event);
        self.names.effect(resource, &effect);
    }

    fn step(&self, step: &str) {
        let (deleted, step) = step.strip_prefix("delete ").map_or((false, step), |rest| (true, rest));
        let (resource, object) = object(step);
        self.apply(resource, if deleted { Event::Deleted(object) } else { Event::Applied(object) });
    }

    /// "16 ns/web, 17 ns/web-1": topics and keys.
    fn keys(&self) -> String {
        let said = self.seen.0.lock();
        said.items.keys().map(|(topic, key)| format!("{topic} {key}")).collect::<Vec<_>>().join(", ")
    }
}

/// "service web 10.0.0.1", "slice web-1 web 10.1.0.1 10.1.0.2", "namespace ns", "pod p 10.2.0.1", "lease ns/name holder s".
fn object(step: &str) -> (Resource, Object) {
    let words: Vec<&str> = step.split(' ').collect();
    let (namespace, name) = words[1].split_once('/').unwrap_or(("ns", words[1]));
    let meta = |namespace: &str| Meta {
        namespace: namespace.into(),
        name: name.into(),
        uid: format!("uid-{name}").as_str().into(),
        resource_version: "7".into(),
        ..Meta::default()
    };
    match words[0] {
        "service" => {
            let cluster_ips = words[2..].iter().map(|ip| (*ip).into()).collect();
            let service = Service { meta: meta(namespace), cluster_ips, ..Service::default() };
            (Resource::Services, Object::Service(Arc::new(service)))
        }
        "slice" => {
            let mut meta = meta(namespace);
            if let Some(service) = words.get(2).filter(|word| **word != "-") {
                meta.labels = vec![("kubernetes.io/service-name".into(), (*service).into())].into();
            }
            let endpoint = |ip: &&str| Endpoint { addresses: [(*ip).into()].into(), ..Endpoint::default() };
            let endpoints = words.iter().skip(3).map(endpoint).collect();
            let slice = EndpointSlice { meta, address_type: "IPv4".into(), endpoints, ..Default::default() };
            (Resource::EndpointSlices, Object::EndpointSlice(Arc::new(slice)))
        }
        "namespace" => {
            let namespace = Namespace { meta: meta(""), ..Namespace::default() };
            (Resource::Namespaces, Object::Namespace(Arc::new(namespace)))
        }
        "pod" => {
            let pod_ips = words[2..].iter().map(|ip| (*ip).into()).collect();
            let pod = Pod { meta: meta(namespace), pod_ips, ..Pod::default() };
            (Resource::Pods, Object::Pod(Arc::new(pod)))
        }
        _ => {
            let renew_micros = words[3].parse::<i64>().unwrap() * 1_000_000;
            let lease =
                Lease { meta: meta(namespace), holder: words[2].into(), renew_micros, ..Lease::default() };
            (Resource::Leases, Object::Lease(Arc::new(lease)))
        }
    }
}

fn check(pod_addresses: bool, steps: &[&str], expected: &str) {
    let world = World::new(pod_addresses);
    steps.iter().for_each(|step| world.step(step));
    assert_eq!(world.keys(), expected, "{steps:?}");
    // A hub that starts from its snapshot says the same.
    let seen = Seen::default();
    World::names(&world.store, &seen, &world.clock, pod_addresses).publish_all();
    assert_eq!(seen.0.lock().items, world.seen.0.lock().items, "{steps:?}");
}

#[test]
fn what_is_published() {
    check(false, &["service web 10.0.0.1", "namespace ns"], "16 ns/web, 18 ns");
    check(false, &["service web 10.0.0.1", "delete service web"], "");
    check(false, &["slice web-1 web 10.1.0.1"], "17 ns/web-1");
    check(false, &["slice web-1 - 10.1.0.1"], "");
    check(false, &["slice web-1 web 10.1.0.1", "slice web-1 - 10.1.0.1"], "");
    check(false, &["slice web-1 web 10.1.0.1", "delete slice web-1"], "");
    check(false, &["namespace kube-system"], "18 kube-system, 21 ");
    check(false, &["pod p 10.2.0.1"], "");
    check(true, &["pod p 10.2.0.1"], "19 ns/p");
    check(true, &["pod p"], "");
    check(true, &["pod p 10.2.0.1", "pod p"], "");
}

#[test]
fn what_changes_nothing_for_names_is_not_published() {
    let world = World::new(false);
    world.step("service web 10.0.0.1");
    world.step("service web 10.0.0.1");
    world.step("pod p 10.2.0.1");
    assert_eq!(world.seen.0.lock().steps, 1);
}

#[test]
fn what_a_relist_no_longer_has_goes_in_one_step() {
    let world = World::new(false);
    (0..100).for_each(|service| world.step(&format!("service s{service} 10.0.0.1")));
    let before = world.seen.0.lock().steps;
    world.apply(Resource::Services, Event::ReplayStarted);
    world.step("service s7 10.0.0.1");
    world.apply(Resource::Services, Event::ReplayFinished { resource_version: "9".to_owned() });
    assert_eq!((world.keys().as_str(), world.seen.0.lock().steps - before), ("16 ns/s7", 1));
}

#[test]
fn heartbeats() {
    let world = World::new(false);
    world.step("namespace kube-system");
    let pulse = |at: usize| {
        let pulses = world.seen.0.lock().pulses.clone();
        (pulses.len(), pulses.get(at).cloned().map(|value| HeartbeatItem::from_value(value).unwrap()))
    };
    world.step("lease other/plimsoll-heartbeat me 990");
    world.step("lease plimsoll/other me 990");
    assert_eq!(pulse(0).0, 0);
    world.step("lease plimsoll/plimsoll-heartbeat me 999");
    let cluster = "uid-kube-system".to_owned();
    let first = HeartbeatItem { written_unix_ms: 999_000, seen_unix_ms: 1_000_000, version: 7, cluster };
    assert_eq!(pulse(0), (1, Some(first.clone())));
    world.step("lease plimsoll/plimsoll-heartbeat me 999");
    assert_eq!(pulse(0).0, 1, "a relist shows the same again");
    assert_eq!(world.names.heartbeat_wanted(0), Wanted::Nobodys);
    assert_eq!(world.names.heartbeat_wanted(1), Wanted::Ours);
    world.step("lease plimsoll/plimsoll-heartbeat other 1000");
    assert_eq!(world.names.heartbeat_wanted(1), Wanted::Others);
    world.clock.advance(Duration::from_secs(BEAT_SECONDS));
    assert_eq!(world.names.heartbeat_wanted(1), Wanted::Ours, "it has been silent for one beat");

    // From the snapshot: seen when it was written, not now.
    let seen = Seen::default();
    let names = World::names(&world.store, &seen, &world.clock, false);
    names.publish_all();
    let restored = HeartbeatItem::from_value(seen.0.lock().pulses[0].clone()).unwrap();
    assert_eq!((restored.written_unix_ms, restored.seen_unix_ms), (1_000_000, 1_000_000));
}

#[test]
fn nodes_are_told_when_nobody_may_write_the_heartbeat() {
    let world = World::new(false);
    let told = || world.seen.0.lock().pulses.iter().filter(|pulse| pulse.is_empty()).count();
    world.names.look(HeartbeatState::Failing);
    assert_eq!(told(), 0, "failures say what there is to say: the path is cut");
    world.names.look(HeartbeatState::Forbidden);
    world.names.look(HeartbeatState::Forbidden);
    assert_eq!(told(), 1);
    // Somebody else may.
    world.step("lease plimsoll/plimsoll-heartbeat other 999");
    world.names.look(HeartbeatState::Forbidden);
    assert_eq!(told(), 1);
    world.clock.advance(BEAT_LOST);
    world.names.look(HeartbeatState::Forbidden);
    assert_eq!(told(), 2);
}
