//! The shrink guard: names that are lost all at once are more often the fault of who says so than the truth.
//!
//! An API server that comes back from an older etcd, a hub that points to the wrong cluster, a list that is cut short: each
//! says that names are gone which are not, and a DNS server that believes it answers NXDOMAIN with authority. So a loss that
//! is too large, or that is said about another cluster, is put in quarantine: what was known goes on being served, the
//! quarantine is shown, and it ends when time or an operator confirms the loss, or when the names come back. What is new is
//! never held up, and neither is one deletion.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use bytes::Bytes;
use fanout::{Change, ItemKey, Topic, Transfer};
use service_names::payload::{EndpointSliceItem, Item as _};
use service_names::topic;

/// What counts as too much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GuardConfig {
    /// So many items of a kind may always go at once: a namespace with a handful of services is deleted every day.
    pub loss_items: usize,
    /// Beyond that, this share of a kind.
    pub loss_share: f64,
    /// A stream of single deletions counts as one loss when it passes the limit within this time.
    pub window: Duration,
    /// A loss that the hub still claims after so long, and with a live path to the API server all the time, is believed.
    /// Zero: only an operator confirms.
    pub confirm_after: Duration,
}

/// Items that can be lost, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) services: usize,
    pub(crate) slices: usize,
    pub(crate) namespaces: usize,
}

/// Why something is in quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Suspicion {
    /// Not one service is left.
    Empty,
    /// Too much is lost at once.
    Shrunk {
        /// "services", "slices" or "namespaces".
        kind: &'static str,
        /// How many of them are lost.
        lost: usize,
        /// Of how many.
        of: usize,
    },
    /// The names are another cluster's.
    OtherCluster {
        /// UID of ours.
        ours: String,
        /// UID of the one that the hub speaks of.
        theirs: String,
    },
}

/// What is in quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantine {
    /// Why.
    pub suspicion: Suspicion,
    /// Items that the hub says are different.
    pub items: usize,
    /// How long they have been claimed with a live path.
    pub claimed: Duration,
}

/// What is served, asked only when something is lost.
pub(crate) trait Served {
    /// How much.
    fn counts(&self) -> Counts;
    /// Which items.
    fn keys(&self) -> HashSet<ItemKey>;
}

/// See the module. Times are of the monotonic clock.
#[derive(Debug)]
pub(crate) struct Guard {
    config: GuardConfig,
    /// UID of the cluster whose names are served.
    cluster: Option<Bytes>,
    /// What the hub says, where that differs from what is served.
    held: BTreeMap<ItemKey, Option<Bytes>>,
    suspicion: Option<Suspicion>,
    claimed: Duration,
    ticked: Duration,
    /// Single losses of late; they are forgotten over the window.
    recent: [f64; 3],
    recent_at: Duration,
}

impl Default for GuardConfig {
    fn default() -> Self {
        Self {
            loss_items: 20,
            loss_share: 0.1,
            window: Duration::from_secs(60),
            confirm_after: Duration::from_secs(15 * 60),
        }
    }
}

impl Counts {
    const KINDS: [&str; 3] = ["services", "slices", "namespaces"];

    fn by_kind(self) -> [usize; 3] {
        [self.services, self.slices, self.namespaces]
    }

    fn of<'a>(changes: impl Iterator<Item = (&'a ItemKey, Option<&'a Bytes>)>) -> Self {
        let mut counts = Self::default();
        for (item, value) in changes {
            if !is_loss(item, value) {
                continue;
            }
            match item.topic {
                topic::SERVICES => counts.services += 1,
                topic::ENDPOINT_SLICES => counts.slices += 1,
                topic::NAMESPACES => counts.namespaces += 1,
                _ => {}
            }
        }
        counts
    }
}

impl Guard {
    /// Names of no cluster so far, or of `cluster`.
    pub(crate) fn new(config: GuardConfig, cluster: Option<Bytes>, now: Duration) -> Self {
        Self {
            config,
            cluster,
            held: BTreeMap::new(),
            suspicion: None,
            claimed: Duration::ZERO,
            ticked: now,
            recent: [0.0; 3],
            recent_at: now,
        }
    }

    /// What is in quarantine.
    pub(crate) fn quarantine(&self) -> Option<Quarantine> {
        let suspicion = self.suspicion.clone()?;
        Some(Quarantine { suspicion, items: self.held.len(), claimed: self.claimed })
    }

    /// Takes what the hub says; returns what of it may be served.
    pub(crate) fn take(&mut self, transfer: Transfer, world: &dyn Served, now: Duration) -> Vec<Change> {
        let Transfer { whole, changes, .. } = transfer;
        if let Some(theirs) = self.stranger(&changes) {
            self.hold_all(changes);
            let text = |uid: &Bytes| String::from_utf8_lossy(uid).into_owned();
            let ours = self.cluster.as_ref().map(text).unwrap_or_default();
            self.suspect(Suspicion::OtherCluster { ours, theirs: text(&theirs) }, now);
            return Vec::new();
        }
        let changes = self.merged(changes, world);
        let lost = Counts::of(pairs(&changes));
        if lost == Counts::default() && self.suspicion.is_none() {
            self.note_cluster(&changes);
            return changes;
        }
        let served = world.counts();
        let gained = changes.iter().filter(|change| is_gain(change, topic::SERVICES)).count();
        let suspicion = match whole {
            true => self.judge(lost, gained, served, [0.0; 3], true),
            false => {
                let recent = self.recent(now);
                self.judge(lost, gained, served, recent, false)
            }
        };
        let Some(suspicion) = suspicion else {
            self.spend(lost, now);
            self.note_cluster(&changes);
            return self.settle(changes, served, now);
        };
        let (losses, rest): (Vec<Change>, Vec<Change>) =
            changes.into_iter().partition(|change| is_loss(&change.item, change.value.as_ref()));
        self.note_cluster(&rest);
        let pass = self.settle(rest, served, now);
        self.hold_all(losses);
        self.suspect(suspicion, now);
        pass
    }

    /// Lets time pass; `live`: all the while the hub was there and its path to the API server too. Returns what is released.
    pub(crate) fn tick(&mut self, live: bool, now: Duration) -> Vec<Change> {
        let passed = now.saturating_sub(self.ticked);
        self.ticked = now;
        if self.suspicion.is_none() || !live {
            return Vec::new();
        }
        self.claimed += passed;
        let by_time = !self.config.confirm_after.is_zero() && self.claimed >= self.config.confirm_after;
        if by_time { self.confirm() } else { Vec::new() }
    }

    /// An operator says that it is true. Returns what is released.
    pub(crate) fn confirm(&mut self) -> Vec<Change> {
        self.suspicion = None;
        self.claimed = Duration::ZERO;
        let released: Vec<Change> =
            std::mem::take(&mut self.held).into_iter().map(|(item, value)| Change { item, value }).collect();
        self.note_cluster(&released);
        released
    }

    /// The UID of the cluster that the hub speaks of, when it is not ours.
    fn stranger(&self, changes: &[Change]) -> Option<Bytes> {
        let ours = self.cluster.as_ref()?;
        let said = changes.iter().rev().find(|change| change.item.topic == topic::CLUSTER);
        let theirs = match said {
            Some(change) => change.value.as_ref()?,
            // Nothing new about it: as it was.
            None => self.held.iter().find(|(item, _)| item.topic == topic::CLUSTER)?.1.as_ref()?,
        };
        (theirs != ours).then(|| theirs.clone())
    }

    /// The hub speaks of our cluster again: all that it said meanwhile is what it says now.
    fn merged(&mut self, changes: Vec<Change>, world: &dyn Served) -> Vec<Change> {
        if !matches!(self.suspicion, Some(Suspicion::OtherCluster { .. })) {
            return changes;
        }
        self.suspicion = None;
        let mut all = std::mem::take(&mut self.held);
        all.extend(changes.into_iter().map(|change| (change.item, change.value)));
        // What the other one had and ours never had is no loss.
        let served = world.keys();
        all.retain(|item, value| value.is_some() || served.contains(item));
        all.into_iter().map(|(item, value)| Change { item, value }).collect()
    }

    /// `recent`: losses that count with `lost`; `whole`: even a single last service counts as emptiness.
    fn judge(
        &self,
        lost: Counts,
        gained: usize,
        served: Counts,
        recent: [f64; 3],
        whole: bool,
    ) -> Option<Suspicion> {
        let few = !whole && lost.services < 2;
        if lost.services > 0 && lost.services >= served.services + gained && !few {
            return Some(Suspicion::Empty);
        }
        let kinds = Counts::KINDS.into_iter().zip(lost.by_kind()).zip(served.by_kind()).zip(recent);
        for (((kind, lost), of), recent) in kinds {
            let all = lost as f64 + recent;
            if lost > 0 && all > self.allowed(of) {
                return Some(Suspicion::Shrunk { kind, lost: all as usize, of });
            }
        }
        None
    }

    fn allowed(&self, of: usize) -> f64 {
        (of as f64 * self.config.loss_share).max(self.config.loss_items as f64)
    }

    /// Hands on `changes`, which take the place of what is held about the same items. A quarantine of which hardly anything
    /// is left was an accident that is over: the rest are deletions like any other.
    fn settle(&mut self, mut changes: Vec<Change>, served: Counts, now: Duration) -> Vec<Change> {
        for change in &changes {
            self.held.remove(&change.item);
        }
        if self.suspicion.is_some() {
            let held = Counts::of(self.held.iter().map(|(item, value)| (item, value.as_ref())));
            let recent = self.recent(now);
            if self.judge(held, 0, served, recent, true).is_none() {
                changes.extend(self.confirm());
                self.spend(held, now);
            }
        }
        changes
    }

    fn hold_all(&mut self, changes: Vec<Change>) {
        self.held.extend(changes.into_iter().map(|change| (change.item, change.value)));
    }

    fn suspect(&mut self, suspicion: Suspicion, now: Duration) {
        if self.suspicion.is_none() {
            (self.claimed, self.ticked) = (Duration::ZERO, now);
        }
        self.suspicion = Some(suspicion);
    }

    fn note_cluster(&mut self, changes: &[Change]) {
        let said = changes.iter().rev().find(|change| change.item.topic == topic::CLUSTER);
        if let Some(uid) = said.and_then(|change| change.value.clone()) {
            self.cluster = Some(uid);
        }
    }

    fn recent(&mut self, now: Duration) -> [f64; 3] {
        let passed = now.saturating_sub(self.recent_at).as_secs_f64() / self.config.window.as_secs_f64();
        self.recent_at = now;
        self.recent = self.recent.map(|of| of * (1.0 - passed).max(0.0));
        self.recent
    }

    fn spend(&mut self, lost: Counts, now: Duration) {
        self.recent(now);
        let both = self.recent.iter_mut().zip(lost.by_kind());
        both.for_each(|(recent, lost)| *recent += lost as f64);
    }
}

/// Names go: the item does, or its last endpoint.
fn is_loss(item: &ItemKey, value: Option<&Bytes>) -> bool {
    match value {
        None => true,
        Some(value) if item.topic == topic::ENDPOINT_SLICES => {
            let slice = EndpointSliceItem::from_value(value.clone()).unwrap_or_default();
            slice.v4.is_empty() && slice.v6.is_empty() && slice.hosts.is_empty()
        }
        Some(_) => false,
    }
}

fn is_gain(change: &Change, of: Topic) -> bool {
    change.item.topic == of && change.value.is_some()
}

fn pairs(changes: &[Change]) -> impl Iterator<Item = (&ItemKey, Option<&Bytes>)> {
    changes.iter().map(|change| (&change.item, change.value.as_ref()))
}
