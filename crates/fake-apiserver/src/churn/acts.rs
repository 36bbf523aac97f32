//! What can happen to a workload.

use std::sync::Arc;

use serde_json::{Value, json};

use super::settle::{self, live_pods_of};
use super::{Churn, END, FollowUp, ROLLOUTS_MAX, Rollout, START};
use crate::error::ApiError;
use crate::kind::Kind;
use crate::population::{Controller, Life, PodPlan, pod, replica_set};
use crate::store::{Decision, Store, Stored};

/// An age for pods that are made now.
const NEW: u64 = 0;
/// ReplicaSets of the past that a Deployment keeps.
const PAST_REVISIONS_MAX: usize = 3;

impl Churn {
    /// Does something somewhere; how many objects it changed.
    pub(super) fn act(&mut self) -> usize {
        if self.model.apps.is_empty() {
            return 0;
        }
        let app = self.model.draw.below(self.model.apps.len());
        let rolls = self.rollouts.iter().any(|rollout| rollout.app == app);
        match self.model.draw.below(10) {
            0..=2 => self.restart(app),
            3..=4 => self.flap(app),
            5..=6 if !rolls => self.replace(app),
            7 if !rolls => self.begin_rollout(app),
            _ => self.continue_rollout(),
        }
    }

    /// One pod of the app, at random.
    fn some_pod(&mut self, app: usize) -> Option<Arc<Stored>> {
        let mut pods = live_pods_of(&self.store, &self.model.apps[app]);
        if pods.is_empty() { None } else { Some(pods.swap_remove(self.model.draw.below(pods.len()))) }
    }

    /// A container is killed and comes back.
    fn restart(&mut self, app: usize) -> usize {
        let Some(found) = self.some_pod(app) else { return 0 };
        let (now, digest) = (self.store.timestamp(), self.model.draw.digest());
        change(&self.store, "", "pods", &found.key, |pod| {
            if pod["status"]["phase"] != "Running" {
                return false;
            }
            let container = &mut pod["status"]["containerStatuses"][0];
            let began = container["state"]["running"]["startedAt"].clone();
            let old = container["containerID"].clone();
            container["restartCount"] = json!(container["restartCount"].as_i64().unwrap_or(0) + 1);
            container["lastState"] = json!({"terminated": {"exitCode": 1, "reason": "Error", "startedAt": began,
                "finishedAt": now, "containerID": old}});
            container["state"] = json!({"running": {"startedAt": now}});
            container["containerID"] = json!(format!("containerd://{digest}"));
            true
        })
    }

    /// A probe fails, or passes again.
    fn flap(&mut self, app: usize) -> usize {
        let Some(found) = self.some_pod(app) else { return 0 };
        let now = self.store.timestamp();
        let changed = change(&self.store, "", "pods", &found.key, |pod| {
            if pod["status"]["phase"] != "Running" {
                return false;
            }
            let ready = pod["status"]["containerStatuses"][0]["ready"] == true;
            set_ready(pod, !ready, &now);
            true
        });
        changed + settle::settle(&self.store, &self.model.apps[app])
    }

    /// A pod is evicted; its controller makes another one.
    fn replace(&mut self, app: usize) -> usize {
        let replaceable =
            matches!(self.model.apps[app].controller, Controller::Deployment | Controller::StatefulSet);
        let Some(found) = self.some_pod(app).filter(|_| replaceable) else { return 0 };
        let changed = self.remove_pod(app, &found);
        // A StatefulSet waits until the name is free.
        let made = if self.model.apps[app].controller == Controller::Deployment {
            self.make_pod(app, None)
        } else {
            0
        };
        changed + made + settle::settle(&self.store, &self.model.apps[app])
    }

    fn remove_pod(&mut self, app: usize, pod: &Stored) -> usize {
        let now = self.store.timestamp();
        let changed = change(&self.store, "", "pods", &pod.key, |pod| {
            if !pod["metadata"]["deletionTimestamp"].is_null() {
                return false;
            }
            pod["metadata"]["deletionTimestamp"] = json!(now);
            pod["metadata"]["deletionGracePeriodSeconds"] = json!(30);
            true
        });
        if changed > 0 {
            self.later(END, FollowUp::Ended { app, key: pod.key.clone() });
        }
        changed
    }

    /// A new pod of the app's current template; `name` where the controller gives one.
    fn make_pod(&mut self, app: usize, name: Option<&str>) -> usize {
        let Some(kind) = self.store.resource("", "pods") else { return 0 };
        let model = &mut self.model;
        if model.nodes.is_empty() {
            return 0;
        }
        let place = model.draw.below(model.nodes.len());
        let app_ref = &model.apps[app];
        let name = name.map_or_else(|| app_ref.pod_name(0, &mut model.draw), str::to_owned);
        let node = &model.nodes[place];
        let plan =
            PodPlan { name: &name, node, address: "", life: Life::Starting, restarts: 0, age_seconds: NEW };
        let object = pod(app_ref, &plan, self.store.now(), &mut model.draw);
        let key = kind.key(&app_ref.namespace, &name);
        let written = self.store.write(&kind, &key, |present| match present {
            Some(_) => Ok(Decision::Keep),
            None => Ok(Decision::Put(object)),
        });
        self.later(START, FollowUp::Started { app, key });
        usize::from(written.is_ok())
    }

    pub(super) fn follow(&mut self, follow_up: &FollowUp) {
        match follow_up {
            FollowUp::Started { app, key } => {
                let now = self.store.timestamp();
                let node = self.store.resource("", "pods").and_then(|kind| self.store.get(&kind, key));
                let node = node.map(|pod| pod.fields.get("spec.nodeName").unwrap_or_default().to_owned());
                let seat = self.model.nodes.iter_mut().find(|seat| Some(&seat.name) == node.as_ref());
                let address = seat.map(crate::population::NodeSeat::pod_address).unwrap_or_default();
                let digest = self.model.draw.digest();
                change(&self.store, "", "pods", key, |pod| {
                    pod["status"]["phase"] = json!("Running");
                    pod["status"]["podIP"] = json!(address);
                    pod["status"]["podIPs"] = json!([{"ip": address}]);
                    for container in pod["status"]["containerStatuses"].as_array_mut().into_iter().flatten() {
                        container["state"] = json!({"running": {"startedAt": now}});
                        container["started"] = json!(true);
                        container["containerID"] = json!(format!("containerd://{digest}"));
                    }
                    set_ready(pod, true, &now);
                    true
                });
                settle::settle(&self.store, &self.model.apps[*app]);
            }
            FollowUp::Ended { app, key } => {
                if let Some(kind) = self.store.resource("", "pods") {
                    // Gone already is as good.
                    let _ = self.store.write(&kind, key, |_| Ok(Decision::Delete));
                }
                if self.model.apps[*app].controller == Controller::StatefulSet {
                    let name = key.rsplit('/').next().unwrap_or_default().to_owned();
                    self.make_pod(*app, Some(&name));
                }
                settle::settle(&self.store, &self.model.apps[*app]);
            }
        }
    }

    /// Somebody deploys a new version.
    fn begin_rollout(&mut self, app: usize) -> usize {
        let is_deployment = self.model.apps[app].controller == Controller::Deployment;
        if self.rollouts.len() >= ROLLOUTS_MAX || !is_deployment {
            return 0;
        }
        let (Some(sets), Some(deployments)) =
            (self.store.resource("apps", "replicasets"), self.store.resource("apps", "deployments"))
        else {
            return 0;
        };
        let (store, app_ref) = (&self.store, &mut self.model.apps[app]);
        let deployment = deployments.key(&app_ref.namespace, &app_ref.name);
        if store.get(&deployments, &deployment).is_none() {
            return 0;
        }
        let old = Rollout {
            app,
            old_key: sets.key(&app_ref.namespace, &app_ref.replica_set_name()),
            old_uid: app_ref.replica_set_uid.clone(),
        };
        app_ref.next_revision(&mut self.model.draw);
        let new = replica_set(app_ref, 0, NEW, store.now());
        let template = new["spec"]["template"].clone();
        let (revision, labels) = (app_ref.revision.to_string(), app_ref.labels());
        let changed = change(store, "apps", "deployments", &deployment, |object| {
            object["spec"]["template"] = template;
            object["spec"]["template"]["metadata"]["labels"] = labels;
            object["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = json!(revision);
            object["metadata"]["generation"] =
                json!(object["metadata"]["generation"].as_i64().unwrap_or(1) + 1);
            true
        });
        let key = sets.key(&app_ref.namespace, &app_ref.replica_set_name());
        let made = store.write(&sets, &key, |_| Ok(Decision::Put(new)));
        let forgotten = settle::forget_past(store, app_ref, PAST_REVISIONS_MAX);
        self.rollouts.push(old);
        changed + usize::from(made.is_ok()) + forgotten + settle::settle(store, &self.model.apps[app])
    }

    /// One pod of an old ReplicaSet makes way for one of the new.
    fn continue_rollout(&mut self) -> usize {
        if self.rollouts.is_empty() {
            return 0;
        }
        let place = self.model.draw.below(self.rollouts.len());
        let rollout = self.rollouts[place].clone();
        let pods = live_pods_of(&self.store, &self.model.apps[rollout.app]);
        let old = pods.iter().find(|pod| pod.owners.iter().any(|owner| **owner == *rollout.old_uid));
        let Some(old) = old else {
            self.rollouts.swap_remove(place);
            return 0;
        };
        let changed = self.remove_pod(rollout.app, old) + self.make_pod(rollout.app, None);
        let left =
            pods.iter().filter(|pod| pod.owners.iter().any(|owner| **owner == *rollout.old_uid)).count();
        let shrunk = change(&self.store, "apps", "replicasets", &rollout.old_key, |set| {
            set["spec"]["replicas"] = json!(left.saturating_sub(1));
            set["metadata"]["generation"] = json!(set["metadata"]["generation"].as_i64().unwrap_or(1) + 1);
            true
        });
        changed + shrunk + settle::settle(&self.store, &self.model.apps[rollout.app])
    }
}

/// Conditions and containers agree on whether the pod is ready.
fn set_ready(pod: &mut Value, ready: bool, now: &str) {
    for container in pod["status"]["containerStatuses"].as_array_mut().into_iter().flatten() {
        container["ready"] = json!(ready);
    }
    for condition in pod["status"]["conditions"].as_array_mut().into_iter().flatten() {
        let told = matches!(condition["type"].as_str(), Some("Ready" | "ContainersReady"));
        let status = if ready || !told { "True" } else { "False" };
        if condition["status"] != status {
            condition["status"] = json!(status);
            condition["lastTransitionTime"] = json!(now);
        }
    }
}

/// Changes an object in place; 0 where it is gone, or where `edit` leaves it alone.
pub(super) fn change(
    store: &Store,
    group: &str,
    plural: &str,
    key: &str,
    edit: impl FnOnce(&mut Value) -> bool,
) -> usize {
    let Some(kind): Option<Arc<Kind>> = store.resource(group, plural) else { return 0 };
    let written = store.write(&kind, key, |object| {
        let mut object = object.ok_or_else(ApiError::no_such_path)?.value();
        Ok(if edit(&mut object) { Decision::Put(object) } else { Decision::Keep })
    });
    usize::from(written.is_ok_and(|(action, _)| action.is_some()))
}
