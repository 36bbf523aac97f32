//! What holds for any objects: rendering does not panic, its output can be read, and no series is there twice.

use std::sync::Arc;

use exposition::{Format, Limits, parse};
use objects::meta::{Condition, Meta, Owner, Status3};
use objects::node::{Namespace, Node, Taint};
use objects::pod::*;
use objects::workload::{DaemonSet, Deployment, Job, ReplicaSet, StatefulSet};
use objects::{IntOrString, Object, Quantity, Resource, Shared, Sym};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::{AllowList, FamilyFilter, Options, Scrape};

fn sym() -> impl Strategy<Value = Sym> + Clone {
    "[a-zA-Z0-9\"\\\\\n./é_-]{0,8}".prop_map(|text| Sym::from(text.as_str()))
}

/// What the API keeps unique within an object is unique here.
fn unique<T: Clone + std::fmt::Debug>(
    items: impl Strategy<Value = T>,
    name: impl Fn(&mut T, usize) + Clone,
) -> impl Strategy<Value = Vec<T>> {
    vec(items, 0..4).prop_map(move |mut items| {
        items.iter_mut().enumerate().for_each(|(at, item)| name(item, at));
        items
    })
}

fn numbered(text: &Sym, at: usize) -> Sym {
    Sym::from(format!("{text}{at}").as_str())
}

fn pairs() -> impl Strategy<Value = Shared<(Sym, Sym)>> {
    prop::collection::btree_map("[a-cA-C1_./-]{0,3}", sym(), 0..6)
        .prop_map(|pairs| pairs.into_iter().map(|(key, value)| (Sym::from(key.as_str()), value)).collect())
}

/// The names differ in what is left of them in a label, as they do in any cluster.
fn resources() -> impl Strategy<Value = Resources> {
    let name = prop::sample::select(vec![
        "cpu",
        "memory",
        "pods",
        "nvidia.com/gpu",
        "hugepages-1Gi",
        "odd",
        "a/b/c",
    ]);
    let quantity = "([0-9]{1,12}(\\.[0-9]{1,3})?(m|Ki|Gi|E|n)?|.{0,4})";
    prop::collection::btree_map(name, quantity, 0..4).prop_map(|pairs| {
        pairs.into_iter().map(|(name, text)| (Sym::from(name), Quantity(Sym::from(text.as_str())))).collect()
    })
}

fn owner() -> impl Strategy<Value = Owner> {
    let name = prop::sample::select(vec!["", "a", "b"]).prop_map(Sym::from);
    (name.clone(), name, any::<Option<bool>>()).prop_map(|(kind, name, controller)| Owner {
        kind,
        name,
        uid: "u".into(),
        controller,
    })
}

fn meta() -> impl Strategy<Value = Meta> {
    let times = (any::<i64>(), any::<Option<i64>>(), any::<i64>());
    (sym(), times, vec(owner(), 0..3), pairs(), pairs()).prop_map(
        |(name, (created, deleted, generation), owners, labels, annotations)| Meta {
            namespace: name.clone(),
            name: name.as_str().into(),
            uid: "u".into(),
            generation,
            created,
            deleted,
            owners: owners.into(),
            labels,
            annotations,
            ..Meta::default()
        },
    )
}

fn condition() -> impl Strategy<Value = Condition> {
    let kinds = vec!["Ready", "PodScheduled", "DisruptionTarget", "Failed", "Complete", "Suspended", "X"];
    let status = prop::sample::select(vec![Status3::True, Status3::False, Status3::Unknown]);
    (prop::sample::select(kinds), status, sym(), any::<i64>())
        .prop_map(|(kind, status, reason, since)| Condition { kind: Sym::from(kind), status, reason, since })
}

fn state() -> impl Strategy<Value = ContainerState> {
    prop_oneof![
        Just(ContainerState::Unset),
        sym().prop_map(|reason| ContainerState::Waiting { reason }),
        any::<i64>().prop_map(|started| ContainerState::Running { started }),
        (sym(), any::<i32>(), any::<i64>(), any::<i64>()).prop_map(
            |(reason, exit_code, started, finished)| {
                ContainerState::Terminated(Box::new(Terminated {
                    reason,
                    exit_code,
                    signal: 0,
                    started,
                    finished,
                }))
            }
        ),
    ]
}

fn containers() -> impl Strategy<Value = Vec<Container>> {
    let container = (sym(), resources(), resources()).prop_map(|(name, requests, limits)| Container {
        name,
        requests,
        limits,
        ..Container::default()
    });
    unique(container, |container, at| container.name = numbered(&Sym::default(), at))
}

fn statuses() -> impl Strategy<Value = Vec<ContainerStatus>> {
    let status = (sym(), state(), state(), any::<i32>()).prop_map(|(image, state, last_state, restarts)| {
        ContainerStatus { image, state, last_state, restarts, ..ContainerStatus::default() }
    });
    unique(status, |status, at| status.name = numbered(&Sym::default(), at))
}

fn pod() -> impl Strategy<Value = Pod> {
    let toleration = (sym(), any::<Option<i64>>()).prop_map(|(key, seconds)| Toleration {
        key,
        seconds,
        ..Toleration::default()
    });
    let claim = (sym(), any::<bool>()).prop_map(|(volume, ephemeral)| VolumeClaim {
        volume,
        ephemeral,
        ..VolumeClaim::default()
    });
    let claims = unique(claim, |claim, at| claim.volume = numbered(&claim.volume, at));
    let resource_claim = sym().prop_map(|name| ResourceClaim { name, ..ResourceClaim::default() });
    let resource_claims = unique(resource_claim, |claim, at| claim.name = numbered(&claim.name, at));
    let ips = prop::collection::btree_set("([0-9a-f:.%]{0,12}|10\\.0\\.0\\.[0-9])", 0..3);
    let spec =
        (vec(toleration, 0..3), claims, resource_claims, containers(), containers(), resources(), pairs());
    let status = (statuses(), statuses(), vec(condition(), 0..4), ips, sym(), sym(), any::<Option<i64>>());
    (meta(), spec, status).prop_map(|(meta, spec, status)| {
        let (tolerations, claims, resource_claims, containers, init_containers, overhead, node_selector) =
            spec;
        let (container_statuses, init_container_statuses, conditions, ips, phase, reason, start_time) =
            status;
        Pod {
            meta,
            tolerations: tolerations.into(),
            claims: claims.into(),
            resource_claims: resource_claims.into(),
            containers: containers.into(),
            init_containers: init_containers.into(),
            overhead,
            node_selector,
            container_statuses: container_statuses.into(),
            init_container_statuses: init_container_statuses.into(),
            conditions: conditions.into(),
            pod_ips: ips.into_iter().map(Into::into).collect(),
            runtime_class: phase.clone(),
            qos_class: phase.clone(),
            phase,
            reason,
            start_time,
            ..Pod::default()
        }
    })
}

fn node() -> impl Strategy<Value = Node> {
    let taint = sym().prop_map(|key| Taint { key, ..Taint::default() });
    let taints = unique(taint, |taint, at| taint.key = numbered(&taint.key, at));
    let cidrs = unique(sym(), |cidr, at| *cidr = numbered(cidr, at));
    let address = prop::sample::select(vec!["InternalIP", "Hostname"]).prop_map(Sym::from);
    let addresses = vec((address, sym()), 0..4);
    let parts = (taints, cidrs, addresses, resources(), vec(condition(), 0..4));
    (meta(), parts).prop_map(|(meta, (taints, cidrs, addresses, capacity, conditions))| Node {
        meta,
        taints: taints.into(),
        pod_cidrs: cidrs.into(),
        addresses: addresses.into(),
        allocatable: capacity.clone(),
        capacity,
        conditions: conditions.into(),
        ..Node::default()
    })
}

fn limit() -> impl Strategy<Value = Option<IntOrString>> {
    let text = "[0-9]{0,9}%?".prop_map(|text| IntOrString::Text(Sym::from(text.as_str())));
    prop::option::of(prop_oneof![any::<i32>().prop_map(IntOrString::Int), text])
}

fn deployment() -> impl Strategy<Value = Deployment> {
    (meta(), any::<Option<i32>>(), limit(), limit(), vec(condition(), 0..4)).prop_map(
        |(meta, replicas, max_unavailable, max_surge, conditions)| Deployment {
            meta,
            replicas,
            max_unavailable,
            max_surge,
            conditions: conditions.into(),
            ..Deployment::default()
        },
    )
}

fn job() -> impl Strategy<Value = Job> {
    (meta(), any::<i32>(), any::<Option<i64>>(), vec(condition(), 0..4)).prop_map(
        |(meta, failed, active_deadline_seconds, conditions)| Job {
            meta,
            failed,
            active_deadline_seconds,
            conditions: conditions.into(),
            ..Job::default()
        },
    )
}

/// Three objects of each kind; no key twice.
fn cluster() -> impl Strategy<Value = Vec<(Resource, Vec<Object>)>> {
    let named = |meta: &mut Meta, at: usize| meta.name = format!("{}{at}", meta.name).into();
    let pods = unique(pod(), move |pod, at| named(&mut pod.meta, at));
    let nodes = unique(node(), move |node, at| named(&mut node.meta, at));
    let deployments = unique(deployment(), move |deployment, at| named(&mut deployment.meta, at));
    let jobs = unique(job(), move |job, at| named(&mut job.meta, at));
    let metas = unique(meta(), named);
    (pods, nodes, deployments, jobs, metas).prop_map(|(pods, nodes, deployments, jobs, metas)| {
        let of_metas = |make: fn(Meta) -> Object| metas.iter().cloned().map(make).collect();
        let daemon_set = |meta| Object::DaemonSet(Arc::new(DaemonSet { meta, ..DaemonSet::default() }));
        let replica_set = |meta| Object::ReplicaSet(Arc::new(ReplicaSet { meta, ..ReplicaSet::default() }));
        let stateful_set =
            |meta| Object::StatefulSet(Arc::new(StatefulSet { meta, ..StatefulSet::default() }));
        let namespace = |meta| Object::Namespace(Arc::new(Namespace { meta, ..Namespace::default() }));
        vec![
            (Resource::Pods, pods.into_iter().map(|pod| Object::Pod(Arc::new(pod))).collect()),
            (Resource::Nodes, nodes.into_iter().map(|node| Object::Node(Arc::new(node))).collect()),
            (
                Resource::Deployments,
                deployments.into_iter().map(|d| Object::Deployment(Arc::new(d))).collect(),
            ),
            (Resource::Jobs, jobs.into_iter().map(|job| Object::Job(Arc::new(job))).collect()),
            (Resource::DaemonSets, of_metas(daemon_set)),
            (Resource::ReplicaSets, of_metas(replica_set)),
            (Resource::StatefulSets, of_metas(stateful_set)),
            (Resource::Namespaces, of_metas(namespace)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_cluster_can_be_read(parts in cluster(), openmetrics in any::<bool>()) {
        let format = if openmetrics { Format::OpenMetrics } else { Format::Text };
        let all = || AllowList::parse("*=[*]").unwrap();
        let opt_in = FamilyFilter::list("kube_.*").unwrap();
        let families = FamilyFilter { opt_in, ..FamilyFilter::default() };
        let options = Arc::new(Options { format, labels: all(), annotations: all(), families });
        let pieces: Vec<_> = Scrape::new(parts, options).collect();
        let text = String::from_utf8(pieces.concat()).unwrap();
        // Strict: a series that is there twice, a label that is there twice and a name that is no name are errors.
        if let Err(error) = parse(&text, format, Limits::default()) {
            let line = text.lines().nth(error.line - 1).unwrap_or_default();
            prop_assert!(false, "{error}: {line}");
        }
    }
}
