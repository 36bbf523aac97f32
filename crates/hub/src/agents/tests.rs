//! Pods and their owners in any order: what each node has in the end.

use std::collections::BTreeMap;

use apiserver_client::Change;
use environment::ManualClock;
use objects::Owner;
use objects::node::Node;
use objects::workload::{Job, ReplicaSet};

use super::*;

/// (node, uid) -> "namespace/name kind/name".
#[derive(Clone, Default)]
struct Sets(Arc<Mutex<BTreeMap<(String, String), String>>>, Arc<Mutex<usize>>);

impl Outlet for Sets {
    fn publish(&self, node: &str, uid: &str, value: Bytes) {
        let item = PodItem::from_value(&value).unwrap();
        assert_eq!(item.uid, uid);
        let text = format!("{}/{} {}/{}", item.namespace, item.name, item.workload_kind, item.workload_name);
        self.0.lock().insert((node.to_owned(), uid.to_owned()), text);
    }

    fn remove(&self, node: &str, uid: &str) {
        self.0.lock().remove(&(node.to_owned(), uid.to_owned()));
    }

    fn fleet(&self, nodes: usize) {
        *self.1.lock() = nodes;
    }
}

struct World {
    store: Arc<Store>,
    agents: Agents,
    sets: Sets,
}

impl World {
    fn new() -> Self {
        let store = Arc::new(Store::new(Arc::new(ManualClock::default()), objects::Seeded::default()));
        let sets = Sets::default();
        Self { agents: Agents::new(store.clone(), Box::new(sets.clone())), store, sets }
    }

    fn change(&self, resource: Resource, change: Change) {
        let effect = self.store.apply(resource, change);
        self.agents.effect(resource, &effect);
    }

    /// One step: "pod web-1-x u1 n1 ReplicaSet:web-1" (name, UID, node, owner), "replicaset web-1 Deployment:web",
    /// "job b-1 CronJob:b", "delete pod …", "node n1".
    fn step(&self, step: &str) {
        let (deleted, step) = step.strip_prefix("delete ").map_or((false, step), |rest| (true, rest));
        let (resource, object) = parse(step);
        self.change(resource, if deleted { Change::Deleted(object) } else { Change::Applied(object) });
    }

    fn seen(&self) -> Vec<String> {
        self.sets.0.lock().iter().map(|((node, uid), text)| format!("{node} {uid} {text}")).collect()
    }
}

fn owners(word: Option<&str>) -> Vec<Owner> {
    let Some((kind, name)) = word.and_then(|word| word.split_once(':')) else { return Vec::new() };
    let uid = format!("uid-of-{name}").into();
    vec![Owner { kind: kind.into(), name: name.into(), uid, controller: Some(true) }]
}

fn parse(step: &str) -> (Resource, Object) {
    let words: Vec<&str> = step.split(' ').collect();
    let name = words[1];
    let mut meta = Meta { namespace: "shop".into(), name: name.into(), ..Meta::default() };
    if words[0] == "pod" {
        meta.uid = words[2].into();
        meta.owners = owners(words.get(4).copied()).into();
        if let Some(hash) = words.get(5) {
            meta.labels = vec![(Sym::new("pod-template-hash"), Sym::new(hash))].into();
        }
        let node = words[3].replace('-', "").as_str().into();
        return (Resource::Pods, Object::Pod(Arc::new(Pod { meta, node, ..Pod::default() })));
    }
    meta.uid = format!("uid-of-{name}").into();
    meta.owners = owners(words.get(2).copied()).into();
    match words[0] {
        "node" => (Resource::Nodes, Object::Node(Arc::new(Node { meta, ..Node::default() }))),
        "job" => (Resource::Jobs, Object::Job(Arc::new(Job { meta, ..Job::default() }))),
        _ => (
            Resource::ReplicaSets,
            Object::ReplicaSet(Arc::new(ReplicaSet { meta, ..ReplicaSet::default() })),
        ),
    }
}

fn check(steps: &[&str], expected: &[&str]) {
    let world = World::new();
    steps.iter().for_each(|step| world.step(step));
    assert_eq!(world.seen(), expected, "{steps:?}");
}

#[test]
fn the_workload_is_what_people_deployed() {
    let pod = "pod web-1-x u1 n1 ReplicaSet:web-1";
    check(&["pod alone u1 n1"], &["n1 u1 shop/alone /"]);
    check(&["pod db-0 u1 n1 StatefulSet:db"], &["n1 u1 shop/db-0 StatefulSet/db"]);
    check(&["replicaset web-1 Deployment:web", pod], &["n1 u1 shop/web-1-x Deployment/web"]);
    check(&[pod, "replicaset web-1 Deployment:web"], &["n1 u1 shop/web-1-x Deployment/web"]);
    check(&["replicaset web-1", pod], &["n1 u1 shop/web-1-x ReplicaSet/web-1"]);
    check(&[pod], &["n1 u1 shop/web-1-x ReplicaSet/web-1"]);
    check(&["pod web-1-x u1 n1 ReplicaSet:web-1 1"], &["n1 u1 shop/web-1-x Deployment/web"]);
    check(
        &["replicaset web-1 Rollout:web", "pod web-1-x u1 n1 ReplicaSet:web-1 1"],
        &["n1 u1 shop/web-1-x Rollout/web"],
    );
    check(&["job b-1 CronJob:b", "pod b-1-x u1 n1 Job:b-1"], &["n1 u1 shop/b-1-x CronJob/b"]);
    check(&["pod b-1-x u1 n1 Job:b-1", "job b-1"], &["n1 u1 shop/b-1-x Job/b-1"]);
}

#[test]
fn pods_come_and_go_on_their_nodes() {
    check(&["pod a u1 -"], &[]);
    check(&["pod a u1 -", "pod a u1 n1"], &["n1 u1 shop/a /"]);
    check(&["pod a u1 n1", "delete pod a u1 n1"], &[]);
    check(&["pod a u1 n1", "pod a u2 n2"], &["n2 u2 shop/a /"]);
    check(&["pod a u1 n1", "pod b u2 n1", "delete pod a u1 n1"], &["n1 u2 shop/b /"]);
    let late_owner = ["pod w-x u1 n1 ReplicaSet:w", "delete pod w-x u1 n1", "replicaset w Deployment:d"];
    check(&late_owner, &[]);
}

#[test]
fn an_owner_that_changes_hands_takes_its_pods_along() {
    let steps = [
        "replicaset web-1",
        "pod web-1-x u1 n1 ReplicaSet:web-1",
        "pod other u2 n1 ReplicaSet:other",
        "replicaset web-1 Deployment:web",
    ];
    check(&steps, &["n1 u1 shop/web-1-x Deployment/web", "n1 u2 shop/other ReplicaSet/other"]);
}

#[test]
fn what_a_replay_does_not_mention_is_withdrawn() {
    let world = World::new();
    world.step("pod a u1 n1");
    world.step("pod b u2 n1");
    world.change(Resource::Pods, Change::ReplayStarted);
    world.step("pod b u2 n1");
    assert_eq!(world.seen().len(), 2);
    world.change(Resource::Pods, Change::ReplayFinished { resource_version: "9".to_owned() });
    assert_eq!(world.seen(), ["n1 u2 shop/b /"]);
}

#[test]
fn a_restored_store_is_published_as_a_whole() {
    let world = World::new();
    for step in
        ["node n1", "node n2", "replicaset web-1 Deployment:web", "pod web-1-x u1 n1 ReplicaSet:web-1"]
    {
        let (resource, object) = parse(step);
        world.store.restore(resource, object);
        world.store.restored(resource, "1".to_owned(), std::time::Duration::ZERO);
    }
    world.agents.publish_all();
    assert_eq!(world.seen(), ["n1 u1 shop/web-1-x Deployment/web"]);
    assert_eq!(*world.sets.1.lock(), 2);
    world.step("delete node n2");
    assert_eq!(*world.sets.1.lock(), 1);
}

#[test]
fn nobody_waits_for_ever() {
    let world = World::new();
    world.step("pod w-x u1 n1 ReplicaSet:w");
    world.step("pod w-y u2 n1 ReplicaSet:w");
    world.step("delete pod w-x u1 n1");
    assert_eq!(world.agents.waiting.lock().values().map(Vec::len).sum::<usize>(), 1);
    world.step("replicaset w Deployment:d");
    assert!(world.agents.waiting.lock().is_empty());
}
