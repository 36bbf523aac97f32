//! The pods that this node knows, by UID.

use std::sync::Arc;
use std::time::Duration;

use environment::Clock;
use fanout::payload::PodItem;
use node_probe::pods::{PODS_MAX, Pod, PodSink, Source, SourceError, Workload};
use objects::{Seconds, Sym, Text};
use parking_lot::Mutex;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::groups::Groups;
use crate::metrics::Metrics;

/// A pod, and what is kept about it between scrapes.
#[derive(Debug)]
pub struct Known {
    /// What the sources say.
    pub pod: Pod,
    /// The workload to show: the hub's word, or the node's.
    pub workload: Workload,
    /// Containers that the kernel killed, by name: how often, and when last.
    pub oom_kills: Vec<(Text, u64, Seconds)>,
    pub(crate) groups: Arc<Mutex<Groups>>,
}

/// The table. Cheap to lock: a scrape takes a list of `Arc`s and lets go.
pub struct Pods {
    table: Mutex<Table>,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
}

#[derive(Default)]
struct Table {
    by_uid: FxHashMap<Text, Arc<Known>>,
    /// What the hub says; it may come before the pod or after it.
    from_hub: FromHub,
    source: Option<Source>,
    heard: Option<Duration>,
    error: Option<(Source, String)>,
}

/// The API server knows a static pod under another UID than its kubelet does: there, namespace and name must do.
#[derive(Default)]
struct FromHub {
    by_uid: FxHashMap<Text, Workload>,
    by_name: FxHashMap<(Text, Text), Workload>,
}

/// Which source speaks, and how long ago it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceState {
    /// `None` before the first answer.
    pub source: Option<Source>,
    /// Since the last time when it was known to be complete; `None` before the first answer.
    pub age: Option<Duration>,
    /// Why the preferred source is not in use.
    pub error: Option<String>,
}

impl Pods {
    pub(crate) fn new(clock: Arc<dyn Clock>, metrics: Metrics) -> Self {
        Self { table: Mutex::default(), clock, metrics }
    }

    /// Fills `into` with all pods, in no order.
    pub(crate) fn list(&self, into: &mut Vec<Arc<Known>>) {
        into.clear();
        into.extend(self.table.lock().by_uid.values().cloned());
    }

    /// All pods, in no order; none before a source has told them all.
    pub fn all(&self) -> Option<Vec<Arc<Known>>> {
        let table = self.table.lock();
        table.heard.map(|_| table.by_uid.values().cloned().collect())
    }

    /// How many pods there are.
    pub fn len(&self) -> usize {
        self.table.lock().by_uid.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Which source speaks.
    pub fn source(&self) -> SourceState {
        let now = self.clock.monotonic();
        let table = self.table.lock();
        // A stream says nothing while nothing changes: it is as fresh as the present until it breaks.
        let live = table.source == Some(Source::PodsApi) && table.error.is_none();
        let age = table.heard.map(|heard| if live { Duration::ZERO } else { now.saturating_sub(heard) });
        SourceState { source: table.source, age, error: table.error.as_ref().map(|(_, error)| error.clone()) }
    }

    /// The hub's word on the pods of this node, in place of its last one.
    pub(crate) fn set_hub(&self, items: impl Iterator<Item = PodItem>) {
        let mut table = self.table.lock();
        table.from_hub = FromHub::default();
        for item in items.take(PODS_MAX) {
            let workload = Workload { kind: Sym::new(&item.workload_kind), name: item.workload_name.into() };
            table.from_hub.by_name.insert((item.namespace.into(), item.name.into()), workload.clone());
            table.from_hub.by_uid.insert(item.uid.into(), workload);
        }
        let pods: Vec<Pod> = table.by_uid.values().map(|known| known.pod.clone()).collect();
        for pod in pods {
            table.put(pod, Source::PodsApi);
        }
    }

    fn heard(&self, table: &mut Table, source: Source) {
        table.heard = Some(self.clock.monotonic());
        table.source = Some(source);
        if source == Source::PodsApi {
            table.error = None;
        }
    }
}

impl FromHub {
    fn workload(&self, pod: &Pod) -> Option<&Workload> {
        let by_name = || self.by_name.get(&(pod.namespace.as_str().into(), pod.name.clone()));
        // A pod without an owner is said to have none: the node's own guess may stand.
        self.by_uid.get(&pod.uid).or_else(by_name).filter(|workload| !workload.kind.is_empty())
    }
}

impl Table {
    fn put(&mut self, mut pod: Pod, source: Source) {
        let former = self.by_uid.get(&pod.uid).cloned();
        if former.is_none() && self.by_uid.len() >= PODS_MAX {
            return;
        }
        // The runtime knows no owners; the kubelet's word, once given, is better than a guess from labels.
        if let Some(former) = former.as_ref().filter(|_| source == Source::Cri) {
            pod.inherit(&former.pod);
        }
        let workload = self.from_hub.workload(&pod).or(pod.workload.as_ref()).cloned().unwrap_or_default();
        // A source that is asked again and again mostly says the same.
        if former.as_ref().is_some_and(|known| known.pod == pod && known.workload == workload) {
            return;
        }
        // Labels are kept with the groups: other labels, other groups.
        let same = former.as_ref().filter(|known| known.workload == workload && known.pod.name == pod.name);
        let groups = same.map(|known| known.groups.clone()).unwrap_or_default();
        let mut oom_kills = former.map(|known| known.oom_kills.clone()).unwrap_or_default();
        count_oom_kills(&pod, &mut oom_kills);
        let known = Arc::new(Known { pod, workload, oom_kills, groups });
        self.by_uid.insert(known.pod.uid.clone(), known);
    }
}

/// A container that was killed takes its group, and the group's own count, with it: the kubelet's word remains. The same
/// end is reported more than once, as the current state and then as the last one.
fn count_oom_kills(pod: &Pod, counted: &mut Vec<(Text, u64, Seconds)>) {
    for container in &pod.containers {
        let Some(at) = container.oom_killed else { continue };
        match counted.iter_mut().find(|(name, ..)| **name == *container.name) {
            Some((_, kills, last)) if at > *last => (*kills, *last) = (*kills + 1, at),
            Some(_) => {}
            None => counted.push((container.name.as_str().into(), 1, at)),
        }
    }
}

impl PodSink for Pods {
    fn replace(&self, source: Source, pods: Vec<Pod>) {
        let mut table = self.table.lock();
        let live: FxHashSet<Text> = pods.iter().map(|pod| pod.uid.clone()).collect();
        table.by_uid.retain(|uid, _| live.contains(uid));
        for pod in pods {
            table.put(pod, source);
        }
        self.heard(&mut table, source);
    }

    fn apply(&self, pod: Pod) {
        let mut table = self.table.lock();
        table.put(pod, Source::PodsApi);
        self.heard(&mut table, Source::PodsApi);
    }

    fn remove(&self, uid: &str) {
        let mut table = self.table.lock();
        table.by_uid.remove(uid);
        self.heard(&mut table, Source::PodsApi);
    }

    fn failed(&self, source: Source, error: &SourceError) {
        self.metrics.source_failed(source);
        let mut table = self.table.lock();
        let text = error.to_string();
        if source == Source::PodsApi && table.error.is_none() {
            const LOST: &str = "the kubelet's Pods API is not available; asking the container runtime";
            // Older kubelets have none: only the loss of it is worth a warning.
            if table.source == Some(source) {
                tracing::warn!(error = text, "{LOST}");
                // Until now a stream was up: what is known was complete a moment ago.
                table.heard = Some(self.clock.monotonic());
            } else {
                tracing::info!(error = text, "{LOST}");
            }
        }
        if source == Source::PodsApi || table.error.is_none() {
            table.error = Some((source, text));
        }
    }

    fn undecodable(&self, source: Source) {
        self.metrics.undecodable(source);
    }
}

#[cfg(test)]
mod tests;
