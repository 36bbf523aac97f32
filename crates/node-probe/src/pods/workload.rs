//! The workload of a pod, as far as the pod itself tells.

use objects::{Meta, Sym, Text};

use super::Workload;

const TEMPLATE_HASH: &str = "pod-template-hash";
const REVISION_HASH: &str = "controller-revision-hash";
const STATEFUL_NAME: &str = "statefulset.kubernetes.io/pod-name";
const JOB_NAMES: [&str; 2] = ["batch.kubernetes.io/job-name", "job-name"];

/// By owner reference. A ReplicaSet whose name ends in the pod's template hash belongs to the Deployment with the rest of
/// the name; a Job may belong to a CronJob, which only the hub knows.
pub fn from_owners(meta: &Meta) -> Option<Workload> {
    let owner = meta.owners.iter().find(|owner| owner.controller == Some(true)).or(meta.owners.first())?;
    let hash =
        meta.labels.iter().find(|(key, _)| &**key == TEMPLATE_HASH).map_or("", |(_, value)| value.as_str());
    if &*owner.kind == "ReplicaSet"
        && let Some(name) = without(&owner.name, hash)
    {
        return Some(Workload { kind: Sym::new("Deployment"), name: name.into() });
    }
    Some(Workload { kind: owner.kind.clone(), name: Text::from(owner.name.as_str()) })
}

/// By name and labels alone, for a source that knows no owners: the labels are those that the controllers themselves set.
pub fn from_labels<'a>(pod: &str, label: impl Fn(&str) -> Option<&'a str>) -> Option<Workload> {
    let workload = |kind: &str, name: &str| Some(Workload { kind: Sym::new(kind), name: name.into() });
    if let Some(hash) = label(TEMPLATE_HASH) {
        // <deployment>-<hash>-<random>
        let replicaset = pod.rsplit_once('-')?.0;
        return without(replicaset, hash).and_then(|name| workload("Deployment", name));
    }
    if let Some(job) = JOB_NAMES.into_iter().find_map(&label) {
        return workload("Job", job);
    }
    let stem = pod.rsplit_once('-')?.0;
    if label(STATEFUL_NAME).is_some() {
        return workload("StatefulSet", stem);
    }
    label(REVISION_HASH).and_then(|_| workload("DaemonSet", stem))
}

/// `name` without "-" and `hash`.
fn without<'a>(name: &'a str, hash: &str) -> Option<&'a str> {
    let stem = name.strip_suffix(hash).filter(|_| !hash.is_empty())?;
    stem.strip_suffix('-').filter(|stem| !stem.is_empty())
}

#[cfg(test)]
mod tests {
    use objects::Owner;

    use super::*;

    fn shown(workload: Option<Workload>) -> String {
        workload.map_or(String::new(), |workload| format!("{}/{}", workload.kind, workload.name))
    }

    #[test]
    fn owners() {
        let check = |owners: &[(&str, &str, Option<bool>)], hash: &str, expected: &str| {
            let owners = owners.iter().map(|(kind, name, controller)| Owner {
                kind: Sym::new(kind),
                name: Sym::new(name),
                controller: *controller,
                ..Owner::default()
            });
            let labels = [(Sym::new(TEMPLATE_HASH), Sym::new(hash))];
            let meta = Meta { owners: owners.collect(), labels: labels.into(), ..Meta::default() };
            assert_eq!(shown(from_owners(&meta)), expected);
        };
        check(&[], "", "");
        check(&[("ReplicaSet", "web-5d4f7", Some(true))], "5d4f7", "Deployment/web");
        check(&[("ReplicaSet", "web-5d4f7", Some(true))], "", "ReplicaSet/web-5d4f7");
        check(&[("ReplicaSet", "web-5d4f7", Some(true))], "other", "ReplicaSet/web-5d4f7");
        check(&[("ReplicaSet", "-5d4f7", Some(true))], "5d4f7", "ReplicaSet/-5d4f7");
        check(&[("DaemonSet", "cni", Some(true))], "x", "DaemonSet/cni");
        check(&[("Node", "node-1", None)], "", "Node/node-1");
        check(&[("Other", "a", Some(false)), ("StatefulSet", "db", Some(true))], "", "StatefulSet/db");
    }

    #[test]
    fn labels_of_controllers() {
        let check = |pod: &str, labels: &[(&str, &str)], expected: &str| {
            let label = |name: &str| labels.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
            assert_eq!(shown(from_labels(pod, label)), expected, "{pod}");
        };
        check("web-5d4f7-abcde", &[(TEMPLATE_HASH, "5d4f7")], "Deployment/web");
        check("a-b-5d4f7-abcde", &[(TEMPLATE_HASH, "5d4f7")], "Deployment/a-b");
        check("renamed", &[(TEMPLATE_HASH, "5d4f7")], "");
        check("db-0", &[(REVISION_HASH, "db-7c"), (STATEFUL_NAME, "db-0")], "StatefulSet/db");
        check("cni-x7x7x", &[(REVISION_HASH, "7c")], "DaemonSet/cni");
        check("backup-1-abcde", &[("job-name", "backup-1")], "Job/backup-1");
        check("lonely", &[], "");
        check("lonely-pod", &[], "");
    }
}
