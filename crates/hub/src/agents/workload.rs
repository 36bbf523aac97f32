//! Which workload a pod belongs to: the Deployment rather than its ReplicaSet, the CronJob rather than its Job.

use objects::{Meta, Object, Owner, Resource, Sym, Text};

/// The label by which a Deployment tells its ReplicaSets apart; the ReplicaSet's name is the Deployment's and this.
const POD_TEMPLATE_HASH: &str = "pod-template-hash";

/// Kind and name; both empty for a pod that belongs to nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Workload {
    pub(crate) kind: String,
    pub(crate) name: String,
}

/// An object between a pod and its workload.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct OwnerKey {
    pub(crate) resource: Resource,
    pub(crate) namespace: Sym,
    pub(crate) name: Text,
}

/// The workload as far as it is known now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) workload: Workload,
    /// The object that would tell for sure.
    pub(crate) missing: Option<OwnerKey>,
}

/// The workload of the pod with this metadata.
pub(crate) fn of(pod: &Meta, find: impl Fn(&OwnerKey) -> Option<Object>) -> Answer {
    let Some(owner) = controller(pod) else { return Answer { workload: Workload::default(), missing: None } };
    let direct = Workload { kind: owner.kind.to_string(), name: owner.name.to_string() };
    let Some(key) = key(pod, owner) else { return Answer { workload: direct, missing: None } };
    // The UID too: a namesake that was made later is another object.
    match find(&key).filter(|found| found.meta().uid == owner.uid) {
        Some(found) => {
            let above = controller(found.meta());
            let workload =
                above.map(|above| Workload { kind: above.kind.to_string(), name: above.name.to_string() });
            Answer { workload: workload.unwrap_or(direct), missing: None }
        }
        None => Answer { workload: guess(pod, owner).unwrap_or(direct), missing: Some(key) },
    }
}

/// The owner that [`of`] may have named as missing.
pub(crate) fn unresolved(pod: &Meta) -> Option<OwnerKey> {
    key(pod, controller(pod)?)
}

/// What is right for every ReplicaSet that a Deployment made: mostly the ReplicaSet comes a moment later than its pod.
fn guess(pod: &Meta, owner: &Owner) -> Option<Workload> {
    let hash = pod.label(POD_TEMPLATE_HASH)?;
    let name = owner.name.strip_suffix(hash)?.strip_suffix('-')?;
    (owner.kind.as_str() == "ReplicaSet")
        .then(|| Workload { kind: "Deployment".to_owned(), name: name.to_owned() })
}

fn controller(meta: &Meta) -> Option<&Owner> {
    meta.owners.iter().find(|owner| owner.controller == Some(true))
}

fn key(pod: &Meta, owner: &Owner) -> Option<OwnerKey> {
    let resource = match owner.kind.as_str() {
        "ReplicaSet" => Resource::ReplicaSets,
        "Job" => Resource::Jobs,
        _ => return None,
    };
    Some(OwnerKey { resource, namespace: pod.namespace.clone(), name: owner.name.as_str().into() })
}
