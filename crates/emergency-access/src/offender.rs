//! Whom levers are engaged against.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A service account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// A workload of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offender {
    /// Its namespace.
    pub namespace: String,
    /// "DaemonSet", "Deployment", "StatefulSet".
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// Why nothing is engaged against somebody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Protected {
    /// Not one of three kinds.
    #[error(
        "{0:?} names no workload: write namespace/kind/name with the kind DaemonSet, Deployment or StatefulSet"
    )]
    NoWorkload(String),
    /// Without it nodes or the control plane stop.
    #[error(
        "{0} is part of the cluster itself ({1}): if that is really meant, say --system and --confirm {0}"
    )]
    System(String, &'static str),
}

/// Names that clusters cannot do without, in whatever namespace: who they are.
const PARTS: [(&str, &str); 16] = [
    ("kube-proxy", "Services"),
    ("kube-dns", "DNS"),
    ("coredns", "DNS"),
    ("node-local-dns", "DNS"),
    ("calico-node", "pods' network"),
    ("calico-typha", "pods' network"),
    ("cilium", "pods' network"),
    ("cilium-operator", "pods' network"),
    ("kube-flannel-ds", "pods' network"),
    ("aws-node", "pods' network"),
    ("azure-cns", "pods' network"),
    ("antrea-agent", "pods' network"),
    ("weave-net", "pods' network"),
    ("ovnkube-node", "pods' network"),
    ("plimsoll-hub", "the hub that orders travel by"),
    ("plimsoll-agent", "the agents that follow orders"),
];

impl Offender {
    /// Where it is, in the API.
    pub fn path(&self) -> String {
        format!("{}/{}", self.collection(), self.name)
    }

    /// Where its like are.
    pub fn collection(&self) -> String {
        format!("/apis/apps/v1/namespaces/{}/{}s", self.namespace, self.kind.to_lowercase())
    }

    /// Whether somebody has to say twice that it is meant.
    ///
    /// # Errors
    /// [`Protected::System`], unless `confirmed` is its name.
    pub fn check(&self, confirmed: Option<&str>) -> Result<(), Protected> {
        check(&self.to_string(), confirmed)
    }

    /// The service account of its pods.
    pub fn account(&self, object: &Value) -> Account {
        let name = object["spec"]["template"]["spec"]["serviceAccountName"].as_str();
        Account { namespace: self.namespace.clone(), name: name.unwrap_or("default").to_owned() }
    }
}

/// The same for whoever's traffic an order cuts: `namespace/kind/name` of any kind, or nothing, which is everybody and has to be
/// confirmed as "everybody".
///
/// # Errors
/// [`Protected::System`].
pub fn check(whom: &str, confirmed: Option<&str>) -> Result<(), Protected> {
    let whom = if whom.is_empty() { EVERYBODY } else { whom };
    let (namespace, name) = (whom.split('/').next(), whom.rsplit('/').next());
    let part = PARTS.iter().find(|(part, _)| Some(*part) == name).map(|(_, part)| *part);
    let part = part.or((namespace == Some("kube-system")).then_some("kube-system"));
    let part = part.or((whom == EVERYBODY).then_some("networks, DNS and storage among them"));
    match part {
        Some(part) if confirmed != Some(whom) => Err(Protected::System(whom.to_owned(), part)),
        _ => Ok(()),
    }
}

/// How everybody is named where a name is needed.
const EVERYBODY: &str = "everybody";

impl FromStr for Offender {
    type Err = Protected;

    fn from_str(text: &str) -> Result<Self, Protected> {
        let fits = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
        };
        match text.split('/').collect::<Vec<_>>()[..] {
            [namespace, kind @ ("DaemonSet" | "Deployment" | "StatefulSet"), name]
                if fits(namespace) && fits(name) =>
            {
                Ok(Self { namespace: namespace.to_owned(), kind: kind.to_owned(), name: name.to_owned() })
            }
            _ => Err(Protected::NoWorkload(text.to_owned())),
        }
    }
}

impl fmt::Display for Offender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.namespace, self.kind, self.name)
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "system:serviceaccount:{}:{}", self.namespace, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_the_cluster_are_said_twice() {
        let check = |text: &str, confirmed: Option<&str>, expected: bool| {
            let found = text.parse::<Offender>().and_then(|offender| offender.check(confirmed));
            assert_eq!(found.is_ok(), expected, "{text} {confirmed:?}");
        };
        let of_order = |whom: &str, confirmed: Option<&str>, expected: bool| {
            assert_eq!(super::check(whom, confirmed).is_ok(), expected, "{whom} {confirmed:?}");
        };
        of_order("", None, false);
        of_order("", Some("everybody"), true);
        of_order("logs/Job/x", None, true);
        of_order("kube-system/Pod/x", None, false);
        check("logs/DaemonSet/vector", None, true);
        check("kube-system/DaemonSet/telemetry", None, false);
        check("kube-system/DaemonSet/telemetry", Some("kube-system/DaemonSet/telemetry"), true);
        check("kube-system/DaemonSet/telemetry", Some("kube-system/DaemonSet/other"), false);
        check("calico-system/DaemonSet/calico-node", None, false);
        check("kube-flannel/DaemonSet/kube-flannel-ds", None, false);
        check("logs/Node/n1", None, false);
        check("logs/DaemonSet/../x", None, false);
        check("kubelet", None, false);
    }
}
