//! What to change, and what each change is worth.

use serde::Serialize;
use workload_profile::{Accept, Actor, RequestClass, ResourceVersion, Returns, Trigger, Verb};

use crate::coefficients::Coefficients;
use crate::gates::{Gate, Gates};
use crate::level::Level;
use crate::load::load;
use crate::load_line::central;
use crate::mode::Mode;
use crate::question::Question;
use crate::read_path::{CacheState, ReadPath, is_indexed, route};

/// What a change has to win to be worth a line: a twentieth of the workload's CPU, or of the load line.
const WORTH: f64 = 0.05;

/// One change.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Advice {
    /// What to do.
    pub what: &'static str,
    /// To which classes.
    pub classes: Vec<String>,
    /// The workload's steady CPU afterwards, of what it is now.
    pub cpu_factor: f64,
    /// The highest load of the API servers afterwards, of what it is now, where it differs from that: all that ask in the same
    /// moment against the same requests spread over the period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_factor: Option<f64>,
    /// The load line afterwards, nodes.
    pub load_line: f64,
}

/// What becomes of a class: itself (`None`), or these.
type Change = fn(&RequestClass, &Gates) -> Option<Vec<RequestClass>>;

const CHANGES: [(&str, Change); 8] = [
    ("read the node's pods from its own kubelet (Pods API) instead of the API server", from_kubelet),
    ("let one copy ask for all nodes and tell the others (as a hub does)", one_for_all),
    ("ask for the node's own pods only: fieldSelector=spec.nodeName=$NODE with resourceVersion=0", own_node),
    (
        "on this version a watch-list ignores the spec.nodeName index: LIST with resourceVersion=0, then watch",
        list_then_watch,
    ),
    ("say resourceVersion=0: the cache answers instead of etcd", from_cache),
    ("ask for metadata only (PartialObjectMetadata)", metadata_only),
    ("ask for protobuf", protobuf),
    ("ask a fifth as often", fifth),
];

/// What is worth doing at that many nodes, the best first.
pub(crate) fn advice(question: &Question<'_>, of: &Coefficients, nodes: f64) -> Vec<Advice> {
    let now = load(question, of, nodes, Mode::Steady).workload_cores;
    let (line, ..) = central(question, of);
    let mut found: Vec<Advice> = CHANGES
        .iter()
        .filter_map(|(what, change)| changed(question, of, nodes, now, line, what, *change))
        .collect();
    found.extend(leave_control_plane(question, of, line));
    found.sort_by(|one, other| {
        other.load_line.total_cmp(&one.load_line).then(one.cpu_factor.total_cmp(&other.cpu_factor))
    });
    found.extend(jitter(question, of, nodes, line));
    found
}

fn changed(
    question: &Question<'_>,
    of: &Coefficients,
    nodes: f64,
    now: f64,
    line: f64,
    what: &'static str,
    change: Change,
) -> Option<Advice> {
    let mut classes = Vec::new();
    let mut names = Vec::new();
    for (class, _) in &question.classes {
        match change(class, &question.gates) {
            Some(instead) => {
                names.push(class.id.clone());
                classes.extend(instead);
            }
            None => classes.push(class.clone()),
        }
    }
    if names.is_empty() {
        return None;
    }
    let after = question.with_classes(classes);
    let cores = load(&after, of, nodes, Mode::Steady).workload_cores;
    let (load_line, ..) = central(&after, of);
    let cpu_factor = if now > 0.0 { cores / now } else { 1.0 };
    let worth = cpu_factor < 1.0 - WORTH || load_line > line * (1.0 + WORTH);
    let worse = cpu_factor > 1.0 + WORTH || load_line < line * (1.0 - WORTH);
    (worth && !worse).then_some(Advice { what, classes: names, cpu_factor, peak_factor: None, load_line })
}

fn leave_control_plane(question: &Question<'_>, of: &Coefficients, line: f64) -> Option<Advice> {
    if !question.level().is_control_planes() {
        return None;
    }
    let elsewhere = question.in_level(Level::named("workload-low", &question.cluster.apiservers));
    let (load_line, ..) = central(&elsewhere, of);
    Some(Advice {
        what: "leave kube-system: there the workload has the priority level of the controller manager and the scheduler",
        classes: Vec::new(),
        cpu_factor: 1.0,
        peak_factor: None,
        load_line: load_line.max(line),
    })
}

fn jitter(question: &Question<'_>, of: &Coefficients, nodes: f64, line: f64) -> Option<Advice> {
    let together = |class: &RequestClass| {
        class.on == Trigger::Period
            && class.actor == Actor::Node
            && class.jitter.is_none_or(|jitter| jitter.as_seconds() <= 0.0)
    };
    let classes: Vec<&RequestClass> =
        question.classes.iter().map(|(class, _)| class).filter(|class| together(class)).collect();
    if classes.is_empty() {
        return None;
    }
    // In the worst moment the servers are full; spread over the period they are as busy as in the mean.
    let spread = load(question, of, nodes, Mode::Steady);
    let all = f64::from(question.cluster.apiservers.count) * question.cluster.apiservers.cores;
    Some(Advice {
        what: "spread the requests over the period (jitter as long as the period): at present all nodes ask in the same moment",
        classes: classes.iter().map(|class| class.id.clone()).collect(),
        cpu_factor: 1.0,
        peak_factor: Some(((spread.workload_cores + spread.base_cores) / all).min(1.0)),
        load_line: line,
    })
}

fn is_read(class: &RequestClass) -> bool {
    matches!(class.verb, Verb::List | Verb::Watch)
}

fn pods_of_nodes(class: &RequestClass) -> bool {
    class.actor == Actor::Node
        && class.resource == "pods"
        && class.group.is_empty()
        && is_read(class)
        && class.subresource.is_none()
}

fn from_kubelet(class: &RequestClass, _: &Gates) -> Option<Vec<RequestClass>> {
    pods_of_nodes(class).then(Vec::new)
}

fn one_for_all(class: &RequestClass, _: &Gates) -> Option<Vec<RequestClass>> {
    let wide = class.actor == Actor::Node
        && is_read(class)
        && matches!(class.returns, Returns::All | Returns::Share(_));
    wide.then(|| vec![RequestClass { actor: Actor::Cluster, ..class.clone() }])
}

fn own_node(class: &RequestClass, _: &Gates) -> Option<Vec<RequestClass>> {
    let wide = pods_of_nodes(class) && !is_indexed(class) && !class.namespaced;
    wide.then(|| {
        let selector = Some("spec.nodeName=$NODE".to_owned());
        let resource_version =
            if class.verb == Verb::List { ResourceVersion::Zero } else { class.resource_version };
        let limit = None;
        vec![RequestClass {
            field_selector: selector,
            resource_version,
            limit,
            returns: Returns::PerNode,
            observed: None,
            ..class.clone()
        }]
    })
}

fn list_then_watch(class: &RequestClass, gates: &Gates) -> Option<Vec<RequestClass>> {
    let scans = class.verb == Verb::Watch
        && class.send_initial_events
        && is_indexed(class)
        && !gates.on(Gate::WatchListUsesIndex);
    scans.then(|| {
        let list = RequestClass {
            verb: Verb::List,
            send_initial_events: false,
            resource_version: ResourceVersion::Zero,
            resource_version_match: None,
            renew: None,
            ..class.clone()
        };
        let watch = RequestClass {
            send_initial_events: false,
            resource_version: ResourceVersion::Recent,
            ..class.clone()
        };
        vec![list, watch]
    })
}

fn from_cache(class: &RequestClass, gates: &Gates) -> Option<Vec<RequestClass>> {
    let way = |class: &RequestClass| route(class, gates, CacheState::Fresh).path;
    let from_etcd = matches!(way(class), ReadPath::EtcdScan | ReadPath::EtcdPage | ReadPath::EtcdGet);
    if !from_etcd || class.continues {
        return None;
    }
    let cached = RequestClass {
        resource_version: ResourceVersion::Zero,
        resource_version_match: None,
        limit: None,
        ..class.clone()
    };
    let helps = !matches!(way(&cached), ReadPath::EtcdScan | ReadPath::EtcdPage | ReadPath::EtcdGet);
    helps.then(|| vec![cached])
}

fn metadata_only(class: &RequestClass, _: &Gates) -> Option<Vec<RequestClass>> {
    let accept = match class.accept {
        Accept::Json | Accept::Table | Accept::Yaml => Accept::MetadataJson,
        Accept::Protobuf | Accept::Cbor => Accept::MetadataProtobuf,
        Accept::MetadataJson | Accept::MetadataProtobuf => return None,
    };
    is_read(class).then(|| vec![RequestClass { accept, observed: None, ..class.clone() }])
}

fn protobuf(class: &RequestClass, _: &Gates) -> Option<Vec<RequestClass>> {
    // Custom resources have no protobuf. Kubernetes' own groups have no dot, or end so.
    let built_in = !class.group.contains('.') || class.group.ends_with(".k8s.io");
    let accept = match class.accept {
        Accept::Json if built_in => Accept::Protobuf,
        Accept::MetadataJson => Accept::MetadataProtobuf,
        _ => return None,
    };
    is_read(class).then(|| vec![RequestClass { accept, observed: None, ..class.clone() }])
}

fn fifth(class: &RequestClass, _: &Gates) -> Option<Vec<RequestClass>> {
    let often = class.on == Trigger::Period && is_read(class);
    often.then(|| vec![RequestClass { count: class.count / 5.0, ..class.clone() }])
}
