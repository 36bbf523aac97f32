//! The part of `plimsoll agent` that is the fuse: pods as the agent knows them, what the hub says, and the fuse itself.

use std::sync::Arc;

use agent::pods::{Known, Pods};
use agent_link::AgentLink;
use environment::spawn;
use fuse::{Collect, Config, Fuse, Pod, Rates, Shared, Subject, Word};
use node_probe::Roots;
use node_probe::cgroup::{Kubepods, Layout};
use tokio_util::sync::CancellationToken;

use crate::commands::agent_gate::servers_of;
use crate::flags::AgentFuseFlags;
use crate::outcome::{Failure, Outcome};

/// Pods that the kubelet runs from files of the node: the control plane itself.
const STATIC: &str = "Node";

/// What was asked for.
pub(crate) struct Armed {
    config: Config,
    roots: Roots,
    status: Shared,
}

impl Armed {
    /// If it was asked for.
    pub(crate) fn prepare(flags: AgentFuseFlags, roots: Roots) -> Option<Self> {
        let config = Config {
            folder: flags.fuse_run_dir,
            servers: flags.fuse_api_server.into_iter().collect(),
            exempt: flags.fuse_exempt.into_iter().collect(),
            nft: flags.fuse_nft,
        };
        flags.fuse.then(|| Self { config, roots, status: Shared::default() })
    }

    /// Its state, as of the last look.
    pub(crate) fn status(&self) -> Shared {
        self.status.clone()
    }

    /// Its metrics.
    pub(crate) fn collector(&self) -> Box<dyn prometheus_client::collector::Collector> {
        Box::new(Collect(self.status.clone()))
    }

    /// Begins.
    pub(crate) fn start(self, pods: Arc<Pods>, link: Option<AgentLink>, stop: CancellationToken) -> Outcome {
        let folder = self.config.folder.display().to_string();
        let layout = Layout::detect(&self.roots);
        let known = move || {
            let kubepods = Kubepods::find(&layout);
            let all = pods.all()?;
            Some(all.iter().filter_map(|known| pod(known, kubepods.as_ref(), &layout)).collect())
        };
        let word = move || link.as_ref().map(said).unwrap_or_default();
        let fuse = Fuse::new(self.config, Arc::new(known), Arc::new(word), self.status)
            .map_err(|error| Failure::Usage(format!("--fuse-run-dir {folder}: {error}")))?;
        spawn("fuse", fuse.run(stop));
        Ok(())
    }
}

fn pod(known: &Known, kubepods: Option<&Kubepods>, layout: &Layout) -> Option<Pod> {
    let (pod, workload) = (&known.pod, &known.workload);
    let is_over = !pod.containers.is_empty() && !pod.containers.iter().any(|container| container.running);
    if is_over || &*workload.kind == STATIC {
        return None;
    }
    let (kind, name) = match workload.kind.is_empty() {
        true => ("Pod", pod.name.as_str()),
        false => (&*workload.kind, workload.name.as_str()),
    };
    let subject =
        Subject { namespace: pod.namespace.to_string(), kind: kind.to_owned(), name: name.to_owned() };
    // Of a pod in the host's network the addresses are the node's: they are everybody's.
    if pod.host_network == Some(true) {
        let cgroup = kubepods?.pod_in_unified(layout, &pod.uid)?;
        return Some(Pod { subject, addresses: Vec::new(), cgroup: Some(cgroup) });
    }
    Some(Pod { subject, addresses: pod.addresses.to_vec(), cgroup: None })
}

/// The hub's last word; it outlives the hub as long as this process does.
fn said(link: &AgentLink) -> Word {
    let view = link.view();
    let Some(item) = servers_of(&view.borrow()) else { return Word::default() };
    let shares = item.shares.into_iter().map(|share| {
        let subject = Subject { namespace: share.namespace, kind: share.kind, name: share.name };
        let rates = Rates {
            bytes_per_second: share.bytes_per_second,
            connections_per_second: share.connections_per_second,
        };
        (subject, rates)
    });
    Word {
        servers: item.addresses.iter().filter_map(|address| address.parse().ok()).collect(),
        shares: shares.collect(),
        is_overloaded: item.unwell,
    }
}
