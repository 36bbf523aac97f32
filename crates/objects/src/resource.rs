//! The table of resources that Plimsoll can ask an API server for.

/// A resource: what stands in the path of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resource {
    Namespaces,
    Nodes,
    Pods,
    Services,
    EndpointSlices,
    Deployments,
    ReplicaSets,
    StatefulSets,
    DaemonSets,
    Jobs,
    Leases,
    ConfigMaps,
    Secrets,
}

/// How a resource is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceInfo {
    /// API group; empty for the core group.
    pub group: &'static str,
    pub version: &'static str,
    /// Name in the path, and the label `resource` of every metric about it.
    pub plural: &'static str,
    pub kind: &'static str,
    pub namespaced: bool,
    /// Asked for as `PartialObjectMetadata` only.
    pub metadata_only: bool,
}

impl Resource {
    /// Every resource, in the order in which the hub starts them: small and needed by others first.
    pub const ALL: [Self; 13] = [
        Self::Namespaces,
        Self::Nodes,
        Self::Deployments,
        Self::ReplicaSets,
        Self::StatefulSets,
        Self::DaemonSets,
        Self::Jobs,
        Self::Pods,
        Self::Services,
        Self::EndpointSlices,
        Self::Leases,
        Self::ConfigMaps,
        Self::Secrets,
    ];

    /// Path, kind and scope.
    pub const fn info(self) -> ResourceInfo {
        match self {
            Self::Namespaces => core("namespaces", "Namespace", false),
            Self::Nodes => core("nodes", "Node", false),
            Self::Pods => core("pods", "Pod", true),
            Self::Services => core("services", "Service", true),
            Self::EndpointSlices => grouped("discovery.k8s.io", "endpointslices", "EndpointSlice"),
            Self::Deployments => grouped("apps", "deployments", "Deployment"),
            Self::ReplicaSets => grouped("apps", "replicasets", "ReplicaSet"),
            Self::StatefulSets => grouped("apps", "statefulsets", "StatefulSet"),
            Self::DaemonSets => grouped("apps", "daemonsets", "DaemonSet"),
            Self::Jobs => grouped("batch", "jobs", "Job"),
            Self::Leases => grouped("coordination.k8s.io", "leases", "Lease"),
            Self::ConfigMaps => ResourceInfo { metadata_only: true, ..core("configmaps", "ConfigMap", true) },
            Self::Secrets => core("secrets", "Secret", true),
        }
    }

    /// The name in the path: "pods".
    pub const fn plural(self) -> &'static str {
        self.info().plural
    }

    /// The resource with this name in the path.
    pub fn from_plural(plural: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|resource| resource.plural() == plural)
    }
}

const fn core(plural: &'static str, kind: &'static str, namespaced: bool) -> ResourceInfo {
    ResourceInfo { group: "", version: "v1", plural, kind, namespaced, metadata_only: false }
}

const fn grouped(group: &'static str, plural: &'static str, kind: &'static str) -> ResourceInfo {
    ResourceInfo { group, version: "v1", plural, kind, namespaced: true, metadata_only: false }
}
