//! Workloads in manifests.

use serde_json::Value;
use workload_profile::{Actor, Workload, WorkloadKind};

/// One workload.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Declared<'a> {
    pub(super) workload: Workload,
    pub(super) kind: String,
    /// The pod's spec.
    pub(super) pod: &'a Value,
}

pub(super) fn declared(objects: &[Value]) -> Vec<Declared<'_>> {
    objects.iter().filter_map(one).collect()
}

fn one(object: &Value) -> Option<Declared<'_>> {
    let kind = object["kind"].as_str()?;
    let (known, template) = match kind {
        "DaemonSet" => (WorkloadKind::DaemonSet, &object["spec"]["template"]),
        "Deployment" => (WorkloadKind::Deployment, &object["spec"]["template"]),
        "StatefulSet" => (WorkloadKind::StatefulSet, &object["spec"]["template"]),
        "Job" => (WorkloadKind::Job, &object["spec"]["template"]),
        "CronJob" => (WorkloadKind::CronJob, &object["spec"]["jobTemplate"]["spec"]["template"]),
        _ => return None,
    };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let pod = &template["spec"];
    let replicas = object["spec"]["replicas"].as_u64().and_then(|replicas| u32::try_from(replicas).ok());
    let workload = Workload {
        kind: known,
        name: text(&object["metadata"]["name"]),
        namespace: Some(text(&object["metadata"]["namespace"]).unwrap_or_else(|| "default".to_owned())),
        service_account: Some(text(&pod["serviceAccountName"]).unwrap_or_else(|| "default".to_owned())),
        replicas: matches!(known, WorkloadKind::Deployment | WorkloadKind::StatefulSet)
            .then(|| replicas.unwrap_or(1)),
        ..Workload::default()
    };
    Some(Declared { workload, kind: kind.to_owned(), pod })
}

impl Declared<'_> {
    pub(super) fn title(&self) -> String {
        let name = self.workload.name.as_deref().unwrap_or("?");
        format!("{} {}/{name}", self.kind, self.workload.namespace.as_deref().unwrap_or("default"))
    }

    pub(super) fn actor(&self) -> Actor {
        if self.workload.kind == WorkloadKind::DaemonSet { Actor::Node } else { Actor::Replica }
    }

    pub(super) fn images(&self) -> impl Iterator<Item = &str> {
        self.containers().filter_map(|container| container["image"].as_str())
    }

    pub(super) fn containers(&self) -> impl Iterator<Item = &Value> {
        self.pod["containers"].as_array().into_iter().flatten()
    }

    /// Commands and arguments of all containers.
    pub(super) fn arguments(&self) -> Vec<&str> {
        let lists = self.containers().flat_map(|container| [&container["command"], &container["args"]]);
        lists.filter_map(Value::as_array).flatten().filter_map(Value::as_str).collect()
    }

    /// Texts of the `ConfigMap`s that it mounts or reads.
    pub(super) fn configuration<'b>(&self, objects: &'b [Value]) -> Vec<&'b str> {
        let volumes = self.pod["volumes"].as_array().into_iter().flatten();
        let mounted = volumes.flat_map(|volume| {
            let projected = volume["projected"]["sources"].as_array().into_iter().flatten();
            let projected = projected.filter_map(|source| source["configMap"]["name"].as_str());
            volume["configMap"]["name"].as_str().into_iter().chain(projected).collect::<Vec<_>>()
        });
        let names: Vec<&str> = mounted.collect();
        let maps = objects.iter().filter(|object| object["kind"] == "ConfigMap");
        let ours =
            maps.filter(|map| map["metadata"]["name"].as_str().is_some_and(|name| names.contains(&name)));
        ours.flat_map(|map| map["data"].as_object().into_iter().flatten())
            .filter_map(|(_, text)| text.as_str())
            .collect()
    }

    /// It has no token: it cannot ask.
    pub(super) fn has_no_token(&self) -> bool {
        self.pod["automountServiceAccountToken"] == Value::Bool(false)
    }
}
