//! What every node is told of the API servers: where they are, how they are, what workloads may use of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use agent_link::HubHandle;
use fanout::Topic;
use fanout::payload::ApiServersItem;
use tokio_util::sync::CancellationToken;

/// How often it is looked at. Nodes hear of it when something has changed: one message of some hundred bytes to each.
const LOOK: Duration = Duration::from_secs(1);

/// What is to be said, and to whom.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// All nodes, by name; none as long as not all are known.
    pub nodes: Vec<String>,
    /// The same for each of them.
    pub item: ApiServersItem,
}

/// Asked at each look.
pub type Source = Arc<dyn Fn() -> Facts + Send + Sync>;

/// Until `stop`.
pub async fn announce(link: HubHandle, source: Source, stop: CancellationToken) {
    let mut told = BTreeMap::new();
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = looks.tick() => tell(&link, &source(), &mut told),
        }
    }
}

fn tell(link: &HubHandle, facts: &Facts, told: &mut BTreeMap<String, ApiServersItem>) {
    if facts.nodes.is_empty() {
        return;
    }
    let nodes: std::collections::BTreeSet<&String> = facts.nodes.iter().collect();
    told.retain(|node, _| {
        let is_there = nodes.contains(node);
        if !is_there {
            link.remove(node, Topic::API_SERVERS, b"");
        }
        is_there
    });
    for node in nodes {
        if told.get(node) == Some(&facts.item) {
            continue;
        }
        match link.publish(node, Topic::API_SERVERS, b"", facts.item.to_value()) {
            Ok(()) => drop(told.insert(node.clone(), facts.item.clone())),
            Err(error) => tracing::warn!(node, %error, "a node is not told of the API servers"),
        }
    }
}
