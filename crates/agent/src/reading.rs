//! One scrape's figures of all groups, in memory that the next scrape uses again.

use std::sync::Arc;

use node_probe::Reader;
use node_probe::cgroup::{Cpu, Stats};
use node_probe::proc::network;
use objects::Text;

use crate::groups::{Labels, Processes, Trees, pod_labels, root_labels};
use crate::node::Node;
use crate::pods::Known;

/// What a group stands for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Subject {
    #[default]
    Node,
    Pod,
    Container,
}

/// One group.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) subject: Subject,
    pub(crate) labels: Option<Labels>,
    /// Of a pod: those of the kubelet's resource endpoint.
    pub(crate) short_labels: Option<Labels>,
    pub(crate) stats: Stats,
    /// Seconds since the Unix epoch; 0 when not known.
    pub(crate) started: i64,
    /// When it was read: seconds since the Unix epoch.
    pub(crate) seen: f64,
    /// OOM kills of earlier containers of this name.
    pub(crate) oom_kills_before: u64,
    /// Interfaces of a pod.
    pub(crate) interfaces: Vec<Interface>,
}

/// One interface of a pod: bytes, packets, errors, drops.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interface {
    pub(crate) name: Text,
    pub(crate) receive: [u64; 4],
    pub(crate) transmit: [u64; 4],
}

/// All groups; entries beyond `used` are left over from an earlier scrape.
#[derive(Debug, Default)]
pub(crate) struct Readings {
    entries: Vec<Reading>,
    used: usize,
    now: f64,
    processes: Processes,
}

/// Interfaces of one pod; two or three are usual.
const INTERFACES_MAX: usize = 32;

impl Readings {
    /// Begins a scrape at `now`, seconds since the Unix epoch.
    pub(crate) fn begin(&mut self, now: f64) {
        self.used = 0;
        self.processes.clear();
        self.now = now;
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Reading> {
        self.entries[..self.used].iter()
    }

    /// The node's own group. Where the root group has no such figure, `/proc` has it.
    pub(crate) fn read_root(&mut self, trees: &Trees, reader: &mut Reader, node: &Node) {
        let entry = self.next();
        entry.stats = Stats::default();
        if let Some(cgroup) = trees.layout.open("") {
            entry.stats.read(&trees.layout, &cgroup, reader);
        }
        let (memory, busy) = (&node.memory, node.stat.busy_seconds());
        entry.stats.cpu.get_or_insert(Cpu { usage: (busy * 1e9) as u64, ..Cpu::default() });
        let stats = entry.stats.memory.get_or_insert_default();
        stats.usage = memory.total.saturating_sub(memory.free);
        stats.working_set = memory.working_set();
        entry.labels = Some(root_labels());
        entry.started = i64::try_from(node.stat.boot_time.unwrap_or_default()).unwrap_or_default();
        self.used += 1;
    }

    /// The pod's group and those of its containers. What is gone in the meantime is left out, and looked for next time.
    pub(crate) fn read_pod(&mut self, known: &Arc<Known>, trees: &Trees, reader: &mut Reader) {
        let mut groups = known.groups.lock();
        groups.resolve(known, trees, &mut self.processes, reader);
        if let Some(group) = &groups.pod {
            let entry = self.next();
            if entry.stats.read(&trees.layout, &group.cgroup, reader) {
                entry.subject = Subject::Pod;
                entry.labels = Some(group.labels.clone());
                entry.short_labels = Some(pod_labels(known));
                entry.started = known.pod.started.unwrap_or_default();
                let connected =
                    groups.process.as_ref().is_some_and(|process| entry.read_network(process, reader));
                if !connected {
                    groups.process = None;
                }
                self.used += 1;
            } else {
                groups.pod = None;
            }
        }
        groups.containers.retain(|(id, group)| {
            let entry = self.next();
            if !entry.stats.read(&trees.layout, &group.cgroup, reader) {
                return false;
            }
            let container = known.pod.containers.iter().find(|container| container.id == *id);
            let name = container.map_or("", |container| container.name.as_str());
            entry.subject = Subject::Container;
            entry.labels = Some(group.labels.clone());
            entry.started = container.map_or(0, |container| container.started);
            entry.oom_kills_before =
                known.oom_kills.iter().find(|(known, ..)| known == name).map_or(0, |(_, kills, _)| *kills);
            self.used += 1;
            true
        });
    }

    fn next(&mut self) -> &mut Reading {
        if self.entries.len() == self.used {
            self.entries.push(Reading::default());
        }
        let entry = &mut self.entries[self.used];
        entry.clear();
        entry.seen = self.now;
        entry
    }
}

impl Reading {
    /// All but the statistics, which are read over.
    fn clear(&mut self) {
        self.subject = Subject::Node;
        self.labels = None;
        self.short_labels = None;
        self.started = 0;
        self.oom_kills_before = 0;
        self.interfaces.clear();
    }

    /// `false` when the process is gone.
    fn read_network(&mut self, process: &node_probe::Folder, reader: &mut Reader) -> bool {
        let Some(bytes) = reader.optional(process, "net/dev") else { return false };
        for interface in
            network::net_dev(bytes).filter(|interface| interface.name != "lo").take(INTERFACES_MAX)
        {
            let four = |values: [u64; 8]| [values[0], values[1], values[2], values[3]];
            self.interfaces.push(Interface {
                name: interface.name.into(),
                receive: four(interface.receive),
                transmit: four(interface.transmit),
            });
        }
        true
    }
}
