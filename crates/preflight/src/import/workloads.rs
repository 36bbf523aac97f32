//! Who stands in a log, and their profiles.

use std::collections::{BTreeMap, BTreeSet};

use workload_profile::{Collector, DocumentError, Facts, Observation, Profile, Source};

use super::Counts;

/// Workloads that are told apart. Their collectors are what takes memory: 1 MB each at most for most workloads.
const WORKLOADS_MAX: usize = 500;
/// Copies of one workload that are counted exactly.
const INSTANCES_MAX: usize = 20_000;

/// Which workloads are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Select {
    /// `User-Agent` begins so.
    pub user_agent: Option<String>,
    /// `NAMESPACE/NAME`.
    pub service_account: Option<String>,
    /// The user, as the API server names it.
    pub user: Option<String>,
}

/// One workload: a user and the program that it calls itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Who {
    /// As the API server names it; of nodes, all together.
    pub user: String,
    /// `User-Agent` up to its version.
    pub program: String,
}

/// A workload in a log.
#[derive(Debug)]
pub struct Found {
    /// Who.
    pub who: Who,
    /// Requests.
    pub requests: u64,
    /// Copies, as far as they can be told apart.
    pub instances: usize,
    collector: Collector,
    copies: BTreeSet<String>,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Workloads {
    select: Select,
    found: BTreeMap<Who, Found>,
    /// Requests of workloads beyond the limit.
    others: u64,
    pub(crate) forgotten: u64,
    notes: Vec<String>,
}

/// Profiles, one for each workload that was wanted.
pub type Import = Vec<(Who, Result<Profile, DocumentError>)>;

impl Select {
    fn takes(&self, user: &str, program: &str, agent: &str) -> bool {
        let account = self.service_account.as_deref().and_then(|account| account.split_once('/'));
        let account = account.map(|(namespace, name)| format!("system:serviceaccount:{namespace}:{name}"));
        self.user_agent.as_deref().is_none_or(|wanted| agent.starts_with(wanted) || program == wanted)
            && account.is_none_or(|wanted| user == wanted)
            && self.user.as_deref().is_none_or(|wanted| user == wanted)
    }
}

impl Workloads {
    /// Of these only.
    #[must_use]
    pub fn new(select: Select) -> Self {
        Self { select, ..Self::default() }
    }

    /// Takes one request.
    pub fn take(&mut self, seen: &Observation) {
        let agent = seen.user_agent.as_deref().unwrap_or_default();
        let program = program(agent);
        let user = seen.user.as_deref().unwrap_or("system:anonymous");
        if !self.select.takes(user, &program, agent) {
            return;
        }
        // Each node is a user of its own; the workload is one.
        let (user, node) = match user.strip_prefix("system:node:") {
            Some(node) => ("system:node:*", Some(node)),
            None => (user, None),
        };
        let who = Who { user: user.to_owned(), program };
        if !self.found.contains_key(&who) && self.found.len() >= WORKLOADS_MAX {
            self.others += 1;
            return;
        }
        let found = self.found.entry(who.clone()).or_insert_with(|| Found {
            who,
            requests: 0,
            instances: 0,
            collector: Collector::new(Source::Audit),
            copies: BTreeSet::new(),
        });
        found.requests += 1;
        let instance = node.unwrap_or(&seen.instance);
        if found.copies.len() < INSTANCES_MAX && !found.copies.contains(instance) {
            found.copies.insert(instance.to_owned());
            found.instances = found.copies.len();
        }
        match node {
            Some(node) => found.collector.take(&Observation {
                instance: node.to_owned(),
                user: Some(user.to_owned()),
                ..seen.clone()
            }),
            None => found.collector.take(seen),
        }
    }

    /// The busiest first.
    #[must_use]
    pub fn list(&self) -> Vec<&Found> {
        let mut list: Vec<&Found> = self.found.values().collect();
        list.sort_by_key(|found| std::cmp::Reverse(found.requests));
        list
    }

    /// Requests of workloads beyond the limit.
    #[must_use]
    pub fn others(&self) -> u64 {
        self.others
    }

    /// Their profiles, the busiest first. `facts` is for all of them.
    #[must_use]
    pub fn profiles(self, facts: &Facts) -> Import {
        let mut found: Vec<Found> = self.found.into_values().collect();
        found.sort_by_key(|found| std::cmp::Reverse(found.requests));
        let forgotten = self.forgotten;
        let notes = self.notes;
        found
            .into_iter()
            .map(|found| {
                let mut facts = facts.clone();
                facts.unknown.extend(notes.iter().cloned());
                if forgotten > 0 {
                    facts.unknown.push(format!(
                        "{forgotten} requests had not ended, and were too many to be remembered"
                    ));
                }
                facts.workload.user_agent.get_or_insert_with(|| found.who.program.clone());
                (found.who, found.collector.finish(facts))
            })
            .collect()
    }

    /// What the reading left out belongs to every profile.
    pub(crate) fn note(&mut self, counts: &Counts) {
        if counts.broken > 0 {
            self.notes.push(format!("{} lines of the log are no events (cut off or damaged)", counts.broken));
        }
        if counts.too_long > 0 {
            self.notes.push(format!("{} lines of the log were too long to be read", counts.too_long));
        }
        self.notes.push("an audit log has no sizes: how many objects came back and how large they were is taken from the cluster".to_owned());
    }
}

/// `kubelet/v1.36.3 (linux/amd64) kubernetes/abc` is `kubelet`.
fn program(agent: &str) -> String {
    let end = agent.find(['/', ' ']).unwrap_or(agent.len());
    agent[..end].chars().filter(|letter| !letter.is_control()).take(100).collect()
}
