//! Control groups: which tree has which controller, where the pods are in them, what a group has used.

mod kubepods;
mod layout;
mod stats;
mod v1;
mod v2;

pub use kubepods::{Kubepods, container_id};
pub use layout::{Cgroup, Controller, Layout, Version};
pub use stats::{Cpu, CpuLimits, Io, Memory, Pids, Stats, Throttling};

#[cfg(test)]
mod tests;
