//! An agent gets its own node's pods, with the workload that each belongs to.

use agent_link::{AgentLink, AgentLinkConfig, Transport};
use fanout::Topic;
use fanout::payload::PodItem;
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;

use super::world::{World, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_gets_its_own_pods() {
    let world = World::new().await;
    let hub = world.hub().await.ready().await;
    let pods = world.apiserver().store().objects("pods", "", "", "").unwrap();
    let node = pods.iter().find_map(|pod| pod["spec"]["nodeName"].as_str()).unwrap().to_owned();
    let mut expected: Vec<String> = pods
        .iter()
        .filter(|pod| pod["spec"]["nodeName"] == node.as_str())
        .map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned())
        .collect();
    expected.sort();

    let stop = CancellationToken::new();
    let config = AgentLinkConfig::new(node, hub.agents.unwrap().to_string(), Transport::InsecureLoopback);
    let (clock, entropy) = (world.clock.clone(), world.entropy.clone());
    let link = AgentLink::spawn(config, clock, entropy, &mut Registry::default(), stop.clone()).unwrap();
    let view = link.view();
    let items: Vec<PodItem> = until("the agent has its pods", async || {
        let view = view.borrow().clone();
        (!view.is_empty())
            .then(|| view.topic(Topic::PODS).map(|(_, value)| PodItem::from_value(value).unwrap()).collect())
    })
    .await;
    let mut names: Vec<String> = items.iter().map(|item| item.name.clone()).collect();
    names.sort();
    assert_eq!(names, expected);
    let kinds: Vec<&str> = items.iter().map(|item| item.workload_kind.as_str()).collect();
    assert!(!kinds.contains(&"ReplicaSet"), "{kinds:?}");
    assert_eq!((hub.status)().agents.unwrap().connected, 1);
    stop.cancel();
    hub.stop().await;
}
