//! Which priority level a request goes to, and as part of which flow.
//!
//! Facts: k8s.io/apiserver `apis/flowcontrol/bootstrap/default.go`. A cluster's own schemas are not known here: those that every
//! cluster has are.

use workload_profile::{RequestClass, Verb, Workload};

use crate::apf::dealer::flow_hash;

/// Who asks, as authenticated: `system:serviceaccount:monitoring:agent`, `system:node:n1`, any other name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User<'a>(pub &'a str);

/// A `FlowSchema`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowSchema {
    /// Its name.
    pub name: &'static str,
    /// The name of its priority level.
    pub level: &'static str,
    /// What makes the flows in it.
    pub distinguisher: Option<Distinguisher>,
}

/// `distinguisherMethod`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distinguisher {
    /// Each user is a flow.
    ByUser,
    /// Each namespace is one; requests that are in none are one together.
    ByNamespace,
}

use Distinguisher::{ByNamespace, ByUser};

impl<'a> User<'a> {
    /// Of a workload; where only its namespace is known, a service account there.
    #[must_use]
    pub fn of(workload: &'a Workload) -> Self {
        let named = workload.user.as_deref().filter(|user| !user.is_empty());
        let in_kube_system = workload.namespace.as_deref() == Some("kube-system");
        Self(named.unwrap_or(match in_kube_system {
            true => "system:serviceaccount:kube-system:default",
            false => "system:serviceaccount:default:default",
        }))
    }

    /// Namespace, if it is a service account's.
    #[must_use]
    pub fn service_account_namespace(self) -> Option<&'a str> {
        self.0.strip_prefix("system:serviceaccount:")?.split(':').next()
    }

    /// Whether it is a kubelet's.
    #[must_use]
    pub fn is_node(self) -> bool {
        self.0.starts_with("system:node:")
    }
}

impl FlowSchema {
    /// By the schemas that every cluster has, in the order of their `matchingPrecedence`.
    #[must_use]
    pub fn of(user: User<'_>, class: &RequestClass) -> Self {
        let row = |name, level, distinguisher| Self { name, level, distinguisher };
        let path = class.path.as_deref().unwrap_or_default();
        let control_plane = matches!(user.0, "system:kube-controller-manager" | "system:kube-scheduler");
        let kube_system = user.service_account_namespace() == Some("kube-system");
        let lease = class.group == "coordination.k8s.io" && class.resource == "leases";
        let plain = class.subresource.is_none();
        let renews = matches!(class.verb, Verb::Get | Verb::Create | Verb::Update);
        if class.resource.is_empty() && matches!(path, "/healthz" | "/readyz" | "/livez") {
            return row("probes", "exempt", None);
        }
        if (control_plane || kube_system) && lease && plain && renews {
            return row("system-leader-election", "leader-election", Some(ByUser));
        }
        let status = matches!(class.subresource.as_deref(), None | Some("status"));
        let node = class.group.is_empty() && class.resource == "nodes" && status;
        match () {
            () if user.is_node() && (node || (lease && plain)) => {
                row("system-node-high", "node-high", Some(ByUser))
            }
            () if user.is_node() => row("system-nodes", "system", Some(ByUser)),
            () if user.0 == "system:kube-controller-manager" => {
                row("kube-controller-manager", "workload-high", Some(ByNamespace))
            }
            () if user.0 == "system:kube-scheduler" => row("kube-scheduler", "workload-high", Some(ByNamespace)),
            () if kube_system => row("kube-system-service-accounts", "workload-high", Some(ByNamespace)),
            () if user.service_account_namespace().is_some() => {
                row("service-accounts", "workload-low", Some(ByUser))
            }
            () => row("global-default", "global-default", Some(ByUser)),
        }
    }

    /// What the flow's queues are dealt by.
    #[must_use]
    pub fn flow(&self, user: &str, namespace: &str) -> u64 {
        flow_hash(
            self.name,
            match self.distinguisher {
                Some(ByUser) => user,
                Some(ByNamespace) => namespace,
                None => "",
            },
        )
    }
}

#[cfg(test)]
mod tests;
