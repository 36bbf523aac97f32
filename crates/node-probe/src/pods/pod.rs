//! What is known of a pod, whichever source said it.

use std::net::IpAddr;

use objects::pod::{ContainerState, ContainerStatus};
use objects::{Seconds, Sym, Text};

use super::workload;

/// Who said it, in the order of preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The kubelet's Pods API.
    PodsApi,
    /// The container runtime.
    Cri,
    /// The kubelet's read-only port.
    ReadOnlyPort,
}

/// A pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pod {
    /// Of a static pod, the kubelet's own (the hash of its file), as its cgroup has it.
    pub uid: Text,
    /// Its namespace.
    pub namespace: Sym,
    /// Its name.
    pub name: Text,
    /// What made it, as far as the node can tell.
    pub workload: Option<Workload>,
    /// Whether it shares the node's network; `None` when the source does not say.
    pub host_network: Option<bool>,
    /// Its addresses, as far as the source says.
    pub addresses: Box<[IpAddr]>,
    /// When the kubelet took it up.
    pub started: Option<Seconds>,
    /// Containers that have run or are running, init containers among them.
    pub containers: Vec<Container>,
}

/// A container that has an identifier.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Container {
    /// Its name in the pod.
    pub name: Sym,
    /// 64 hexadecimal digits, without the runtime's prefix.
    pub id: Text,
    /// The image as the runtime names it.
    pub image: Sym,
    /// Whether it runs now.
    pub running: bool,
    /// When it started; 0 when it does not run.
    pub started: Seconds,
    /// When its last OOM kill ended it.
    pub oom_killed: Option<Seconds>,
}

/// The object that keeps the pod alive, as people name it: the Deployment, not its ReplicaSet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workload {
    /// "Deployment", "DaemonSet", …
    pub kind: Sym,
    /// Its name.
    pub name: Text,
}

impl Source {
    /// Every source, in the order of preference.
    pub const ALL: [Self; 3] = [Self::PodsApi, Self::Cri, Self::ReadOnlyPort];

    /// The value of the label `source`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PodsApi => "pods-api",
            Self::Cri => "cri",
            Self::ReadOnlyPort => "read-only-port",
        }
    }
}

impl Pod {
    /// From the API's object.
    pub fn from_object(pod: &objects::pod::Pod) -> Self {
        let statuses = pod.container_statuses.iter().chain(&pod.init_container_statuses);
        Self {
            uid: pod.meta.uid.clone(),
            namespace: pod.meta.namespace.clone(),
            name: pod.meta.name.clone(),
            workload: workload::from_owners(&pod.meta),
            host_network: Some(pod.host_network),
            addresses: pod.pod_ips.iter().filter_map(|address| address.parse().ok()).collect(),
            started: pod.start_time,
            containers: statuses.filter_map(Container::from_status).collect(),
        }
    }

    /// Takes over what a better source said before and this one does not know.
    pub fn inherit(&mut self, former: &Self) {
        if former.workload.is_some() {
            self.workload.clone_from(&former.workload);
        }
        self.host_network = self.host_network.or(former.host_network);
        self.started = self.started.or(former.started);
        if self.addresses.is_empty() {
            self.addresses.clone_from(&former.addresses);
        }
    }
}

impl Container {
    fn from_status(status: &ContainerStatus) -> Option<Self> {
        // "containerd://<id>"; empty before the first start.
        let id = status.container_id.rsplit_once("://").map_or(status.container_id.as_str(), |(_, id)| id);
        let running = match status.state {
            ContainerState::Running { started } => Some(started),
            _ => None,
        };
        (!id.is_empty()).then(|| Self {
            name: status.name.clone(),
            id: id.into(),
            image: status.image.clone(),
            running: running.is_some(),
            started: running.unwrap_or_default(),
            oom_killed: oom_killed(&status.state).or_else(|| oom_killed(&status.last_state)),
        })
    }
}

fn oom_killed(state: &ContainerState) -> Option<Seconds> {
    match state {
        ContainerState::Terminated(end) if &*end.reason == "OOMKilled" => Some(end.finished),
        _ => None,
    }
}
