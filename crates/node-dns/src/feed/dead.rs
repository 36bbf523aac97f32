//! Addresses of this node that answer nobody any more: its own kubelet says so, whoever else is gone.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::net::IpAddr;

use objects::Text;
use rustc_hash::FxHashMap;

/// Addresses of pods that are gone, kept until another pod has them: the pods of a node come and go for as long as it lives,
/// and its range of addresses is finite, 256 mostly.
const DEAD_MAX: usize = 4_096;

/// What a source says about a pod, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LocalPod {
    pub(crate) addresses: Vec<IpAddr>,
    /// One of its containers runs.
    pub(crate) running: bool,
}

/// The pods of this node and what is left of former ones.
#[derive(Debug, Default)]
pub(crate) struct Locals {
    pods: FxHashMap<Text, LocalPod>,
    /// Addresses of pods that are gone.
    gone: HashSet<IpAddr>,
}

impl Locals {
    /// A pod is new or has changed.
    pub(crate) fn apply(&mut self, uid: Text, pod: LocalPod) {
        for address in &pod.addresses {
            self.gone.remove(address);
        }
        if let Some(former) = self.pods.insert(uid, pod) {
            self.leave(former);
        }
    }

    /// A pod is gone.
    pub(crate) fn remove(&mut self, uid: &str) {
        if let Some(former) = self.pods.remove(uid) {
            self.leave(former);
        }
    }

    /// These are all pods there are.
    pub(crate) fn replace(&mut self, pods: Vec<(Text, LocalPod)>) {
        let present: HashSet<Text> = pods.iter().map(|(uid, _)| uid.clone()).collect();
        let absent: Vec<Text> = self.pods.keys().filter(|uid| !present.contains(*uid)).cloned().collect();
        pods.into_iter().for_each(|(uid, pod)| self.apply(uid, pod));
        absent.iter().for_each(|uid| self.remove(uid));
    }

    /// Addresses that no running pod has and a pod of this node had.
    pub(crate) fn dead(&self) -> HashSet<IpAddr> {
        let of = |running: bool| {
            let pods = self.pods.values().filter(move |pod| pod.running == running);
            pods.flat_map(|pod| pod.addresses.iter().copied())
        };
        let running: HashSet<IpAddr> = of(true).collect();
        of(false).chain(self.gone.iter().copied()).filter(|address| !running.contains(address)).collect()
    }

    fn leave(&mut self, former: LocalPod) {
        let taken = |address: &IpAddr| self.pods.values().any(|pod| pod.addresses.contains(address));
        let free: Vec<IpAddr> = former.addresses.into_iter().filter(|address| !taken(address)).collect();
        if self.gone.len() + free.len() <= DEAD_MAX {
            self.gone.extend(free);
        }
    }
}
