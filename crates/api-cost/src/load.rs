//! What the API servers and etcd bear at a number of nodes.

use workload_profile::{RequestClass, ResourceVersion, Returns, Trigger, Verb};

use crate::coefficients::Coefficients;
use crate::mode::Mode;
use crate::question::Question;
use crate::read_path::{ReadPath, is_indexed};
use crate::sizes::{Known, resource_name};
use crate::work::{LIVE_SHARE, Situation, Work, event_bytes, event_cpu, is_write, work};

/// A watch whose renewal was not seen: kube-apiserver ends it after 30 to 60 minutes (`--min-request-timeout`).
const RENEW_SECONDS: f64 = 2700.0;
/// Each node renews its Lease every 10 s and reports its status every 5 min (kubelet's defaults).
pub(crate) const LEASE_SECONDS: f64 = 10.0;
const STATUS_SECONDS: f64 = 300.0;
/// Who watches a cluster's nodes and leases anyway: controller manager, scheduler, a handful of controllers.
const USUAL_WATCHERS: f64 = 5.0;
/// An API server without objects.
const EMPTY_SERVER_BYTES: f64 = 600e6;
/// Go's collector lets the heap grow to twice what is live (GOGC=100).
pub(crate) const HEAP_GROWTH: f64 = 2.0;
/// A server that is almost full answers this much later than an idle one, at most: beyond it, the CPU's limit rules.
const STRETCH_MAX: f64 = 20.0;

/// What is borne, summed over all API servers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Load {
    /// CPU seconds a second for the workload.
    pub(crate) workload_cores: f64,
    /// Without it.
    pub(crate) base_cores: f64,
    /// Of etcd, for reads: any member answers.
    pub(crate) etcd_read_cores: f64,
    /// Of etcd, for writes: each member does all.
    pub(crate) etcd_write_cores: f64,
    /// Bytes a second that leave.
    pub(crate) bytes_per_second: f64,
    /// Resident bytes of one API server, without what requests need.
    pub(crate) resident_bytes: f64,
    /// Bytes that are allocated for requests in flight, were the server idle.
    pub(crate) in_flight_bytes: f64,
    /// Seats that are taken at a time, were the server idle.
    pub(crate) seats: f64,
    /// Part of the time for which the watch cache is locked.
    pub(crate) locked: f64,
    /// Requests a second.
    pub(crate) requests_per_second: f64,
}

/// Everything at that many nodes in that mode.
pub(crate) fn load(question: &Question<'_>, of: &Coefficients, nodes: f64, mode: Mode) -> Load {
    let mut sum = base(question, of, nodes);
    for (class, known) in &question.classes {
        add_class(&mut sum, question, of, nodes, mode, class, known);
    }
    sum
}

/// How much longer a request takes on a server that is this busy: processor sharing.
pub(crate) fn stretch(busy: f64) -> f64 {
    (1.0 / (1.0 - busy.min(0.999))).min(STRETCH_MAX)
}

/// Requests a second of a class, and those that only go on with a watch.
pub(crate) fn rates(question: &Question<'_>, class: &RequestClass, nodes: f64, mode: Mode) -> (f64, f64) {
    let servers = question.cluster.apiservers.count;
    let copies = question.actors(class.actor, nodes);
    let asked = match class.on {
        Trigger::Startup => mode.starts_per_second(copies, servers) * class.count,
        Trigger::Period => {
            class.every.map_or(0.0, |every| copies * class.count / every.as_seconds().max(1e-3))
        }
        Trigger::Event => copies * class.count * events_per_second(question, class, nodes),
    };
    if class.verb != Verb::Watch {
        return (asked, 0.0);
    }
    let renewed = copies / class.renew.map_or(RENEW_SECONDS, |renew| renew.mean_seconds().max(1.0));
    (asked, renewed + mode.resumed_per_second(copies, servers))
}

fn events_per_second(question: &Question<'_>, class: &RequestClass, nodes: f64) -> f64 {
    let changes = class.event.as_ref().and_then(|event| {
        let changes = question.cluster.resources.get(&event.resource)?.changes_per_second?.at(nodes);
        Some(if event.own_node { changes / nodes.max(1.0) } else { changes })
    });
    changes.or_else(|| class.every.map(|every| 1.0 / every.as_seconds().max(1e-3))).unwrap_or(0.0)
}

fn add_class(
    sum: &mut Load,
    question: &Question<'_>,
    of: &Coefficients,
    nodes: f64,
    mode: Mode,
    class: &RequestClass,
    known: &Known,
) {
    let (asked, resumed) = rates(question, class, nodes, mode);
    let watchers = watchers(question, class, nodes);
    let at = Situation { coefficients: of, gates: &question.gates, nodes, cache: mode.cache(), watchers };
    let one = work(class, known, &at);
    add(sum, question, class, known, &one, asked, nodes);
    if class.verb != Verb::Watch {
        return;
    }
    let resumes = RequestClass {
        send_initial_events: false,
        resource_version: ResourceVersion::Recent,
        ..class.clone()
    };
    add(sum, question, &resumes, known, &work(&resumes, known, &at), resumed, nodes);
    add_events(sum, question, of, nodes, class, known);
}

fn add(
    sum: &mut Load,
    question: &Question<'_>,
    class: &RequestClass,
    known: &Known,
    one: &Work,
    per_second: f64,
    nodes: f64,
) {
    sum.requests_per_second += per_second;
    sum.workload_cores += per_second * one.apiserver_cpu_seconds;
    match is_write(class.verb) {
        true => sum.etcd_write_cores += per_second * one.etcd_cpu_seconds,
        false => sum.etcd_read_cores += per_second * one.etcd_cpu_seconds,
    }
    sum.bytes_per_second += per_second * one.response_bytes;
    let seconds =
        one.apiserver_cpu_seconds + one.response_bytes / question.cluster.apiservers.network_bytes_per_second;
    sum.in_flight_bytes += per_second * seconds * one.allocated_bytes * LIVE_SHARE;
    let seats = question.seats(class, known, nodes).unwrap_or(0);
    // A watch gives its seats back when it has begun.
    sum.seats += per_second * seconds * f64::from(seats);
    if one.path == ReadPath::WatchList {
        sum.locked += per_second * one.lock_seconds;
    }
}

/// Changes that open watches get.
fn add_events(
    sum: &mut Load,
    question: &Question<'_>,
    of: &Coefficients,
    nodes: f64,
    class: &RequestClass,
    known: &Known,
) {
    let name = resource_name(class);
    let declared = question.cluster.resources.get(&name).and_then(|resource| resource.changes_per_second);
    let copies = question.actors(class.actor, nodes);
    let objects = known.objects.at(nodes).max(1.0);
    let seen = class.observed.as_ref().and_then(|observed| observed.events_per_second);
    let (all, matching) = match (declared, seen) {
        (Some(changes), _) => {
            let all = changes.at(nodes);
            let matching = match class.returns {
                Returns::All => all,
                Returns::PerNode => all / nodes.max(1.0),
                Returns::Share(share) => all * share,
                Returns::Count(count) => all * (count / objects).min(1.0),
            };
            (all, matching)
        }
        // What one watch of all objects saw grows with the objects; what one of a node's saw does not.
        (None, Some(seen)) => {
            let recorded = question.profile.recorded.cluster_nodes.map_or(1.0, f64::from);
            let grows = matches!(class.returns, Returns::All | Returns::Share(_));
            let matching = if grows { seen * nodes / recorded.max(1.0) } else { seen };
            (matching, matching)
        }
        (None, None) => (0.0, 0.0),
    };
    let (delivered, dropped) = event_cpu(class, known, of);
    // An index, a name and a namespace lead a change to its watchers; a selector is tried by each.
    let tried = class.label_selector.is_some() || (class.field_selector.is_some() && !is_indexed(class));
    let lost = if tried { all - matching } else { 0.0 };
    sum.workload_cores += copies * matching.mul_add(delivered, lost * dropped);
    sum.bytes_per_second += copies * matching * event_bytes(class, known);
}

/// Who gets a change of what this class writes.
pub(crate) fn watchers(question: &Question<'_>, class: &RequestClass, nodes: f64) -> f64 {
    if !is_write(class.verb) {
        return 0.0;
    }
    let name = resource_name(class);
    let others = question
        .cluster
        .resources
        .get(&name)
        .and_then(|resource| resource.watchers)
        .map_or(0.0, |watchers| watchers.at(nodes));
    let own = question
        .classes
        .iter()
        .filter(|(other, _)| other.verb == Verb::Watch && resource_name(other) == name);
    let own: f64 = own
        .map(|(other, _)| match other.returns {
            Returns::All => question.actors(other.actor, nodes),
            Returns::PerNode => 1.0,
            Returns::Share(share) => share * question.actors(other.actor, nodes),
            Returns::Count(_) => 0.0,
        })
        .sum();
    others + own
}

/// The cluster without the workload.
fn base(question: &Question<'_>, of: &Coefficients, nodes: f64) -> Load {
    let cluster = question.cluster;
    let mut stored = 0.0;
    for name in cluster.resources.keys() {
        let known = Known::of(cluster, name);
        stored += known.objects.at(nodes) * known.stored_bytes;
    }
    for (name, known) in question.unlisted() {
        stored += if cluster.resources.contains_key(&name) {
            0.0
        } else {
            known.objects.at(nodes) * known.stored_bytes
        };
    }
    let lease = Known::of(cluster, "leases.coordination.k8s.io");
    let node = Known::of(cluster, "nodes");
    let writes_per_second = nodes / LEASE_SECONDS + nodes / STATUS_SECONDS;
    let usual = nodes / LEASE_SECONDS * usual_write_cpu(of, &lease)
        + nodes / STATUS_SECONDS * usual_write_cpu(of, &node)
        + f64::from(cluster.apiservers.count) * of.idle_per_stored_gigabyte * stored / 1e9;
    Load {
        base_cores: cluster.base_cpu.map_or(usual, |declared| declared.at(nodes)),
        etcd_write_cores: writes_per_second * of.etcd_cpu_write,
        resident_bytes: stored.mul_add(of.resident_per_stored_byte, EMPTY_SERVER_BYTES),
        ..Load::default()
    }
}

/// CPU of a write of the cluster's own that the usual watchers get.
pub(crate) fn usual_write_cpu(of: &Coefficients, known: &Known) -> f64 {
    let event = known.stored_bytes.mul_add(of.event_byte, of.event);
    of.request + of.write + known.stored_bytes * of.write_byte + USUAL_WATCHERS * event
}

impl Question<'_> {
    fn unlisted(&self) -> std::collections::BTreeMap<String, Known> {
        self.classes
            .iter()
            .filter(|(class, _)| !class.resource.is_empty())
            .map(|(class, known)| (resource_name(class), *known))
            .collect()
    }
}
