//! What a drill is about: a cluster, a workload, how it is delivered, and what fails when.

use std::time::Duration;

/// One drill. The same scenario with the same seed gives the same report.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// As on the command line.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// Nodes of the cluster.
    pub nodes: u32,
    /// Pods on each.
    pub pods_per_node: u32,
    /// Cores of all API servers together.
    pub cores: u32,
    /// What the new revision does on each node.
    pub workload: Workload,
    /// How it gets there.
    pub delivery: Delivery,
    /// Something runs already; if not, it is a first install.
    pub is_update: bool,
    /// Whether the gate on uncached DNS answers is asked.
    pub dns_gate: bool,
    /// How long DNS caches hide that the cluster's DNS is dead.
    pub masking_horizon: Duration,
    /// What fails, and when.
    pub faults: Vec<(Duration, Fault)>,
    /// When the drill ends.
    pub until: Duration,
    /// Of all chance.
    pub seed: u64,
}

/// What a node asks of the API server while the new revision runs on it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Workload {
    /// Nothing: it reads what is on the node.
    NodeLocal,
    /// All pods of the cluster, in JSON, this long after the last answer.
    ListsAllPods {
        /// The pause.
        every: Duration,
    },
    /// Its peers, one request each, this long after the last answer: cheap as long as there are few.
    AsksItsPeers {
        /// The pause.
        every: Duration,
    },
}

/// How a revision gets to the nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// By a `DaemonRollout`.
    Rollout,
    /// By a DaemonSet alone: a first install creates 250 pods per sync of the controller, as fast as its clients may.
    DaemonSet,
}

/// Something breaks, or works again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nobody answers on the API servers' addresses.
    ApiServerDies,
    /// The controller and the fan-out are gone: the nodes are alone.
    HubDies,
    /// The cluster's DNS answers nothing any more; caches do.
    ClusterDnsDies,
}

impl Scenario {
    /// 5,000 nodes, a node-local workload, a rollout of an update, nothing fails.
    fn calm(name: &'static str, about: &'static str) -> Self {
        Self {
            name,
            about,
            nodes: 5_000,
            pods_per_node: 30,
            cores: 48,
            workload: Workload::NodeLocal,
            delivery: Delivery::Rollout,
            is_update: true,
            dns_gate: true,
            masking_horizon: Duration::from_secs(60),
            faults: Vec::new(),
            until: Duration::from_secs(3_600),
            seed: 1,
        }
    }

    /// All drills that there are.
    pub fn catalogue() -> Vec<Self> {
        let every = Duration::from_secs(5);
        let seconds = Duration::from_secs;
        let bad = Workload::ListsAllPods { every };
        vec![
            Self::calm("calm", "a good update of a node-local agent"),
            Self {
                is_update: false,
                workload: bad,
                until: seconds(300),
                ..Self::calm("bad-install", "a first install whose pods list all pods every five seconds")
            },
            Self {
                is_update: false,
                workload: bad,
                delivery: Delivery::DaemonSet,
                until: seconds(900),
                ..Self::calm("bad-install-daemonset", "the same, delivered by a DaemonSet alone")
            },
            Self {
                workload: Workload::AsksItsPeers { every },
                until: seconds(600),
                ..Self::calm(
                    "superlinear",
                    "an update that is cheap on few nodes: each asks about all others",
                )
            },
            Self {
                faults: vec![(seconds(300), Fault::ApiServerDies), (seconds(300), Fault::HubDies)],
                until: seconds(1_200),
                ..Self::calm("alone", "in mid-step the API servers and the hub die together: nodes are alone")
            },
            Self {
                faults: vec![(seconds(300), Fault::ApiServerDies)],
                until: seconds(600),
                ..Self::calm("api-dies", "in mid-step the API servers die; the hub lives")
            },
            Self {
                masking_horizon: seconds(1_230),
                faults: vec![(seconds(1_400), Fault::ClusterDnsDies)],
                until: seconds(1_800),
                ..Self::calm("masked", "the cluster's DNS dies behind caches of twenty minutes")
            },
            Self {
                masking_horizon: seconds(1_230),
                dns_gate: false,
                faults: vec![(seconds(1_400), Fault::ClusterDnsDies)],
                until: seconds(7_200),
                ..Self::calm("masked-without-probe", "the same without a gate that looks through the caches")
            },
        ]
    }

    /// The drill of this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::catalogue().into_iter().find(|scenario| scenario.name == name)
    }
}
