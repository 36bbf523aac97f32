//! What a forecast is asked about.

use workload_profile::{Actor, Profile, RequestClass, WorkloadKind};

use crate::apf;
use crate::cluster::Cluster;
use crate::gates::Gates;
use crate::level::Level;
use crate::mode::Mode;
use crate::sizes::{Known, resource_name};
use crate::version::Nearest;

/// A workload and a cluster, with everything looked up that does not change with the number of nodes.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// The workload.
    pub profile: &'a Profile,
    /// The cluster.
    pub cluster: &'a Cluster,
    /// Its gates.
    pub gates: Gates,
    /// The version that rules, and whether it is the cluster's own.
    pub version: Nearest,
    level: Level,
    /// Classes with what is known of their resource.
    pub(crate) classes: Vec<(RequestClass, Known)>,
}

impl<'a> Question<'a> {
    /// Puts it together.
    #[must_use]
    pub fn new(profile: &'a Profile, cluster: &'a Cluster) -> Self {
        let version = cluster.version.nearest_known();
        let gates = Gates::of(version.version).with(&cluster.gates);
        let classes =
            profile.requests.iter().map(|class| (class.clone(), known(profile, cluster, class))).collect();
        Self {
            profile,
            cluster,
            gates,
            version,
            level: Level::of_workload(&profile.workload, &cluster.apiservers),
            classes,
        }
    }

    /// The same cluster with other requests: for advice.
    pub(crate) fn with_classes(&self, classes: Vec<RequestClass>) -> Self {
        let classes = classes.into_iter().map(|class| {
            let known = known(self.profile, self.cluster, &class);
            (class, known)
        });
        Self { classes: classes.collect(), ..self.clone() }
    }

    /// The same with another priority level.
    pub(crate) fn in_level(&self, level: Level) -> Self {
        Self { level, ..self.clone() }
    }

    /// The priority level that the workload's requests go to.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// Seats that APF takes for one request of a class while it runs; none where it does not count it.
    #[must_use]
    pub fn seats(&self, class: &RequestClass, known: &Known, nodes: f64) -> Option<u32> {
        let seats = self.all_seats(class, known, nodes, 0.0)?;
        u32::try_from(seats.initial).ok()
    }

    /// The same with those that a write keeps while its watchers get it.
    pub(crate) fn all_seats(
        &self,
        class: &RequestClass,
        known: &Known,
        nodes: f64,
        watchers: f64,
    ) -> Option<apf::Seats> {
        let average_bytes = Some(to_u64(known.stored_bytes));
        let stats = apf::ObjectStats { objects: to_u64(known.objects.at(nodes)), average_bytes };
        // A path that is no resource is unknown to the estimator, as is what an aggregated API keeps.
        let stats = (!class.resource.is_empty()).then_some(stats);
        apf::seats(class, stats, to_u64(watchers), &self.gates, self.level.limits.request_max)
    }

    /// Of all requests, the part that the busiest API server gets.
    pub(crate) fn busiest_part(&self, mode: Mode) -> f64 {
        let servers = &self.cluster.apiservers;
        servers.skew.unwrap_or(0.0).max(1.0 / f64::from(mode.servers(servers.count)))
    }

    /// Copies of the workload.
    pub(crate) fn copies(&self, nodes: f64) -> f64 {
        self.actors(Actor::Replica, nodes)
    }

    /// How many send such a request.
    #[must_use]
    pub fn actors(&self, actor: Actor, nodes: f64) -> f64 {
        match (actor, self.profile.workload.kind) {
            (Actor::Cluster, _) => 1.0,
            (Actor::Node, _) | (Actor::Replica, WorkloadKind::DaemonSet) => nodes,
            (Actor::Replica, _) => f64::from(self.profile.workload.replicas.unwrap_or(1)),
        }
    }
}

/// A resource that the cluster does not say grows from what was recorded, where that is known.
fn known(profile: &Profile, cluster: &Cluster, class: &RequestClass) -> Known {
    let name = resource_name(class);
    let mut known = Known::of(cluster, &name);
    if !known.guessed {
        return known;
    }
    let recorded = &profile.recorded;
    let seen = recorded.objects.get(&name).map(|objects| to_f64(*objects));
    let seen = seen.or_else(|| class.observed.as_ref().and_then(|observed| observed.objects));
    match (seen, recorded.cluster_nodes) {
        (Some(objects), Some(nodes)) if nodes > 0 => {
            known.objects = crate::Count::per_node(objects / f64::from(nodes))
        }
        (Some(objects), _) if known.objects == crate::Count::default() => {
            known.objects = crate::Count::fixed(objects)
        }
        _ => {}
    }
    known
}

#[expect(clippy::cast_precision_loss, reason = "numbers of objects: far below 2^52")]
fn to_f64(number: u64) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of objects and bytes: not negative, below 2^52"
)]
fn to_u64(number: f64) -> u64 {
    number.max(0.0).round() as u64
}
