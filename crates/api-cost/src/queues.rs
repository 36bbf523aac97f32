//! What APF does to a workload's requests, and to those of the cluster itself, at a number of nodes: simulated, not estimated.

use serde::Serialize;
use workload_profile::{Actor, RequestClass};

use crate::apf::{
    Crowd, FlowSchema, PriorityLevel, Seats, Server, Stream, User, Wait, crowd, flow_hash, user_name,
};
use crate::coefficients::Coefficients;
use crate::load::{LEASE_SECONDS, load, rates, usual_write_cpu, watchers};
use crate::mode::Mode;
use crate::question::Question;
use crate::sizes::Known;
use crate::work::{Situation, work};

/// Modes that are simulated: the usual one and those in which all come at once.
const MODES: [Mode; 3] = [Mode::Steady, Mode::Install, Mode::RestartAll];
/// For how long steady arrivals come, seconds: twelve periods of borrowing.
const STEADY_SECONDS: f64 = 120.0;
/// Flows of one stream that are told apart: more than there are queues, so that a larger number changes nothing.
const FLOWS_MAX: usize = 4096;
/// The controller manager and the scheduler renew their leases every two seconds each.
const LEADERS_PER_SECOND: f64 = 1.0;
/// A write waits for etcd's disks.
const WRITE_SECONDS: f64 = 0.002;
/// CPU that is left for requests at least, where the rest of the load leaves none.
const CORES_PART_MIN: f64 = 0.02;

const ONE_SEAT: Seats = Seats { initial: 1, last: 0, last_microseconds: 0 };

/// What one kind of request meets.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Met {
    /// A class of the workload, or `node leases` or `leader election`.
    pub who: String,
    /// Its priority level.
    pub level: &'static str,
    /// Waits and rejects.
    #[serde(flatten)]
    pub wait: Wait,
}

/// Waits and rejects in one mode, on the busiest API server.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModeQueues {
    /// In which.
    pub mode: Mode,
    /// Each kind of request.
    pub met: Vec<Met>,
}

/// All of it at that many nodes. The same seed gives the same answer.
pub(crate) fn queues(question: &Question<'_>, of: &Coefficients, nodes: f64, seed: u64) -> Vec<ModeQueues> {
    let one = |mode| Some(ModeQueues { mode, met: meet(question, of, nodes, mode, seed)? });
    MODES.into_iter().filter_map(one).collect()
}

/// A moment that is simulated.
struct Scene<'a> {
    question: &'a Question<'a>,
    of: &'a Coefficients,
    nodes: f64,
    mode: Mode,
    /// Of all requests that the busiest server gets.
    part: f64,
    levels: Vec<PriorityLevel>,
}

/// One row of the answer, before it is known.
struct Kind {
    who: String,
    level: &'static str,
    stream: Stream,
}

fn meet(question: &Question<'_>, of: &Coefficients, nodes: f64, mode: Mode, seed: u64) -> Option<Vec<Met>> {
    let part = question.busiest_part(mode);
    let scene = Scene { question, of, nodes, mode, part, levels: PriorityLevel::defaults() };
    let servers = &question.cluster.apiservers;
    let server = Server::new(&scene.levels, u64::from(servers.seats()), 0).ok()?;
    let mut kinds = vec![scene.node_leases(), scene.leader_election()];
    kinds.extend(question.classes.iter().map(|(class, known)| scene.class(class, known)));
    let crowded = Crowd {
        server,
        cores: scene.cores_for(&kinds),
        request_timeout_seconds: servers.request_timeout_seconds,
        streams: kinds.iter().map(|kind| kind.stream.clone()).collect(),
        seconds: mode.storm_seconds(question.copies(nodes)).unwrap_or(STEADY_SECONDS),
    };
    let waits = crowd(crowded, seed);
    let met = kinds.into_iter().zip(waits).map(|(kind, wait)| Met { who: kind.who, level: kind.level, wait });
    Some(met.collect())
}

impl Scene<'_> {
    fn node_leases(&self) -> Kind {
        let flow = |node: usize| flow_hash("system-node-high", &format!("system:node:node-{node}"));
        let flows = (0..flows(self.nodes)).map(flow).collect();
        let per_second = self.nodes / LEASE_SECONDS * self.part;
        self.leases("node leases", "node-high", flows, per_second)
    }

    fn leader_election(&self) -> Kind {
        let users = ["system:kube-controller-manager", "system:kube-scheduler"];
        let flows = users.into_iter().map(|user| flow_hash("system-leader-election", user)).collect();
        self.leases("leader election", "leader-election", flows, LEADERS_PER_SECOND)
    }

    fn leases(&self, who: &str, level: &'static str, flows: Vec<u64>, per_second: f64) -> Kind {
        let known = Known::of(self.question.cluster, "leases.coordination.k8s.io");
        let stream = Stream {
            level: self.level(level),
            flows,
            seats: ONE_SEAT,
            per_second,
            cpu_seconds: usual_write_cpu(self.of, &known),
            other_seconds: WRITE_SECONDS,
        };
        Kind { who: who.to_owned(), level, stream }
    }

    fn class(&self, class: &RequestClass, known: &Known) -> Kind {
        let Self { question, of, nodes, mode, .. } = *self;
        let name = user_name(&question.profile.workload);
        let schema = FlowSchema::of(User(&name), class);
        let watchers = watchers(question, class, nodes);
        let at = Situation { coefficients: of, gates: &question.gates, nodes, cache: mode.cache(), watchers };
        let one = work(class, known, &at);
        let copies = if class.actor == Actor::Node && User(&name).is_node() { flows(nodes) } else { 1 };
        let of_copy = |copy: usize| if copies > 1 { format!("{name}-{copy}") } else { name.clone() };
        let network = one.response_bytes / question.cluster.apiservers.network_bytes_per_second;
        let stream = Stream {
            level: self.level(schema.level),
            flows: (0..copies).map(|copy| schema.flow(&of_copy(copy), "")).collect(),
            seats: question.all_seats(class, known, nodes, watchers).unwrap_or(ONE_SEAT),
            per_second: rates(question, class, nodes, mode).0 * self.part,
            cpu_seconds: one.apiserver_cpu_seconds,
            other_seconds: network + one.etcd_cpu_seconds,
        };
        Kind { who: class.id.clone(), level: schema.level, stream }
    }

    /// Events of watches, and the cluster's own load beyond its leases, are no requests: they only take CPU.
    fn cores_for(&self, kinds: &[Kind]) -> f64 {
        let all = load(self.question, self.of, self.nodes, self.mode);
        let in_streams: f64 = kinds.iter().map(|kind| kind.stream.per_second * kind.stream.cpu_seconds).sum();
        let beside = ((all.workload_cores + all.base_cores) * self.part - in_streams).max(0.0);
        let cores = self.question.cluster.apiservers.cores;
        (cores - beside).max(cores * CORES_PART_MIN)
    }

    fn level(&self, name: &str) -> usize {
        self.levels.iter().position(|level| level.name == name).unwrap_or_default()
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most FLOWS_MAX")]
fn flows(nodes: f64) -> usize {
    (nodes.clamp(1.0, 1e6) as usize).min(FLOWS_MAX)
}

#[cfg(test)]
mod tests;
