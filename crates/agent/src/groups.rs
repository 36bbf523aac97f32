//! The cgroups of one pod, kept open between scrapes, and the labels that go with them.

use std::sync::Arc;

use exposition::append;
use node_probe::cgroup::{Cgroup, Kubepods, Layout};
use node_probe::processes::processes;
use node_probe::{Folder, Reader, Roots};
use objects::Text;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use crate::pods::Known;

/// `{container="…",id="…",…`, without the closing brace: what every sample of one group begins with.
pub(crate) type Labels = Arc<[u8]>;

/// Opened groups of one pod.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    pub(crate) pod: Option<Group>,
    pub(crate) containers: Vec<(Text, Group)>,
    /// `/proc/<pid>` of a process in the pod's network namespace.
    pub(crate) process: Option<Folder>,
    /// The path of the pod's group, once found.
    path: Option<String>,
}

/// One opened group.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) cgroup: Cgroup,
    pub(crate) labels: Labels,
}

/// Where groups are.
#[derive(Debug)]
pub(crate) struct Trees {
    pub(crate) roots: Roots,
    pub(crate) layout: Layout,
    /// Found when the first pod is there: a new node has no such folder before.
    kubepods: Mutex<Option<Kubepods>>,
    /// Whether `cgroup.procs` and `/proc` number processes alike: not in a pod without `hostPID`, where the first has our
    /// own numbers and the second, being the host's, has the host's.
    same_numbers: bool,
}

impl Trees {
    pub(crate) fn new(roots: Roots) -> Self {
        let layout = Layout::detect(&roots);
        let own = std::fs::read_link(roots.procfs.join("self")).ok();
        let same_numbers = own.is_none_or(|own| own.as_os_str() == std::process::id().to_string().as_str());
        Self { roots, layout, kubepods: Mutex::default(), same_numbers }
    }

    fn kubepods(&self) -> Option<Kubepods> {
        let mut found = self.kubepods.lock();
        if found.is_none() {
            *found = Kubepods::find(&self.layout);
        }
        found.clone()
    }
}

/// Processes by container, looked up at most once in a scrape, and only when a pod needs it.
#[derive(Debug, Default)]
pub(crate) struct Processes(Option<FxHashMap<Text, u32>>);

impl Processes {
    pub(crate) fn clear(&mut self) {
        self.0 = None;
    }

    fn of(&mut self, container: &str, trees: &Trees, reader: &mut Reader) -> Option<u32> {
        let found = self.0.get_or_insert_with(|| {
            let mut found = FxHashMap::default();
            processes(&trees.roots.procfs, reader, |id, pid| {
                found.insert(id.into(), pid);
            });
            found
        });
        found.get(container).copied()
    }
}

impl Groups {
    /// Opens what is there by now and was not open; forgets containers that do not run any more.
    pub(crate) fn resolve(
        &mut self,
        known: &Known,
        trees: &Trees,
        processes: &mut Processes,
        reader: &mut Reader,
    ) {
        let running = || known.pod.containers.iter().filter(|container| container.running);
        self.containers.retain(|(id, _)| running().any(|container| container.id == *id));
        if self.pod.is_none() {
            self.find_pod(known, trees);
        }
        if running().any(|container| !self.has(&container.id)) {
            self.find_containers(known, trees);
        }
        if self.process.is_none() && known.pod.host_network != Some(true) {
            self.process = self.find_process(trees, processes, reader);
        }
    }

    fn has(&self, id: &str) -> bool {
        self.containers.iter().any(|(known, _)| known == id)
    }

    fn find_pod(&mut self, known: &Known, trees: &Trees) {
        self.path = trees.kubepods().and_then(|kubepods| kubepods.pod(&trees.layout, &known.pod.uid));
        let Some(path) = &self.path else { return };
        let Some(cgroup) = trees.layout.open(path) else { return };
        self.pod = Some(Group { cgroup, labels: labels(known, path, "", "", "") });
    }

    fn find_containers(&mut self, known: &Known, trees: &Trees) {
        let (Some(kubepods), Some(pod)) = (trees.kubepods(), self.path.clone()) else { return };
        kubepods.containers(&trees.layout, &pod, |id, path| {
            let mut running = known.pod.containers.iter().filter(|container| container.running);
            let Some(container) = running.find(|container| container.id == id) else { return };
            if self.has(id) {
                return;
            }
            let Some(cgroup) = trees.layout.open(&path) else { return };
            let labels = labels(known, &path, &container.name, &container.image, id);
            self.containers.push((id.into(), Group { cgroup, labels }));
        });
    }

    /// Any process of the pod will do: its containers share one network namespace.
    fn find_process(&self, trees: &Trees, processes: &mut Processes, reader: &mut Reader) -> Option<Folder> {
        let open = |pid: u32| Folder::open(&trees.roots.procfs.join(pid.to_string())).ok();
        self.containers.iter().find_map(|(id, group)| {
            let listed = if trees.same_numbers { group.cgroup.processes(reader) } else { Vec::new() };
            listed.into_iter().find_map(open).or_else(|| processes.of(id, trees, reader).and_then(open))
        })
    }
}

fn labels(known: &Known, path: &str, container: &str, image: &str, id: &str) -> Labels {
    let mut out = Vec::with_capacity(512);
    out.push(b'{');
    append::label(&mut out, "container", container);
    append::label(&mut out, "id", &format!("/{path}"));
    append::label(&mut out, "image", image);
    append::label(&mut out, "name", id);
    append::label(&mut out, "namespace", &known.pod.namespace);
    append::label(&mut out, "pod", &known.pod.name);
    append::label(&mut out, "workload", &known.workload.name);
    append::label(&mut out, "workload_kind", &known.workload.kind);
    out.into()
}

/// The labels of the node's own group.
pub(crate) fn root_labels() -> Labels {
    let mut out = vec![b'{'];
    append::label(&mut out, "container", "");
    append::label(&mut out, "id", "/");
    for name in ["image", "name", "namespace", "pod", "workload", "workload_kind"] {
        append::label(&mut out, name, "");
    }
    out.into()
}

/// The labels of the kubelet's resource endpoint: pod and namespace, and the workload.
pub(crate) fn pod_labels(known: &Known) -> Labels {
    let mut out = vec![b'{'];
    append::label(&mut out, "namespace", &known.pod.namespace);
    append::label(&mut out, "pod", &known.pod.name);
    append::label(&mut out, "workload", &known.workload.name);
    append::label(&mut out, "workload_kind", &known.workload.kind);
    out.into()
}
