//! The priority level of a workload, with its seats on one API server.

use workload_profile::Workload;

use crate::apf::{FlowSchema, LevelLimits, PriorityLevel, User, limits, user_name};
use crate::cluster::ApiServers;

/// The priority level that a workload's requests go to, leases and probes aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Its name.
    pub name: &'static str,
    /// Its seats.
    pub limits: LevelLimits,
    /// Seats that it has when all others lend what they may.
    pub most_seats: u64,
}

impl Level {
    /// By the flow schemas that every cluster has.
    #[must_use]
    pub fn of_workload(workload: &Workload, servers: &ApiServers) -> Self {
        Self::named(FlowSchema::of_user(User(&user_name(workload))).level, servers)
    }

    /// A default level by its name.
    #[must_use]
    pub fn named(name: &'static str, servers: &ApiServers) -> Self {
        let levels = PriorityLevel::defaults();
        let all = limits(&levels, u64::from(servers.seats()));
        let at = levels.iter().position(|level| level.name == name).unwrap_or_default();
        let sum: u64 = all.iter().map(|limits| limits.nominal).sum();
        let kept: u64 = all.iter().map(|limits| limits.lower).sum::<u64>() - all[at].lower;
        Self { name, limits: all[at], most_seats: (sum - kept).min(all[at].upper).max(1) }
    }

    /// Whether the controller manager, the scheduler or the kubelets wait in it, too.
    #[must_use]
    pub fn is_control_planes(self) -> bool {
        matches!(self.name, "workload-high" | "system")
    }
}

#[cfg(test)]
mod tests;
