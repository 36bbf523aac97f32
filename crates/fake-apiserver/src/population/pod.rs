//! Pods.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::container::{self, Condition};
use super::{App, Draw, NodeSeat, ago};

/// How long the pods of Jobs ran; shorter than any workload is old.
pub(super) const JOB_SECONDS: u64 = 95;

/// Where a pod is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// Assigned, its containers not yet running.
    Starting,
    Running {
        ready: bool,
    },
    Succeeded,
}

/// What differs between the pods of an app.
#[derive(Debug)]
pub(crate) struct PodPlan<'a> {
    pub(crate) name: &'a str,
    pub(crate) node: &'a NodeSeat,
    /// Empty: not yet given.
    pub(crate) address: &'a str,
    pub(crate) life: Life,
    pub(crate) restarts: u64,
    pub(crate) age_seconds: u64,
}

/// The pod's template: also what workloads carry.
pub(super) fn template(app: &App) -> Value {
    let restart = if app.controller == super::Controller::Job { "Never" } else { "Always" };
    let mut template = json!({
        "metadata": {},
        "spec": {
            "restartPolicy": restart, "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler",
            "securityContext": {}, "terminationGracePeriodSeconds": 30, "serviceAccountName": "default",
        },
    });
    // Assigned, not put into `json!`, which copies what it is given.
    template["metadata"]["labels"] = app.pod_labels();
    template["spec"]["containers"] = container::containers(app);
    template
}

pub(crate) fn pod(app: &App, plan: &PodPlan<'_>, now: Timestamp, draw: &mut Draw) -> Value {
    let mut template = template(app);
    let mut spec = template["spec"].take();
    spec["nodeName"] = json!(plan.node.name);
    spec["enableServiceLinks"] = json!(true);
    spec["preemptionPolicy"] = json!("PreemptLowerPriority");
    spec["priority"] = json!(0);
    spec["tolerations"] = tolerations();
    spec["volumes"] = json!([{"name": "kube-api-access", "projected": {"defaultMode": 420, "sources": [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}}]}}]);
    let mut pod = json!({"metadata": {
        "name": plan.name, "generateName": generate_name(plan.name), "namespace": app.namespace, "uid": draw.uid(),
        "generation": 1, "creationTimestamp": ago(now, plan.age_seconds),
    }});
    pod["metadata"]["labels"] = app.pod_labels();
    pod["metadata"]["ownerReferences"] = app.pod_owner();
    pod["spec"] = spec;
    pod["status"] = status(app, plan, now, draw);
    pod
}

fn generate_name(name: &str) -> String {
    name.rsplit_once('-').map_or(String::new(), |(prefix, _)| format!("{prefix}-"))
}

fn tolerations() -> Value {
    let one = |key: &str| json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300});
    json!([one("node.kubernetes.io/not-ready"), one("node.kubernetes.io/unreachable")])
}

/// `status` of a pod at this point of its life.
fn status(app: &App, plan: &PodPlan<'_>, now: Timestamp, draw: &mut Draw) -> Value {
    let start = ago(now, plan.age_seconds);
    let since = ago(now, plan.age_seconds.saturating_sub(3) / (plan.restarts + 1));
    let end = ago(now, plan.age_seconds.saturating_sub(JOB_SECONDS));
    let (phase, condition, ready) = match plan.life {
        Life::Starting => ("Pending", Condition::Waiting("ContainerCreating"), false),
        Life::Running { ready } => ("Running", Condition::Running { since: &since }, ready),
        Life::Succeeded => ("Succeeded", Condition::Completed { start: &start, end: &end }, false),
    };
    let truth = |truth: bool| if truth { "True" } else { "False" };
    let one = |kind: &str, status: bool, time: &str| json!({"type": kind, "status": truth(status), "lastTransitionTime": time});
    let begun = plan.life != Life::Starting;
    let mut status = json!({
        "phase": phase, "qosClass": "Burstable", "hostIP": plan.node.address, "hostIPs": [{"ip": plan.node.address}],
        "startTime": start,
    });
    status["conditions"] = Value::Array(vec![
        one("PodReadyToStartContainers", begun, &start),
        one("Initialized", true, &start),
        one("Ready", ready, &since),
        one("ContainersReady", ready, &since),
        one("PodScheduled", true, &start),
    ]);
    status["containerStatuses"] =
        container::statuses(app, &condition, ready, plan.restarts, Some(&since), draw);
    if !plan.address.is_empty() {
        status["podIP"] = json!(plan.address);
        status["podIPs"] = json!([{"ip": plan.address}]);
    }
    status
}
