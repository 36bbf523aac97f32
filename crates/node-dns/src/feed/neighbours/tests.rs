//! A hub that dies, a node that knows, a node that is new.

use agent_link::AgentLinkConfig;
use agent_link::neighbours::NeighbourServer;
use environment::{SeededEntropy, SystemClock};
use prometheus_client::registry::Registry;
use service_names::topic;
use tempfile::TempDir;

use super::*;
use crate::feed::guard::GuardConfig;
use crate::feed::tests::{Hub, service, services, until, zone_config};
use crate::feed::{Config, Feed};

/// A feed on a disk of its own.
struct Node {
    feed: Arc<Feed>,
    stop: CancellationToken,
    _folder: TempDir,
}

impl Node {
    fn start(hub: &str, neighbours: Option<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let transport = Transport::InsecureLoopback;
        let neighbours = neighbours.map(|address| NeighboursConfig {
            address,
            transport: transport.clone(),
            hubs_time: Duration::from_millis(50),
        });
        let config = Config {
            zone: zone_config(),
            hub: Some(AgentLinkConfig::new("n", hub, transport)),
            data_dir: Some(folder.path().to_owned()),
            snapshot: None,
            neighbours,
            guard: GuardConfig::default(),
            pods: None,
        };
        let (clock, entropy) = (Arc::new(SystemClock::new()), Arc::new(SeededEntropy::new(1)));
        let feed = Feed::open(config, clock, entropy, &mut Registry::default()).unwrap();
        let stop = CancellationToken::new();
        environment::spawn("feed", feed.clone().run(stop.clone()));
        Self { feed, stop, _folder: folder }
    }

    /// Where this node gives what it knows.
    fn serve(&self) -> String {
        let any = "127.0.0.1:0".parse().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let (every, offers) = (Duration::from_secs(5), self.feed.clone());
        let transport = Transport::InsecureLoopback;
        let server =
            NeighbourServer::bind(any, &transport, every, &clock, offers, &mut Registry::default()).unwrap();
        let address = server.address().to_string();
        environment::spawn("server", server.run(self.stop.clone()));
        address
    }

    fn services(&self) -> Vec<String> {
        services(self.feed.zone())
    }
}

#[tokio::test]
async fn a_new_node_learns_the_names_without_a_hub_and_goes_on_with_one() {
    let hub = Hub::start();
    let uid = fanout::Change {
        item: fanout::ItemKey::new(topic::CLUSTER, b""),
        value: Some(bytes::Bytes::from_static(b"uid")),
    };
    hub.handle.broadcast(vec![uid.clone(), service("a", 1), service("b", 2)]);
    let old = Node::start(&hub.address.to_string(), None);
    let address = old.serve();
    until("the old node knows", || old.services() == ["a", "b"] && old.feed.offer().is_some()).await;
    hub.stop.cancel();

    // Somebody who knows nothing either is asked first, in vain.
    let empty = Node::start("127.0.0.1:1", None);
    let in_vain = Node::start("127.0.0.1:1", Some(empty.serve()));
    let new = Node::start("127.0.0.1:1", Some(address));
    until("the new node knows", || new.services() == ["a", "b"]).await;
    let freshness = new.feed.freshness();
    assert_eq!(freshness.origin, Origin::Disk);
    assert!(freshness.age.unwrap() < Duration::from_secs(60), "{freshness:?}");
    // It has them on its own disk, and gives them on.
    until("the new node gives", || new.feed.offer().is_some()).await;
    assert!(in_vain.services().is_empty() && empty.feed.offer().is_none());
    for node in [old, empty, in_vain, new] {
        node.stop.cancel();
    }
}

#[tokio::test]
async fn a_hub_that_comes_later_takes_away_what_is_gone() {
    let hub = Hub::start();
    hub.handle.broadcast(vec![service("a", 1), service("b", 2)]);
    let old = Node::start(&hub.address.to_string(), None);
    let neighbour = old.serve();
    until("the old node knows", || old.services() == ["a", "b"] && old.feed.offer().is_some()).await;

    // The new node's way to the hub is closed until it has heard its neighbour.
    let reserved = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let way = reserved.local_addr().unwrap();
    drop(reserved);
    let new = Node::start(&way.to_string(), Some(neighbour));
    until("the new node knows", || new.services() == ["a", "b"]).await;
    hub.handle.broadcast(vec![fanout::Change { value: None, ..service("b", 2) }]);
    let front = tokio::net::TcpListener::bind(way).await.unwrap();
    let behind = hub.address;
    environment::spawn("way", async move {
        while let Ok((mut near, _)) = front.accept().await {
            let Ok(mut far) = tokio::net::TcpStream::connect(behind).await else { continue };
            environment::spawn("copy", async move {
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    until("the hub has the last word", || new.services() == ["a"]).await;
    [old, new].into_iter().for_each(|node| node.stop.cancel());
    hub.stop.cancel();
}
