//! Standing protection: what a cluster's flow control should be like before anything happens. Pure: objects in, proposals out.
//!
//! Rules and their reasons: a service account of kube-system is on the level `workload-high`, above users' workloads, by nothing but
//! its namespace; the accounts of DaemonSets cost what a cluster has nodes, and share one flow with everybody else on
//! `workload-low`, where nobody sees which of them it is. Whoever already costs much, or more and more with each node, gets few
//! seats of its own: what it asks for then takes longer, and nobody else's.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::jail::{self, API};
use crate::offender::{self, Account, Offender};

/// Flow schemas of ours: what reads them costs each request a comparison.
pub const PROPOSALS_MAX: usize = 32;
/// The priority level of agents that are taken out of `workload-high`, and of those that are metered.
pub const LEVEL: &str = "plimsoll-agents";
/// Its shares: half of `workload-low`'s 100. Two thirds of that can be lent to others while nobody needs it.
const SHARES: u64 = 50;
const LENDABLE: u64 = 66;
/// Before `kube-system-service-accounts` (900) and `service-accounts` (9000).
const DEMOTED: u64 = 800;
const METERED: u64 = 8_000;
/// The priority level of whoever costs much. Its shares: a tenth of `workload-low`'s.
pub const BOUNDED: &str = "plimsoll-bounded";
const BOUNDED_SHARES: u64 = 10;
/// Before [`DEMOTED`] and [`METERED`]: who costs much and runs on every node is bounded.
const BOUNDED_PRECEDENCE: u64 = 700;
/// A tenth of what all cost, at least; and so many cores, so that a quiet cluster has no offenders.
const HEAVY: f64 = 0.1;
const HEAVY_CORES: f64 = 0.05;
/// Its cost grows with the square of the nodes, or nearly.
const SUPERLINEAR: f64 = 1.5;
/// What an API server runs at a time unless its flags say otherwise: `--max-requests-inflight` and
/// `--max-mutating-requests-inflight`.
const IN_FLIGHT: u64 = 600;

/// What is there.
#[derive(Debug, Clone, Default)]
pub struct Cluster {
    /// Flow schemas.
    pub schemas: Vec<Value>,
    /// Priority levels.
    pub levels: Vec<Value>,
    /// DaemonSets.
    pub daemon_sets: Vec<Value>,
    /// What service accounts cost, where a hub has heard.
    pub costs: Vec<Cost>,
}

/// What one service account costs the API servers.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost {
    /// Whose.
    pub account: Account,
    /// CPU seconds a second.
    pub cores: f64,
    /// With how many nodes it grows.
    pub exponent: f64,
    /// What costs most.
    pub dearest: String,
}

/// Something to be applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Why.
    pub reason: String,
    /// What changes with it.
    pub effect: String,
    /// The object.
    pub object: Value,
}

/// What is missing, the most important first; nothing twice, and nothing that is there.
pub fn plan(cluster: &Cluster) -> Vec<Proposal> {
    let mut proposals = missing(cluster);
    let agents = agents(cluster);
    let heavy = heavy(cluster);
    // One level at a time is told what the others leave.
    let mut levels = cluster.levels.clone();
    for (name, shares, lendable, wanted) in
        [(BOUNDED, BOUNDED_SHARES, 0, !heavy.is_empty()), (LEVEL, SHARES, LENDABLE, !agents.is_empty())]
    {
        if wanted && named(&levels, name).is_none() {
            let proposal = level(&levels, name, shares, lendable);
            levels.push(proposal.object.clone());
            proposals.push(proposal);
        }
    }
    proposals.extend(heavy);
    proposals.extend(agents);
    proposals.truncate(PROPOSALS_MAX);
    proposals
}

fn named<'a>(objects: &'a [Value], name: &str) -> Option<&'a Value> {
    objects.iter().find(|object| object["metadata"]["name"] == name)
}

/// The jail and the way in: they are of no use when they come afterwards.
fn missing(cluster: &Cluster) -> Vec<Proposal> {
    let is_flow = |object: &Value| object["apiVersion"] == API;
    let is_there = |object: &Value| {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        named(&cluster.schemas, name).is_some() || named(&cluster.levels, name).is_some()
    };
    let absent = jail::manifests().into_iter().filter(|object| is_flow(object) && !is_there(object));
    let proposal = |object| Proposal {
        reason: "levers and people need it when nothing can be installed any more".to_owned(),
        effect: "none until it is used: it matches nobody, or people in an emergency".to_owned(),
        object,
    };
    absent.map(proposal).collect()
}

/// A flow schema with few seats for each account that costs much now, or that will.
fn heavy(cluster: &Cluster) -> Vec<Proposal> {
    let all: f64 = cluster.costs.iter().map(|cost| cost.cores).sum();
    let is_heavy = |cost: &&Cost| {
        cost.cores >= HEAVY_CORES && (cost.cores >= HEAVY * all || cost.exponent >= SUPERLINEAR)
    };
    let is_ours = |account: &Account| {
        // Parts of the cluster are not slowed down by a rule; people may.
        account.namespace != "kube-system" && !is_part(&account.namespace, &account.name)
    };
    let wanted = cluster.costs.iter().filter(is_heavy).filter(|cost| is_ours(&cost.account));
    let missing = wanted.filter(|cost| !has_schema(cluster, &cost.account));
    missing
        .map(|cost| Proposal {
            reason: format!(
                "{} costs {:.2} cores, with an exponent of {:.1}; most by {}",
                cost.account, cost.cores, cost.exponent, cost.dearest
            ),
            effect: format!("it shares the few seats of {BOUNDED}, and waits for them; nobody else does"),
            object: schema(&cost.account, "bounded", BOUNDED, BOUNDED_PRECEDENCE),
        })
        .collect()
}

/// A flow schema for the account of each DaemonSet that has none: out of `workload-high`, and seen by itself.
fn agents(cluster: &Cluster) -> Vec<Proposal> {
    let mut found: BTreeMap<String, Proposal> = BTreeMap::new();
    for object in &cluster.daemon_sets {
        let word = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
        let offender =
            Offender { namespace: word("namespace"), kind: "DaemonSet".to_owned(), name: word("name") };
        let account = offender.account(object);
        let asks = object["spec"]["template"]["spec"]["automountServiceAccountToken"] != false;
        // "default" is everybody's without an account of their own; parts of the cluster belong where they are.
        let is_part = is_part(&offender.namespace, &offender.name);
        if account.name == "default" || !asks || is_part || has_schema(cluster, &account) {
            continue;
        }
        let is_system = offender.namespace == "kube-system";
        let reason = match is_system {
            true => format!(
                "{offender} is an agent in kube-system: its requests are served before those of workloads, for its namespace alone"
            ),
            false => {
                format!("{offender} runs on every node, and its requests are one flow with everybody else's")
            }
        };
        let effect = match is_system {
            true => format!("{account} goes from workload-high to {LEVEL}, and is counted by itself"),
            false => format!("{account} goes from workload-low to {LEVEL}, and is counted by itself"),
        };
        let schema = schema(&account, "agent", LEVEL, if is_system { DEMOTED } else { METERED });
        found.entry(account.to_string()).or_insert(Proposal { reason, effect, object: schema });
    }
    found.into_values().collect()
}

/// By name alone: in kube-system there are agents, too.
fn is_part(namespace: &str, name: &str) -> bool {
    let namespace = if namespace == "kube-system" { "elsewhere" } else { namespace };
    offender::check(&format!("{namespace}/DaemonSet/{name}"), None).is_err()
}

/// Whether a flow schema names the account.
fn has_schema(cluster: &Cluster, account: &Account) -> bool {
    cluster.schemas.iter().any(|schema| jail::inmates(schema).contains(account))
}

fn schema(account: &Account, what: &str, level: &str, precedence: u64) -> Value {
    json!({
        "apiVersion": API,
        "kind": "FlowSchema",
        "metadata": {"name": format!("plimsoll-{what}-{}-{}", account.namespace, account.name)},
        "spec": {
            "priorityLevelConfiguration": {"name": level},
            "matchingPrecedence": precedence,
            "distinguisherMethod": {"type": "ByUser"},
            "rules": [jail::account_rule(&account.namespace, &account.name)],
        },
    })
}

fn level(levels: &[Value], name: &str, own: u64, lendable: u64) -> Proposal {
    let shares =
        |level: &Value| level["spec"]["limited"]["nominalConcurrencyShares"].as_u64().unwrap_or_default();
    let before: u64 = levels.iter().map(shares).sum();
    let seats = |of: u64, sum: u64| (IN_FLIGHT * of).div_ceil(sum.max(1));
    let low = named(levels, "workload-low").map(shares).unwrap_or_default();
    let after = before + own;
    let lent = if lendable > 0 { format!(", and borrows what {name} does not use") } else { String::new() };
    let mut limited = json!({
        "nominalConcurrencyShares": own,
        "lendablePercent": lendable,
        "limitResponse": {"type": "Queue", "queuing": {"queues": 32, "handSize": 4, "queueLengthLimit": 50}},
    });
    if lendable == 0 {
        // Whoever lends nothing is to borrow nothing: that is what bounded means.
        limited["borrowingLimitPercent"] = json!(0);
    }
    let effect = format!(
        "{name} gets {} of {IN_FLIGHT} requests at a time; workload-low goes from {} to {}{lent}",
        seats(own, after),
        seats(low, before),
        seats(low, after),
    );
    Proposal {
        reason: "its seats are shared by those who are on it, not with workloads".to_owned(),
        effect,
        object: json!({
            "apiVersion": API,
            "kind": "PriorityLevelConfiguration",
            "metadata": {"name": name},
            "spec": {"type": "Limited", "limited": limited},
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn daemon_set(namespace: &str, name: &str, account: Option<&str>) -> Value {
        json!({
            "metadata": {"namespace": namespace, "name": name},
            "spec": {"template": {"spec": {"serviceAccountName": account}}},
        })
    }

    fn level_of(name: &str, shares: u64) -> Value {
        json!({"metadata": {"name": name}, "spec": {"limited": {"nominalConcurrencyShares": shares}}})
    }

    fn names(cluster: &Cluster) -> Vec<String> {
        let name =
            |proposal: Proposal| proposal.object["metadata"]["name"].as_str().expect("a name").to_owned();
        plan(cluster).into_iter().map(name).collect()
    }

    /// A cluster that has what is to be installed beforehand.
    fn installed() -> Cluster {
        let (schemas, levels) =
            jail::manifests().into_iter().partition(|object| object["kind"] == "FlowSchema");
        Cluster { schemas, levels, ..Cluster::default() }
    }

    #[test]
    fn what_is_missing_is_proposed_and_what_is_there_is_not() {
        let expected = [
            "plimsoll-jail",
            "plimsoll-jail",
            "plimsoll-shed",
            "plimsoll-recovery",
            "plimsoll-recovery",
            "plimsoll-breakglass",
        ];
        assert_eq!(names(&Cluster::default()), expected);
        assert_eq!(names(&installed()), Vec::<String>::new());
    }

    #[test]
    fn agents_are_metered_and_leave_the_level_of_kube_system() {
        let mut cluster = installed();
        cluster.levels.extend([level_of("workload-low", 100), level_of("workload-high", 40)]);
        cluster.daemon_sets = vec![
            daemon_set("logs", "vector", Some("vector")),
            daemon_set("kube-system", "telemetry", Some("telemetry")),
            daemon_set("kube-system", "kube-proxy", Some("kube-proxy")),
            daemon_set("calico-system", "calico-node", Some("calico-node")),
            daemon_set("web", "plain", None),
        ];
        let expected =
            ["plimsoll-agents", "plimsoll-agent-kube-system-telemetry", "plimsoll-agent-logs-vector"];
        assert_eq!(names(&cluster), expected);
        let proposals = plan(&cluster);
        assert!(proposals[0].effect.contains("gets 158 of 600"), "{}", proposals[0].effect);
        assert!(proposals[1].effect.contains("from workload-high"), "{}", proposals[1].effect);
        assert_eq!(proposals[1].object["spec"]["matchingPrecedence"], 800);
        // Applied once, nothing is left to propose.
        for proposal in proposals {
            match proposal.object["kind"] == "FlowSchema" {
                true => cluster.schemas.push(proposal.object),
                false => cluster.levels.push(proposal.object),
            }
        }
        assert_eq!(names(&cluster), Vec::<String>::new());
    }

    #[test]
    fn who_costs_much_gets_few_seats_and_parts_of_the_cluster_do_not() {
        let check = |who: &str, cores: f64, exponent: f64, is_bounded: bool| {
            let cost = |who: &str, cores, exponent| {
                let (namespace, name) = who.split_once('/').expect("two parts");
                let account = Account { namespace: namespace.to_owned(), name: name.to_owned() };
                Cost { account, cores, exponent, dearest: "list pods".to_owned() }
            };
            let costs =
                vec![cost(who, cores, exponent), cost("kube-system/generic-garbage-collector", 1.0, 0.0)];
            let found = names(&Cluster { costs, ..installed() });
            let expected =
                ["plimsoll-bounded".to_owned(), format!("plimsoll-bounded-{}", who.replace('/', "-"))];
            assert_eq!(found, if is_bounded { &expected[..] } else { &[] }, "{who}");
        };
        check("logs/vector", 0.2, 0.0, true);
        check("logs/vector", 0.1, 1.0, false);
        check("logs/vector", 0.06, 2.0, true);
        check("logs/vector", 0.04, 2.0, false);
        check("kube-system/node-controller", 0.5, 2.0, false);
        check("calico-system/calico-node", 0.5, 2.0, false);
    }

    #[test]
    fn there_is_an_end_to_it() {
        let daemon_sets =
            (0..100).map(|n| daemon_set("logs", &format!("d{n}"), Some(&format!("a{n}")))).collect();
        assert_eq!(plan(&Cluster { daemon_sets, ..installed() }).len(), PROPOSALS_MAX);
    }
}
