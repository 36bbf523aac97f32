//! The ladder: every lever from cheap to dear.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One thing that can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Lever {
    /// 0: nodes stop the workload.
    Stop,
    /// 1: nodes cut its traffic to the API servers.
    Cut,
    /// 2: API servers reject it.
    Jail,
    /// 3: it loses its rights.
    Rbac,
    /// 4: its pods go.
    Selector,
    /// 5: it goes.
    Delete,
    /// 6: what the owner has configured.
    Hook,
}

/// What people should know of a lever before it is used.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it does.
    pub does: &'static str,
    /// What it asks of API servers.
    pub costs: &'static str,
    /// How soon it takes effect.
    pub effect: &'static str,
    /// What it does not stop.
    pub leaves: &'static str,
    /// How it is taken back.
    pub undo: &'static str,
    /// How long to wait for its effect before the next lever. The API server of the research note was well 24 to 26 s after
    /// its crowd was gone: it drains what it has accepted.
    pub patience: Duration,
}

impl Lever {
    /// From cheap to dear.
    pub const LADDER: [Self; 7] =
        [Self::Stop, Self::Cut, Self::Jail, Self::Rbac, Self::Selector, Self::Delete, Self::Hook];

    /// Its facts.
    pub fn facts(self) -> Facts {
        match self {
            Self::Stop => Facts {
                name: "stop",
                does: "a sealed order: nodes stop the gated workload and keep it stopped",
                costs: "no request",
                effect: "2 s by the hub; at once by hand (`plimsoll node stop`, the sentinel file)",
                leaves: "workloads that do not run under `plimsoll gate`",
                undo: "`plimsoll node allow`",
                patience: Duration::from_secs(35),
            },
            Self::Cut => Facts {
                name: "cut",
                does: "a sealed order: nodes let none of its traffic through to the API servers",
                costs: "no request",
                effect: "5 s by the hub, 3 s by hand (`plimsoll node fuse cut`)",
                leaves: "nodes without the fuse; the kubelet, always",
                undo: "an order to restore, or by itself when the order expires",
                patience: Duration::from_secs(35),
            },
            Self::Jail => Facts {
                name: "jail",
                does: "API servers put its service account on a priority level without seats: one request at a time, 429 for the rest",
                costs: "2 GETs, 1 PATCH",
                effect: "a second: API servers watch flow schemas",
                leaves: "what it costs to say no: TLS, authentication, audit; open watches; what is being answered",
                undo: "1 PATCH",
                patience: Duration::from_secs(60),
            },
            Self::Rbac => Facts {
                name: "rbac",
                does: "its bindings lose it: 403",
                costs: "1 GET, a LIST of bindings in pages, 1 write for each binding that names it",
                effect: "a second",
                leaves: "as the jail; clients that try again in a tight loop",
                undo: "the same writes; who may not bind needs an administrator for it",
                patience: Duration::from_secs(45),
            },
            Self::Selector => Facts {
                name: "selector",
                does: "its pods go: a node selector that no node has, or no replicas",
                costs: "1 GET, 1 PATCH; then one delete for each pod and one status for each node",
                effect: "minutes",
                leaves: "it adds load when load is the trouble",
                undo: "1 PATCH; then one create for each pod",
                patience: Duration::from_secs(120),
            },
            Self::Delete => Facts {
                name: "delete",
                does: "it is deleted, with its pods",
                costs: "1 GET, 1 DELETE; then one delete for each pod",
                effect: "minutes",
                leaves: "as the selector; a GitOps tool makes it again",
                undo: "1 POST of what was deleted; it lies in the audit log",
                patience: Duration::from_secs(120),
            },
            Self::Hook => Facts {
                name: "hook",
                does: "commands that the owner has configured: scale the API servers, close a network",
                costs: "theirs",
                effect: "theirs",
                leaves: "theirs",
                undo: "their own commands",
                patience: Duration::from_secs(120),
            },
        }
    }

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::LADDER.into_iter().find(|lever| lever.facts().name == name)
    }
}
