//! The pods of this node, from the kubelet or the container runtime, as the keeper takes them.

use std::net::IpAddr;
use std::sync::Arc;

use environment::Entropy;
use node_probe::pods::{FollowConfig, Pod, PodSink, Source, SourceError};
use objects::{Interner, Text};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::dead::LocalPod;

/// Events that wait for the keeper; it takes them as they come. What finds no room is not lost for good: each source says
/// everything again, on its next connection or within seconds.
const EVENTS_MAX: usize = 1_024;

/// What happened to the pods.
#[derive(Debug)]
pub(super) enum Event {
    All(Vec<(Text, LocalPod)>),
    One(Text, LocalPod),
    Gone(String),
}

/// Follows them until `stop`.
pub(super) fn follow(
    config: FollowConfig,
    entropy: Arc<dyn Entropy>,
    stop: CancellationToken,
) -> mpsc::Receiver<Event> {
    let (sender, events) = mpsc::channel(EVENTS_MAX);
    let following =
        node_probe::pods::follow(config, Arc::new(Interner::default()), Arc::new(Events(sender)), entropy);
    environment::spawn("dns pods", stop.run_until_cancelled_owned(following));
    events
}

struct Events(mpsc::Sender<Event>);

impl Events {
    fn send(&self, event: Event) {
        let _ = self.0.try_send(event);
    }
}

impl PodSink for Events {
    fn replace(&self, _: Source, pods: Vec<Pod>) {
        self.send(Event::All(pods.iter().map(|pod| (pod.uid.clone(), local(pod))).collect()));
    }

    fn apply(&self, pod: Pod) {
        self.send(Event::One(pod.uid.clone(), local(&pod)));
    }

    fn remove(&self, uid: &str) {
        self.send(Event::Gone(uid.to_owned()));
    }

    fn failed(&self, _: Source, _: &SourceError) {}

    fn undecodable(&self, _: Source) {}
}

/// A pod in the node's network has the node's address, which outlives it; one whose source does not say may have it.
fn local(pod: &Pod) -> LocalPod {
    let own = pod.host_network == Some(false);
    let addresses: Vec<IpAddr> = if own { pod.addresses.to_vec() } else { Vec::new() };
    LocalPod { addresses, running: pod.containers.iter().any(|container| container.running) }
}
