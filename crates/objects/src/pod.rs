//! `core/v1 Pod`.

use crate::{Condition, Labels, Meta, Quantity, Seconds, Shared, Sym, Text};

/// Resource name ("cpu", "memory", "nvidia.com/gpu", …) to quantity, sorted by name.
pub type Resources = Shared<(Sym, Quantity)>;

/// The fields of a pod that its metrics, the fan-out and DNS need.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pod {
    pub meta: Meta,
    // spec
    pub node: Sym,
    pub host_network: bool,
    pub hostname: Sym,
    pub subdomain: Sym,
    pub priority_class: Sym,
    pub restart_policy: Sym,
    pub runtime_class: Sym,
    pub scheduler: Sym,
    pub service_account: Sym,
    pub node_selector: Labels,
    pub tolerations: Shared<Toleration>,
    pub overhead: Resources,
    /// Only volumes that are PersistentVolumeClaims or make one (ephemeral volumes).
    pub claims: Shared<VolumeClaim>,
    /// Devices asked for by dynamic resource allocation; most pods have none.
    pub resource_claims: Box<[ResourceClaim]>,
    pub containers: Shared<Container>,
    pub init_containers: Shared<Container>,
    // status
    pub phase: Sym,
    pub reason: Sym,
    pub host_ip: Sym,
    pub pod_ips: Box<[Text]>,
    pub qos_class: Sym,
    pub start_time: Option<Seconds>,
    pub conditions: Box<[Condition]>,
    pub container_statuses: Box<[ContainerStatus]>,
    pub init_container_statuses: Box<[ContainerStatus]>,
}

/// `core/v1 Container`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Container {
    pub name: Sym,
    pub image: Sym,
    /// "Always" marks a sidecar among the init containers.
    pub restart_policy: Sym,
    pub requests: Resources,
    pub limits: Resources,
    pub ports: Box<[ContainerPort]>,
}

/// `core/v1 ContainerPort`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ContainerPort {
    pub name: Sym,
    pub protocol: Sym,
    pub port: u16,
}

/// `core/v1 ContainerStatus`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContainerStatus {
    pub name: Sym,
    pub image: Sym,
    pub image_id: Sym,
    pub container_id: Text,
    pub ready: bool,
    pub restarts: i32,
    pub state: ContainerState,
    pub last_state: ContainerState,
}

/// `core/v1 ContainerState`: at most one of the three is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ContainerState {
    /// The field is absent: the kubelet has said nothing yet.
    #[default]
    Unset,
    Waiting {
        reason: Sym,
    },
    Running {
        started: Seconds,
    },
    Terminated(Box<Terminated>),
}

/// `core/v1 ContainerStateTerminated`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terminated {
    pub reason: Sym,
    pub exit_code: i32,
    pub signal: i32,
    pub started: Seconds,
    pub finished: Seconds,
}

/// `core/v1 Toleration`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Toleration {
    pub key: Sym,
    pub operator: Sym,
    pub value: Sym,
    pub effect: Sym,
    pub seconds: Option<i64>,
}

/// A volume of a pod that is a PersistentVolumeClaim, or an ephemeral one that makes a claim of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct VolumeClaim {
    pub volume: Sym,
    /// Empty for an ephemeral volume, whose claim is called `<pod>-<volume>`: a name per pod would end the sharing.
    pub claim: Sym,
    pub read_only: bool,
    pub ephemeral: bool,
}

/// `core/v1 PodResourceClaim`, with the claim's name that the status resolved. One of `claim` and `template` is set by the
/// user; an entry with neither is not kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResourceClaim {
    pub name: Sym,
    /// The ResourceClaim object; empty while a template's claim is being made.
    pub claim: Text,
    pub template: Sym,
}
