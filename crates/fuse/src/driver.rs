//! The loop: pods, orders and counters in, the table out.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use environment::since_boot;
use tokio_util::sync::CancellationToken;

use crate::counters::{Reading, Readings};
use crate::limits::{AGAIN, EXPIRY, GROUPS_MAX, LOOK, PLACES_MAX, RENEW, SERVERS_MAX};
use crate::nft::{Nft, NftError};
use crate::order::Orders;
use crate::policy::{Look, Policy, Verdict, Why};
use crate::script;
use crate::status::{Shared, Status, WorkloadStatus};
use crate::subject::Subject;
use crate::table::{Mode, Number, Place, Rates, Table};

/// What a fuse is given.
#[derive(Debug, Clone)]
pub struct Config {
    /// Its folder, below `/run`: orders are read in `orders`, `status.json` is written.
    pub folder: PathBuf,
    /// API servers that are known from the start.
    pub servers: BTreeSet<SocketAddr>,
    /// Workloads that are counted, but never limited or cut.
    pub exempt: BTreeSet<Subject>,
    /// The program.
    pub nft: PathBuf,
}

/// A pod of this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    /// What it belongs to.
    pub subject: Subject,
    /// Its addresses; none of one that shares the node's network, as they are the node's.
    pub addresses: Vec<IpAddr>,
    /// The cgroup of one that shares the node's network, as `nft` wants it.
    pub cgroup: Option<String>,
}

/// What the hub says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Word {
    /// Where API servers are.
    pub servers: BTreeSet<SocketAddr>,
    /// How much each workload may use on one node.
    pub shares: BTreeMap<Subject, Rates>,
    /// The API server is overloaded.
    pub is_overloaded: bool,
}

/// Asked at each look; `None`: the pods are not known yet, and the table stays as it is.
pub type Pods = Arc<dyn Fn() -> Option<Vec<Pod>> + Send + Sync>;
/// Asked at each look.
pub type Hub = Arc<dyn Fn() -> Word + Send + Sync>;

/// A node's fuse.
pub struct Fuse {
    config: Config,
    nft: Nft,
    pods: Pods,
    hub: Hub,
    policy: Policy,
    /// Of the fuse before this one: they stand in until the hub has said where they are.
    former_servers: BTreeSet<SocketAddr>,
    numbers: BTreeMap<Subject, Number>,
    last_number: Number,
    /// What the kernel holds; `None`: not known.
    applied: Option<Table>,
    renewed: Duration,
    /// When the kernel forgets what it holds of each group.
    ends: BTreeMap<Number, Duration>,
    not_before: Duration,
    read: Readings,
    totals: BTreeMap<Subject, Reading>,
    /// Of the node: tried and accepted.
    connections: (u64, u64),
    orders: Orders,
    problem: Option<String>,
    status: Shared,
}

impl Fuse {
    /// Takes up what a fuse before this one had limited.
    ///
    /// # Errors
    /// Its folder cannot be made.
    pub fn new(config: Config, pods: Pods, hub: Hub, status: Shared) -> io::Result<Self> {
        std::fs::create_dir_all(config.folder.join("orders"))?;
        private(&config.folder)?;
        // None, or none that can be read, is a first start.
        let former = Status::read(&config.folder.join("status.json")).unwrap_or_default();
        let former_servers = former.servers.iter().filter_map(|server| server.parse().ok()).collect();
        let mut policy = Policy::default();
        for (subject, share, until) in limited(former) {
            policy.restore(subject, share, until);
        }
        Ok(Self {
            nft: Nft::new(config.nft.clone()),
            config,
            pods,
            hub,
            policy,
            former_servers,
            numbers: BTreeMap::new(),
            last_number: 0,
            applied: None,
            renewed: Duration::ZERO,
            ends: BTreeMap::new(),
            not_before: Duration::ZERO,
            read: Readings::default(),
            totals: BTreeMap::new(),
            connections: (0, 0),
            orders: Orders::default(),
            problem: None,
            status,
        })
    }

    /// Until `stop`. The table stays: a restart of the agent opens nothing that was closed.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = looks.tick() => self.look(since_boot()).await,
            }
        }
    }

    async fn look(&mut self, now: Duration) {
        let Some(pods) = (self.pods)() else { return };
        let word = (self.hub)();
        self.read_orders(now);
        self.count().await;
        let (groups, places, uncounted) = self.number(&pods);
        let verdicts = self.judge(now, &groups, &word);
        let said = if word.servers.is_empty() { &self.former_servers } else { &word.servers };
        let servers = self.config.servers.union(said).copied().take(SERVERS_MAX).collect();
        let modes = groups.iter().map(|(subject, number)| (*number, verdicts[subject].mode)).collect();
        let wanted = Table { servers, groups: modes, places };
        let expiry =
            groups.iter().map(|(subject, number)| (*number, left(&verdicts[subject], now))).collect();
        self.apply(now, wanted, &expiry).await;
        let status = self.describe(now, &groups, &verdicts, uncounted);
        if let Err(error) = status.write(&self.config.folder.join("status.json")) {
            tracing::warn!(%error, "the fuse's state cannot be written");
        }
        *self.status.lock() = status;
    }

    fn read_orders(&mut self, now: Duration) {
        match Orders::read(&self.config.folder.join("orders"), now) {
            Ok(orders) => {
                for path in &orders.ended {
                    // One that cannot be removed is ended all the same.
                    let _ = std::fs::remove_file(path);
                }
                self.orders = orders;
            }
            // What was ordered last holds.
            Err(error) => self.orders.refused = vec![format!("orders cannot be read: {error}")],
        }
    }

    async fn count(&mut self) {
        if self.applied.is_none() {
            return;
        }
        let now = match self.nft.counters().await {
            Ok(readings) => readings,
            Err(error) => {
                // Somebody has flushed all tables, for instance.
                tracing::warn!(%error, "the fuse's table cannot be read; it is made again");
                self.applied = None;
                return;
            }
        };
        for (subject, number) in &self.numbers {
            let (Some(reading), before) = (now.groups.get(number), self.read.groups.get(number)) else {
                continue;
            };
            let total = self.totals.entry(subject.clone()).or_default();
            total.add_since(&before.copied().unwrap_or_default(), reading);
        }
        self.connections.0 += now.tried.saturating_sub(self.read.tried);
        self.connections.1 += now.accepted.saturating_sub(self.read.accepted);
        self.read = now;
    }

    /// Workloads with their numbers, places with theirs, and how many workloads did not fit.
    fn number(&mut self, pods: &[Pod]) -> (BTreeMap<Subject, Number>, BTreeMap<Place, Number>, u64) {
        let subjects: BTreeSet<&Subject> = pods.iter().map(|pod| &pod.subject).collect();
        self.numbers.retain(|subject, _| subjects.contains(subject));
        self.totals.retain(|subject, _| subjects.contains(subject));
        let mut uncounted = 0;
        for subject in subjects {
            if self.numbers.contains_key(subject) {
                continue;
            }
            if self.numbers.len() >= GROUPS_MAX {
                uncounted += 1;
                continue;
            }
            self.last_number += 1;
            self.numbers.insert(subject.clone(), self.last_number);
        }
        let mut places = BTreeMap::new();
        for pod in pods {
            let Some(number) = self.numbers.get(&pod.subject) else { continue };
            let addresses = pod.addresses.iter().copied().map(Place::Address);
            let all = addresses.chain(pod.cgroup.clone().map(Place::Cgroup));
            places.extend(all.map(|place| (place, *number)));
        }
        while places.len() > PLACES_MAX {
            places.pop_last();
        }
        (self.numbers.clone(), places, uncounted)
    }

    fn judge(
        &mut self,
        now: Duration,
        groups: &BTreeMap<Subject, Number>,
        word: &Word,
    ) -> BTreeMap<Subject, Verdict> {
        let readings = groups
            .keys()
            .map(|subject| (subject.clone(), self.totals.get(subject).copied().unwrap_or_default()))
            .collect();
        let mut verdicts = self.policy.look(Look {
            now,
            readings: &readings,
            tried: self.connections.0,
            accepted: self.connections.1,
            is_overloaded: word.is_overloaded,
            shares: &word.shares,
            orders: &self.orders.by_subject,
            everybody: self.orders.everybody.as_ref(),
        });
        for subject in &self.config.exempt {
            if let Some(verdict) = verdicts.get_mut(subject) {
                *verdict = Verdict { mode: Mode::Observe, why: Why::Observed, until: None, share: None };
            }
        }
        verdicts
    }

    async fn apply(&mut self, now: Duration, wanted: Table, expiry: &BTreeMap<Number, Duration>) {
        if now < self.not_before {
            return;
        }
        let ends: BTreeMap<Number, Duration> =
            expiry.iter().map(|(group, left)| (*group, now + *left)).collect();
        let is_sooner = |(_, group): (&Place, Number)| self.ends.get(&group) > ends.get(&group);
        let is_old = now.saturating_sub(self.renewed) >= RENEW && wanted.restricted().next().is_some();
        let is_due = is_old || wanted.restricted().any(is_sooner);
        let script = match &self.applied {
            None => script::whole(&wanted, expiry),
            Some(applied) if *applied != wanted || is_due => script::changes(applied, &wanted, expiry),
            Some(_) => return,
        };
        match self.nft.run(&script).await {
            Ok(()) => {
                if self.applied.is_none() {
                    tracing::info!(
                        workloads = wanted.groups.len(),
                        servers = wanted.servers.len(),
                        "the fuse is armed"
                    );
                    self.read = Readings::default();
                }
                self.applied = Some(wanted);
                self.renewed = now;
                self.ends = ends;
                self.problem = None;
            }
            Err(error) => self.failed(now, &error),
        }
    }

    /// What the kernel holds is what it held, or unknown: next time the table is made as a whole.
    fn failed(&mut self, now: Duration, error: &NftError) {
        let is_news = self.problem.as_deref() != Some(&error.to_string());
        if is_news {
            tracing::warn!(
                "the fuse is not armed: {error}. Gated workloads can still be stopped on this node"
            );
        }
        // A pod that has just gone takes its cgroup along: the next look knows.
        self.not_before = if matches!(error, NftError::Refused(_)) && is_news { now } else { now + AGAIN };
        self.problem = Some(error.to_string());
        self.applied = None;
    }

    fn describe(
        &self,
        now: Duration,
        groups: &BTreeMap<Subject, Number>,
        verdicts: &BTreeMap<Subject, Verdict>,
        uncounted: u64,
    ) -> Status {
        let seconds = |at: Option<Duration>| at.map(|at| at.as_secs());
        let places = |number: Number| {
            let table = self.applied.as_ref();
            table.map_or(0, |table| table.places.values().filter(|of| **of == number).count() as u64)
        };
        let workload = |(subject, number): (&Subject, &Number)| {
            let verdict = &verdicts[subject];
            let total = self.totals.get(subject).copied().unwrap_or_default();
            let one = WorkloadStatus {
                mode: verdict.mode.name().to_owned(),
                why: verdict.why.clone(),
                until_up_seconds: seconds(verdict.until),
                share: verdict.share,
                places: places(*number),
                up_bytes: total.up_bytes,
                down_bytes: total.down_bytes,
                dropped_bytes: total.dropped_bytes,
                connections: total.connections,
            };
            (subject.clone(), one)
        };
        let problems = self.problem.iter().chain(&self.orders.refused).cloned().collect::<Vec<_>>();
        let servers = self.applied.iter().flat_map(|table| &table.servers).map(ToString::to_string).collect();
        Status {
            up_seconds: now.as_secs(),
            is_armed: self.applied.is_some(),
            problem: Some(problems.join("; ")).filter(|text| !text.is_empty()),
            servers,
            overloaded_until_up_seconds: seconds(self.policy.overloaded_until()),
            uncounted,
            workloads: groups.iter().map(workload).collect(),
        }
    }
}

/// How long the kernel is to keep it: no longer than it is meant to last.
fn left(verdict: &Verdict, now: Duration) -> Duration {
    let left = verdict.until.map_or(EXPIRY, |until| until.saturating_sub(now));
    left.clamp(Duration::from_secs(1), EXPIRY)
}

/// Limits that were set because of what a workload did; orders are files, and speak for themselves.
fn limited(status: Status) -> Vec<(Subject, Rates, Duration)> {
    let limited = status.workloads.into_iter().filter(|(_, one)| one.why == Why::OverShare);
    let known = |(subject, one): (Subject, WorkloadStatus)| {
        Some((subject, one.share?, Duration::from_secs(one.until_up_seconds?)))
    };
    limited.filter_map(known).collect()
}

/// Whoever can write here can cut a workload off.
fn private(folder: &std::path::Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
}
