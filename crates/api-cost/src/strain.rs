//! What sinks first.

use serde::Serialize;

use crate::coefficients::Coefficients;
use crate::load::{HEAP_GROWTH, Load, load, stretch};
use crate::mode::Mode;
use crate::question::Question;

/// Of its memory an API server may fill; the rest is for the collector's phase, which nobody can foresee.
const MEMORY_PART: f64 = 0.8;
/// Of etcd's CPU: above it, its heartbeats are late.
const ETCD_PART: f64 = 0.6;
/// Of the network.
const NETWORK_PART: f64 = 0.8;
/// Of the time for which readers may lock the watch cache: beyond it, its writer falls 3 s behind and reads go to etcd.
const LOCK_PART: f64 = 0.5;
/// What can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Constraint {
    /// CPU of the API servers.
    ApiserverCpu,
    /// Memory of the API servers.
    ApiserverMemory,
    /// Seats of the workload's own priority level: its requests queue, and those of its neighbours in the level.
    ApfSeats,
    /// The level is the control plane's own: controllers' leader election and nodes' heartbeats wait behind the workload.
    ControlPlaneSeats,
    /// CPU of etcd.
    EtcdCpu,
    /// Bytes that etcd may keep.
    EtcdQuota,
    /// Network of the API servers.
    Network,
    /// The watch cache's lock.
    CacheLock,
}

impl Constraint {
    /// As words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::ApiserverCpu => "API server CPU",
            Self::ApiserverMemory => "API server memory",
            Self::ApfSeats => "APF seats of its priority level",
            Self::ControlPlaneSeats => "APF seats that leader election and heartbeats need",
            Self::EtcdCpu => "etcd CPU",
            Self::EtcdQuota => "etcd quota",
            Self::Network => "API server network",
            Self::CacheLock => "watch cache lock",
        }
    }
}

/// How much of a limit is used: 1 is all of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Strain {
    /// Of what.
    pub constraint: Constraint,
    /// What is used.
    pub used: f64,
    /// What may be used, in the same unit.
    pub limit: f64,
}

impl Strain {
    /// Used of the limit.
    #[must_use]
    pub fn part(&self) -> f64 {
        if self.limit > 0.0 { self.used / self.limit } else { f64::INFINITY }
    }
}

/// All constraints at that many nodes in that mode.
pub(crate) fn strains(question: &Question<'_>, of: &Coefficients, nodes: f64, mode: Mode) -> Vec<Strain> {
    let load = load(question, of, nodes, mode);
    let part = question.busiest_part(mode);
    let one = |constraint, used, limit| Strain { constraint, used, limit };
    let apiservers = &question.cluster.apiservers;
    let etcd = &question.cluster.etcd;
    let cores = (load.workload_cores + load.base_cores) * part;
    let stretched = stretch(cores / apiservers.cores);
    let seats = load.seats * part * stretched;
    let level = question.level();
    let nominal = seats_of(level.limits.nominal);
    let whose = if level.is_control_planes() { Constraint::ControlPlaneSeats } else { Constraint::ApfSeats };
    vec![
        one(Constraint::ApiserverCpu, cores, apiservers.cores * mode.cpu_limit()),
        one(
            Constraint::ApiserverMemory,
            memory(question, &load, part * stretched),
            apiservers.memory_bytes * MEMORY_PART,
        ),
        one(whose, seats, nominal),
        one(
            Constraint::EtcdCpu,
            load.etcd_write_cores + load.etcd_read_cores / f64::from(etcd.members.max(1)),
            etcd.cores * ETCD_PART,
        ),
        one(Constraint::EtcdQuota, stored(question, nodes), etcd.quota_bytes),
        one(
            Constraint::Network,
            load.bytes_per_second * part,
            apiservers.network_bytes_per_second * NETWORK_PART,
        ),
        one(Constraint::CacheLock, load.locked * part, LOCK_PART),
    ]
}

/// The one that is nearest to its limit, or the furthest beyond.
pub(crate) fn worst(question: &Question<'_>, of: &Coefficients, nodes: f64, mode: Mode) -> Strain {
    let first = Strain { constraint: Constraint::ApiserverCpu, used: 0.0, limit: 1.0 };
    let all = strains(question, of, nodes, mode);
    all.into_iter().fold(first, |worst, next| if next.part() > worst.part() { next } else { worst })
}

/// CPU that is wanted of what there is on the busiest server: at 1, nothing is left for heartbeats, and requests pile up.
pub(crate) fn saturation(question: &Question<'_>, of: &Coefficients, nodes: f64, mode: Mode) -> f64 {
    let load = load(question, of, nodes, mode);
    let part = question.busiest_part(mode);
    (load.workload_cores + load.base_cores) * part / question.cluster.apiservers.cores
}

fn memory(question: &Question<'_>, load: &Load, part: f64) -> f64 {
    // APF admits no more at a time than the level may borrow, whatever waits.
    let admitted = seats_of(question.level().most_seats);
    let wanted = (load.seats * part).max(f64::MIN_POSITIVE);
    let capped = (admitted / wanted).min(1.0);
    load.resident_bytes + HEAP_GROWTH * load.in_flight_bytes * part * capped
}

#[expect(clippy::cast_precision_loss, reason = "seats")]
fn seats_of(seats: u64) -> f64 {
    seats as f64
}

fn stored(question: &Question<'_>, nodes: f64) -> f64 {
    question
        .cluster
        .resources
        .values()
        .filter_map(|resource| Some(resource.objects.at(nodes) * resource.stored_bytes?))
        .sum()
}
