//! What controllers do after pods changed: counts and endpoints.

use std::sync::Arc;

use serde_json::{Value, json};

use super::acts::change;
use crate::population::{App, Controller, deployment_status, endpoint_slices, replica_set_status};
use crate::selector::{LabelSelector, Selection};
use crate::store::{Decision, ListFrom, Store, Stored};

/// The pods of the app, old revisions' among them.
pub(super) fn pods_of(store: &Store, app: &App) -> Vec<Arc<Stored>> {
    of_app(store, app, "", "pods", "app.kubernetes.io/name")
}

/// Those of them that nobody has deleted yet.
pub(super) fn live_pods_of(store: &Store, app: &App) -> Vec<Arc<Stored>> {
    let mut pods = pods_of(store, app);
    pods.retain(|pod| pod.metadata()["deletionTimestamp"].is_null());
    pods
}

fn of_app(store: &Store, app: &App, group: &str, plural: &str, label: &str) -> Vec<Arc<Stored>> {
    let Some(kind) = store.resource(group, plural) else { return Vec::new() };
    let labels = LabelSelector::parse(&format!("{label}={}", app.name)).unwrap_or_default();
    let from = ListFrom { namespace: app.namespace.clone(), ..ListFrom::default() };
    let page = store.list(&kind, &from, &Selection { labels, ..Selection::default() });
    page.map(|page| page.objects).unwrap_or_default()
}

/// Brings counts and endpoints in line with the pods; how many objects changed.
pub(super) fn settle(store: &Store, app: &App) -> usize {
    if matches!(app.controller, Controller::DaemonSet | Controller::Job) {
        return settle_daemon_set(store, app);
    }
    let pods: Vec<Value> = pods_of(store, app).iter().map(|pod| pod.value()).collect();
    let ready = |pods: &[&Value]| pods.iter().filter(|pod| is_ready(pod)).count();
    let everything: Vec<&Value> =
        pods.iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_null()).collect();
    let mut changed = settle_endpoints(store, app, &pods);
    let key = format!("{}/{}", app.namespace, app.name);
    let now = store.timestamp();
    if app.controller == Controller::StatefulSet {
        let (all, ready) = (everything.len(), ready(&everything));
        return changed
            + change(store, "apps", "statefulsets", &key, |set| {
                let before = set["status"].clone();
                for field in ["replicas", "currentReplicas", "updatedReplicas"] {
                    set["status"][field] = json!(all);
                }
                for field in ["readyReplicas", "availableReplicas"] {
                    set["status"][field] = json!(ready);
                }
                set["status"] != before
            });
    }
    let mut updated = 0;
    for set in of_app(store, app, "apps", "replicasets", "app.kubernetes.io/name") {
        let object = set.value();
        let uid = &object["metadata"]["uid"];
        let mine: Vec<&Value> = everything
            .iter()
            .copied()
            .filter(|pod| pod["metadata"]["ownerReferences"][0]["uid"] == *uid)
            .collect();
        let current = set.name() == app.replica_set_name();
        if current {
            updated = mine.len();
        }
        changed += change(store, "apps", "replicasets", &set.key, |set| {
            let before = set.clone();
            if current {
                set["spec"]["replicas"] = json!(mine.len());
            }
            let generation = set["metadata"]["generation"].as_i64().unwrap_or(1);
            set["status"] = replica_set_status(mine.len(), ready(&mine), generation);
            *set != before
        });
    }
    changed
        + change(store, "apps", "deployments", &key, |deployment| {
            let before = deployment["status"].clone();
            let since = before["conditions"][0]["lastTransitionTime"].as_str().unwrap_or(&now).to_owned();
            let generation = deployment["metadata"]["generation"].as_i64().unwrap_or(1);
            deployment["status"] =
                deployment_status(everything.len(), updated, ready(&everything), generation, &since);
            deployment["status"] != before
        })
}

fn settle_daemon_set(store: &Store, app: &App) -> usize {
    if app.controller == Controller::Job {
        return 0;
    }
    let pods = pods_of(store, app);
    let ready = pods.iter().filter(|pod| is_ready(&pod.value())).count();
    change(store, "apps", "daemonsets", &format!("{}/{}", app.namespace, app.name), |set| {
        let before = set["status"].clone();
        set["status"]["numberReady"] = json!(ready);
        set["status"]["numberAvailable"] = json!(ready);
        set["status"]["numberUnavailable"] = json!(pods.len().saturating_sub(ready));
        set["status"] != before
    })
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    conditions.into_iter().any(|one| one["type"] == "Ready" && one["status"] == "True")
}

fn settle_endpoints(store: &Store, app: &App, pods: &[Value]) -> usize {
    let (Some(services), Some(slices)) =
        (store.resource("", "services"), store.resource("discovery.k8s.io", "endpointslices"))
    else {
        return 0;
    };
    let Some(service) = store.get(&services, &services.key(&app.namespace, &app.name)) else { return 0 };
    let uid = service.metadata()["uid"].as_str().unwrap_or_default().to_owned();
    let wanted = endpoint_slices(app, &uid, pods, &store.timestamp());
    let mut changed = 0;
    for old in of_app(store, app, "discovery.k8s.io", "endpointslices", "kubernetes.io/service-name") {
        if !wanted.iter().any(|(name, _)| name == old.name()) {
            changed += usize::from(store.write(&slices, &old.key, |_| Ok(Decision::Delete)).is_ok());
        }
    }
    for (name, slice) in wanted {
        let written = store.write(&slices, &slices.key(&app.namespace, &name), |old| {
            let Some(old) = old else {
                let mut slice = slice;
                slice["metadata"]["uid"] = json!(crate::writes::metadata::uid(store));
                return Ok(Decision::Put(slice));
            };
            let mut object = old.value();
            if object["endpoints"] == slice["endpoints"] {
                return Ok(Decision::Keep);
            }
            object["endpoints"] = slice["endpoints"].clone();
            Ok(Decision::Put(object))
        });
        changed += usize::from(written.is_ok_and(|(action, _)| action.is_some()));
    }
    changed
}

/// Deletes the oldest revisions of a Deployment that have no pods.
pub(super) fn forget_past(store: &Store, app: &App, keep: usize) -> usize {
    let Some(kind) = store.resource("apps", "replicasets") else { return 0 };
    let sets = of_app(store, app, "apps", "replicasets", "app.kubernetes.io/name");
    let mut past: Vec<Arc<Stored>> = sets
        .into_iter()
        .filter(|set| set.value()["status"]["replicas"] == 0 && set.name() != app.replica_set_name())
        .collect();
    past.sort_by_key(|set| set.version);
    let excess = past.len().saturating_sub(keep);
    past.iter()
        .take(excess)
        .filter(|set| store.write(&kind, &set.key, |_| Ok(Decision::Delete)).is_ok())
        .count()
}
