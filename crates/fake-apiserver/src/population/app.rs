//! One workload: what all its objects have in common.

use serde_json::{Value, json};

use super::Draw;

/// A workload and the sizes that were drawn for it.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) controller: Controller,
    /// Uid of the Deployment, StatefulSet, DaemonSet or Job.
    pub(crate) uid: String,
    pub(crate) replicas: usize,
    pub(crate) version: String,
    pub(crate) millicores: u64,
    pub(crate) mebibytes: u64,
    pub(crate) age_seconds: u64,
    /// Of the current ReplicaSet; for the other controllers of the current revision.
    pub(crate) template_hash: String,
    /// Uid of the current ReplicaSet.
    pub(crate) replica_set_uid: String,
    pub(crate) revision: u64,
}

/// Who makes its pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Controller {
    Deployment,
    StatefulSet,
    DaemonSet,
    Job,
}

const NAMES: [&str; 24] = [
    "api", "auth", "billing", "cache", "cart", "catalog", "checkout", "email", "feed", "gateway", "images",
    "index", "ingest", "ledger", "media", "notify", "orders", "payments", "profile", "query", "search",
    "sessions", "shipping", "web",
];
const TIERS: [&str; 6] = ["backend", "frontend", "worker", "batch", "edge", "internal"];
const DAY: u64 = 86_400;

impl App {
    pub(crate) fn draw(
        namespace: &str,
        number: usize,
        controller: Controller,
        replicas: usize,
        draw: &mut Draw,
    ) -> Self {
        let name = format!("{}-{number}", draw.one(&NAMES));
        Self::named(namespace, &name, controller, replicas, draw)
    }

    pub(crate) fn named(
        namespace: &str,
        name: &str,
        controller: Controller,
        replicas: usize,
        draw: &mut Draw,
    ) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            controller,
            uid: draw.uid(),
            replicas,
            version: version(draw),
            millicores: *draw.one(&[50, 100, 100, 250, 250, 500, 1000]),
            mebibytes: *draw.one(&[64, 128, 128, 256, 512, 1024, 2048]),
            age_seconds: draw.between(DAY, 400 * DAY),
            template_hash: draw.letters(10),
            replica_set_uid: draw.uid(),
            revision: draw.between(1, 9),
        }
    }

    /// A new template, as a rollout has it.
    pub(crate) fn next_revision(&mut self, draw: &mut Draw) {
        self.version = version(draw);
        self.template_hash = draw.letters(10);
        self.replica_set_uid = draw.uid();
        self.revision += 1;
    }

    pub(crate) fn image(&self) -> String {
        let base = self.name.rsplit_once('-').map_or(self.name.as_str(), |(base, _)| base);
        format!("registry.example.com/{}/{base}:{}", self.namespace, self.version)
    }

    pub(crate) fn replica_set_name(&self) -> String {
        format!("{}-{}", self.name, self.template_hash)
    }

    /// What its selector asks for.
    pub(crate) fn selector(&self) -> Value {
        json!({"app.kubernetes.io/name": self.name})
    }

    /// Labels of its own objects and, with more to them, of its pods.
    pub(crate) fn labels(&self) -> Value {
        let tier = TIERS[self.name.len() % TIERS.len()];
        json!({"app.kubernetes.io/name": self.name, "app.kubernetes.io/version": self.version, "tier": tier})
    }

    pub(crate) fn pod_labels(&self) -> Value {
        let mut labels = self.labels();
        match self.controller {
            Controller::Deployment => labels["pod-template-hash"] = json!(self.template_hash),
            Controller::StatefulSet | Controller::DaemonSet => {
                labels["controller-revision-hash"] = json!(format!("{}-{}", self.name, self.template_hash));
            }
            Controller::Job => {
                labels["batch.kubernetes.io/job-name"] = json!(self.name);
                labels["batch.kubernetes.io/controller-uid"] = json!(self.uid);
            }
        }
        labels
    }

    /// `ownerReferences` of its pods.
    pub(crate) fn pod_owner(&self) -> Value {
        match self.controller {
            Controller::Deployment => {
                owner("apps/v1", "ReplicaSet", &self.replica_set_name(), &self.replica_set_uid)
            }
            Controller::StatefulSet => owner("apps/v1", "StatefulSet", &self.name, &self.uid),
            Controller::DaemonSet => owner("apps/v1", "DaemonSet", &self.name, &self.uid),
            Controller::Job => owner("batch/v1", "Job", &self.name, &self.uid),
        }
    }

    /// The name of its pod with this ordinal.
    pub(crate) fn pod_name(&self, ordinal: usize, draw: &mut Draw) -> String {
        match self.controller {
            Controller::Deployment => format!("{}-{}", self.replica_set_name(), draw.letters(5)),
            Controller::StatefulSet => format!("{}-{ordinal}", self.name),
            Controller::DaemonSet | Controller::Job => format!("{}-{}", self.name, draw.letters(5)),
        }
    }
}

/// A list with the one controlling owner.
pub(crate) fn owner(api_version: &str, kind: &str, name: &str, uid: &str) -> Value {
    json!([{"apiVersion": api_version, "kind": kind, "name": name, "uid": uid, "controller": true,
        "blockOwnerDeletion": true}])
}

fn version(draw: &mut Draw) -> String {
    format!("{}.{}.{}", draw.between(1, 4), draw.between(0, 30), draw.between(0, 9))
}
