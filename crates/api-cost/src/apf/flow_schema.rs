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

/// The name of a workload's user; where it is not known, that of its service account.
#[must_use]
pub fn user_name(workload: &Workload) -> String {
    if let Some(user) = workload.user.as_deref().filter(|user| !user.is_empty()) {
        return user.to_owned();
    }
    let namespace = workload.namespace.as_deref().unwrap_or("default");
    let account = workload.service_account.as_deref().unwrap_or("default");
    format!("system:serviceaccount:{namespace}:{account}")
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
        if user.is_node() && (node || (lease && plain)) {
            return row("system-node-high", "node-high", Some(ByUser));
        }
        Self::of_user(user)
    }

    /// Of what a user asks but for leases, probes and nodes.
    #[must_use]
    pub fn of_user(user: User<'_>) -> Self {
        let row = |name, level, distinguisher| Self { name, level, distinguisher: Some(distinguisher) };
        match (user.0, user.service_account_namespace()) {
            ("system:kube-controller-manager", _) => {
                row("kube-controller-manager", "workload-high", ByNamespace)
            }
            ("system:kube-scheduler", _) => row("kube-scheduler", "workload-high", ByNamespace),
            (_, Some("kube-system")) => row("kube-system-service-accounts", "workload-high", ByNamespace),
            (_, Some(_)) => row("service-accounts", "workload-low", ByUser),
            _ if user.is_node() => row("system-nodes", "system", ByUser),
            _ => row("global-default", "global-default", ByUser),
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
