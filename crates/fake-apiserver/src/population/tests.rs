//! Plausible means: everything that is referred to is there, and every count is right.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use environment::{ManualClock, SeededEntropy};
use serde_json::Value;

use crate::config::ClusterPlan;
use crate::kind;
use crate::store::Store;
use crate::transcode::{json_to_protobuf, protobuf_to_json};

const PLAN: ClusterPlan = ClusterPlan { nodes: 7, pods_per_node: 25, seed: 1, churn_per_second: 0.0 };

async fn filled(plan: ClusterPlan) -> Store {
    let clock = ManualClock::default();
    clock.advance(Duration::from_secs(1_800_000_000));
    let store = Store::new(Arc::new(clock), Arc::new(SeededEntropy::new(1)), 100);
    super::fill(&store, Some(plan)).await.expect("a plan makes a model");
    store
}

fn all(store: &Store, resource: &str) -> Vec<Value> {
    store.objects(resource, "", "", "").expect("served")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

pub(crate) fn check_consistent(store: &Store) {
    let resources =
        ["nodes", "pods", "deployments", "replicasets", "statefulsets", "daemonsets", "jobs", "services"];
    let uids: HashSet<String> = resources
        .iter()
        .flat_map(|one| all(store, one))
        .map(|object| text(&object["metadata"]["uid"]))
        .collect();
    let nodes: HashSet<String> =
        all(store, "nodes").iter().map(|node| text(&node["metadata"]["name"])).collect();
    let mut per_owner: HashMap<String, i64> = HashMap::new();
    for pod in all(store, "pods") {
        assert!(nodes.contains(&text(&pod["spec"]["nodeName"])), "{pod}");
        let owner = text(&pod["metadata"]["ownerReferences"][0]["uid"]);
        assert!(uids.contains(&owner), "owner of {pod}");
        if pod["status"]["phase"] != "Succeeded" {
            *per_owner.entry(owner).or_default() += 1;
        }
    }
    for (resource, count) in
        [("replicasets", "replicas"), ("statefulsets", "replicas"), ("daemonsets", "currentNumberScheduled")]
    {
        for set in all(store, resource) {
            let pods = per_owner.get(&text(&set["metadata"]["uid"])).copied().unwrap_or(0);
            assert_eq!(
                set["status"][count].as_i64().unwrap_or(0),
                pods,
                "{resource} {}",
                set["metadata"]["name"]
            );
        }
    }
    let sets = all(store, "replicasets");
    for deployment in all(store, "deployments") {
        let owned = sets
            .iter()
            .filter(|set| set["metadata"]["ownerReferences"][0]["uid"] == deployment["metadata"]["uid"]);
        let ready: i64 = owned.map(|set| set["status"]["readyReplicas"].as_i64().unwrap_or(0)).sum();
        assert_eq!(
            deployment["status"]["readyReplicas"].as_i64().unwrap_or(0),
            ready,
            "{}",
            deployment["metadata"]["name"]
        );
    }
    let pods: HashSet<String> = all(store, "pods").iter().map(|pod| text(&pod["metadata"]["uid"])).collect();
    for slice in all(store, "endpointslices") {
        // The API server's own slice has no owner; all others have their service.
        let own = slice["metadata"]["name"] == "kubernetes";
        assert_eq!(own, slice["metadata"]["ownerReferences"].is_null());
        assert!(own || uids.contains(&text(&slice["metadata"]["ownerReferences"][0]["uid"])));
        for endpoint in slice["endpoints"].as_array().into_iter().flatten() {
            assert!(own || pods.contains(&text(&endpoint["targetRef"]["uid"])), "{endpoint}");
        }
    }
}

#[tokio::test]
async fn the_cluster_is_consistent() {
    let store = filled(PLAN).await;
    check_consistent(&store);
    assert_eq!(store.count("pods"), 7 * 25);
    assert_eq!(store.count("nodes"), 7);
    assert_eq!(store.count("leases"), 7);
    for resource in
        ["deployments", "statefulsets", "daemonsets", "jobs", "services", "endpointslices", "configmaps"]
    {
        assert!(store.count(resource) > 0, "{resource}");
    }
}

#[tokio::test]
async fn the_same_seed_makes_the_same_cluster() {
    let (one, same, other) =
        (filled(PLAN).await, filled(PLAN).await, filled(ClusterPlan { seed: 2, ..PLAN }).await);
    assert_eq!(all(&one, "pods"), all(&same, "pods"));
    assert_ne!(all(&one, "pods"), all(&other, "pods"));
}

#[tokio::test]
async fn every_object_survives_protobuf() {
    let store = filled(PLAN).await;
    for kind in kind::builtin() {
        let Some(schema) = kind.schema else { continue };
        for object in store.objects(&kind.qualified(), "", "", "").expect("served") {
            let text = object.to_string();
            let mut message = Vec::new();
            json_to_protobuf(schema, text.as_bytes(), &mut message).expect("encodes");
            let mut back = Value::Object(protobuf_to_json(schema, &message).expect("decodes"));
            back["apiVersion"] = object["apiVersion"].clone();
            back["kind"] = object["kind"].clone();
            assert_same(&back, &object, &kind.kind);
        }
    }
}

/// The same but for zeros and empty things that protobuf does not tell from nothing.
fn assert_same(left: &Value, right: &Value, path: &str) {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_i64() == Some(0),
        Value::Bool(truth) => !truth,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
    };
    match (left, right) {
        (Value::Object(one), Value::Object(two)) => {
            for key in one.keys().chain(two.keys()) {
                assert_same(&left[key], &right[key], &format!("{path}.{key}"));
            }
        }
        (Value::Array(one), Value::Array(two)) if one.len() == two.len() => {
            one.iter().zip(two).for_each(|(one, two)| assert_same(one, two, path));
        }
        _ => assert!(left == right || (empty(left) && empty(right)), "{path}: {left} is not {right}"),
    }
}
