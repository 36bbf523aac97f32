//! The loop: documents and nodes in, directives and revisions out.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agent_link::HubHandle;
use bytes::Bytes;
use confirmation::{Node, SigningKey};
use environment::Clock;
use fanout::Topic;
use fanout::payload::{NodeItem, NodeReport};
use parking_lot::Mutex;
use prost::Message;
use rollout_plan::Candidate;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::documents::{Document, Documents};
use crate::kept::{Kept, Shelf};
use crate::limits::{RELOAD, ROLLOUTS_MAX, SILENT, TICK};
use crate::load_line::{self, LoadLine};
use crate::spec::{self, Wanted};
use crate::status::RolloutStatus;
use crate::steered::Steered;
use crate::traffic;

/// What a controller is given.
pub struct Config {
    /// Where people's wishes stand.
    pub documents: Documents,
    /// Its own folder.
    pub state: PathBuf,
    /// What it signs with.
    pub key: SigningKey,
}

/// What is known of the cluster.
#[derive(Debug, Clone, Default)]
pub struct ClusterView {
    /// UID of `kube-system`; none before it is known.
    pub uid: Option<String>,
    /// All nodes, with zone and instance type; none as long as not all are known.
    pub nodes: Vec<(Node, String, String)>,
}

/// Asked once a second.
pub type Cluster = Arc<dyn Fn() -> ClusterView + Send + Sync>;

/// By node: topic and key -> value.
type Given = HashMap<String, BTreeMap<(Topic, Vec<u8>), Bytes>>;

/// Steers all rollouts of a folder.
pub struct Controller {
    config: Config,
    shelf: Shelf,
    cluster: Cluster,
    link: HubHandle,
    clock: Arc<dyn Clock>,
    /// The last report of each node, and when it came.
    reports: HashMap<String, (Duration, NodeReport)>,
    steered: BTreeMap<String, Steered>,
    /// What nodes were given: node, topic and key -> value.
    given: Given,
    /// As of the last look, and how many rollouts there were when nodes were given something last.
    nodes: Vec<(Node, String, String)>,
    published: usize,
    /// Another hub steers, or nobody does: nothing is said, and nothing that was said is taken back.
    stands_by: bool,
    reloaded: Option<Duration>,
    /// Documents that cannot be meant, by file.
    refused: BTreeMap<String, String>,
    seen: Seen,
}

/// What others see of a controller.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// All rollouts.
    pub status: Status,
    /// All load lines.
    pub load_lines: LoadLines,
    /// What workloads exchange with the API servers.
    pub traffic: traffic::Shared,
}

/// All load lines as of the last reading.
pub(crate) type LoadLines = Arc<Mutex<Vec<LoadLine>>>;

/// All rollouts as of the last tick.
pub type Status = Arc<Mutex<Vec<RolloutStatus>>>;

impl Controller {
    /// A controller that has not begun.
    ///
    /// # Errors
    /// Its folder cannot be made.
    pub fn new(
        config: Config,
        cluster: Cluster,
        link: HubHandle,
        clock: Arc<dyn Clock>,
        seen: Seen,
    ) -> std::io::Result<Self> {
        let shelf = Shelf::open(&config.state)?;
        config.documents.check()?;
        Ok(Self {
            config,
            shelf,
            cluster,
            link,
            clock,
            reports: HashMap::new(),
            steered: BTreeMap::new(),
            given: Given::new(),
            nodes: Vec::new(),
            published: 0,
            stands_by: false,
            reloaded: None,
            refused: BTreeMap::new(),
            seen,
        })
    }

    /// Until `stop`.
    pub async fn run(mut self, mut reports: mpsc::Receiver<(String, Bytes)>, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                Some((node, value)) = reports.recv() => {
                    if let Ok(report) = NodeReport::decode(value) {
                        self.reports.insert(node, (self.clock.monotonic(), report));
                    }
                }
                _ = ticks.tick() => self.tick(),
            }
        }
    }

    fn tick(&mut self) {
        let view = (self.cluster)();
        let Some(cluster) = &view.uid else { return };
        if view.nodes.is_empty() {
            return;
        }
        let now = self.clock.monotonic();
        if self.reloaded.is_none_or(|last| now.saturating_sub(last) >= RELOAD) {
            self.reloaded = Some(now);
            self.reload(cluster);
            // As often: it costs as much as there are nodes and workloads.
            *self.seen.traffic.lock() = traffic::sum(self.reports.values().map(|(_, report)| report));
        }
        self.reports.retain(|_, (at, _)| now.saturating_sub(*at) <= SILENT);
        if self.stands_by {
            *self.seen.status.lock() = self.describe();
            return;
        }
        let wall = self.clock.wall();
        // What costs as much as there are nodes is done when something changed, not every second.
        let are_others = self.nodes != view.nodes;
        let mut is_news = are_others;
        if are_others {
            self.nodes = view.nodes.clone();
        }
        for (name, steered) in &mut self.steered {
            if are_others || steered.candidates.is_empty() {
                let candidate = |(node, zone, kind): &(Node, String, String)| {
                    Candidate::new(name, node.clone(), zone.clone(), kind.clone())
                };
                steered.candidates = view.nodes.iter().map(candidate).collect();
                is_news = true;
            }
            let counts = count(steered, &self.reports);
            if steered.look(wall, counts, &self.config.key, &self.shelf) {
                is_news = true;
                tracing::info!(rollout = name, phase = ?steered.rollout.phase(), step = steered.rollout.step(), "a new directive");
            }
        }
        if is_news || self.steered.len() != self.published {
            self.published = self.steered.len();
            self.publish(self.wanted(cluster));
        }
        *self.seen.status.lock() = self.describe();
    }

    /// Reads what is wanted; what is gone is no longer steered, and what nodes run on trial goes back by itself.
    fn reload(&mut self, cluster: &str) {
        let documents = match self.config.documents.read() {
            Ok(Some(documents)) => documents,
            Ok(None) => {
                self.stands_by = true;
                self.steered.clear();
                self.refused.clear();
                self.seen.load_lines.lock().clear();
                return;
            }
            Err(error) => {
                // What is steered goes on: a folder that cannot be read is nobody's wish.
                self.refused.clear();
                self.refused.insert(self.config.documents.to_string(), error.to_string());
                return;
            }
        };
        self.stands_by = false;
        self.refused.clear();
        let (mut wanted, mut lines) = (BTreeMap::new(), BTreeMap::new());
        let mut from: BTreeMap<String, (String, Option<Kept>)> = BTreeMap::new();
        for Document { origin, text, kept } in documents {
            let taken = text.and_then(|text| match spec::kind(&text).as_str() {
                load_line::KIND => load_line::parse(&text).and_then(|line| fits_line(&mut lines, line)),
                _ => spec::parse(&text).and_then(|document| fits(&wanted, document)).map(|document| {
                    let kept = kept.as_deref().and_then(Kept::from_text);
                    from.insert(document.rollout.clone(), (origin.clone(), kept));
                    wanted.insert(document.rollout.clone(), document);
                }),
            });
            if let Err(why) = taken {
                self.refused.insert(origin, why);
            }
        }
        *self.seen.load_lines.lock() = lines.into_values().collect();
        // A document that a slip of the hand made unreadable is still watched, as it was.
        let refused = &self.refused;
        self.steered.retain(|name, steered| wanted.contains_key(name) || refused.contains_key(&steered.file));
        for (name, document) in wanted {
            let (file, kept) = from.remove(&name).unwrap_or_default();
            self.steer(name, document, file, kept, cluster);
        }
    }

    fn steer(&mut self, name: String, document: Wanted, file: String, kept: Option<Kept>, cluster: &str) {
        let wishes = document.wishes;
        let same = self.steered.get(&name).is_some_and(|steered| {
            steered.wanted == Wanted { wishes: steered.wanted.wishes, ..document.clone() }
        });
        if !same {
            match Steered::begin(document, cluster, &self.shelf, &self.clock, kept) {
                Ok(steered) => drop(self.steered.insert(name.clone(), steered)),
                Err(why) => drop(self.refused.insert(name.clone(), why)),
            }
        }
        if let Some(steered) = self.steered.get_mut(&name) {
            steered.file = file;
            steered.wish(wishes);
        }
    }

    /// Everything that each node is to have.
    fn wanted(&self, cluster: &str) -> Given {
        let mut wanted = Given::new();
        for (node, ..) in &self.nodes {
            let item = NodeItem {
                cluster_uid: cluster.to_owned(),
                uid: node.uid.clone(),
                goes_last: node.goes_last,
            };
            let items = wanted.entry(node.name.clone()).or_default();
            items.insert((Topic::NODE, Vec::new()), item.to_value());
        }
        for steered in self.steered.values() {
            items_of(steered, &mut wanted);
        }
        wanted
    }

    /// Gives nodes what they do not have, and takes away what is not wanted any more.
    fn publish(&mut self, wanted: Given) {
        for (node, items) in &self.given {
            let keep = wanted.get(node);
            for (topic, key) in items.keys() {
                if !keep.is_some_and(|keep| keep.contains_key(&(*topic, key.clone()))) {
                    self.link.remove(node, *topic, key);
                }
            }
        }
        for (node, items) in &wanted {
            let given = self.given.get(node);
            for ((topic, key), value) in items {
                let is_given = given.and_then(|given| given.get(&(*topic, key.clone()))) == Some(value);
                if !is_given && let Err(error) = self.link.publish(node, *topic, key, value.clone()) {
                    tracing::warn!(node, %error, "a node is not told");
                }
            }
        }
        self.given = wanted;
    }

    fn describe(&self) -> Vec<RolloutStatus> {
        let steered = self.steered.iter().map(|(name, steered)| RolloutStatus::of(name, steered));
        let refused = self.refused.iter().map(|(file, why)| RolloutStatus::refused(file, why));
        steered.chain(refused).collect()
    }
}

/// Two documents must not steer one workload: the first one read keeps it.
fn fits(others: &BTreeMap<String, Wanted>, document: Wanted) -> Result<Wanted, String> {
    if let Some(other) = others.values().find(|other| other.workload == document.workload) {
        return Err(format!(
            "workload {:?} is steered by {} already: one of the two must go",
            document.workload, other.rollout
        ));
    }
    if others.len() >= ROLLOUTS_MAX {
        return Err(format!("there are {ROLLOUTS_MAX} rollouts already"));
    }
    Ok(document)
}

/// Two load lines must not give one workload two shares.
fn fits_line(
    others: &mut BTreeMap<(String, String, String), LoadLine>,
    line: LoadLine,
) -> Result<(), String> {
    if let Some(other) = others.get(&line.workload) {
        let (namespace, kind, name) = &line.workload;
        return Err(format!(
            "{namespace}/{kind}/{name} has the load line {:?} already: one of the two must go",
            other.name
        ));
    }
    if others.len() >= ROLLOUTS_MAX {
        return Err(format!("there are {ROLLOUTS_MAX} load lines already"));
    }
    others.insert(line.workload.clone(), line);
    Ok(())
}

/// Nodes that run the revision, and nodes that gave it up in this attempt, by what they said lately.
fn count(steered: &Steered, reports: &HashMap<String, (Duration, NodeReport)>) -> (u32, u32) {
    let attempt = steered.rollout.attempt();
    let (mut running, mut reverted) = (0, 0);
    for node in &steered.candidates {
        let Some((_, report)) = reports.get(&node.node.name) else { continue };
        let of_it = report.workloads.iter().find(|one| one.workload == steered.wanted.workload);
        let Some(one) = of_it else { continue };
        running += u32::from(one.running == steered.hash.as_bytes());
        let is_ours = steered.kept.first_serial > 0 && one.serial >= steered.kept.first_serial;
        reverted += u32::from(is_ours && one.attempt == attempt && one.reverted);
    }
    (running, reverted)
}

/// To each node its directive; to those that may start it the new revision, to the others the stable one.
fn items_of(steered: &Steered, wanted: &mut Given) {
    if steered.token.is_empty() {
        return;
    }
    let is_stopped = steered.rollout.stopped().is_some();
    for one in &steered.candidates {
        let items = wanted.entry(one.node.name.clone()).or_default();
        items
            .insert((Topic::DIRECTIVES, steered.wanted.workload.clone().into_bytes()), steered.token.clone());
        let is_assigned = one.is_in(steered.rollout.assigned());
        let content = if is_assigned && !is_stopped { &steered.content } else { &steered.stable_content };
        for (key, value) in content {
            items.insert((Topic::REVISIONS, key.clone()), value.clone());
        }
    }
}

#[cfg(test)]
mod tests;
