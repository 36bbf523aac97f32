//! A DNS server gets the cluster's names, and a heartbeat that went through the API server.

use std::collections::BTreeMap;

use agent_link::{AgentLinkConfig, NamesLink, Transport, Update};
use bytes::Bytes;
use fake_apiserver::{Fault, Rule};
use fanout::{Held, ItemKey};
use prometheus_client::registry::Registry;
use service_names::payload::{HeartbeatItem, Item as _};
use service_names::topic;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::world::{Running, World, sample, until};

struct Dns {
    updates: mpsc::Receiver<Update>,
    items: BTreeMap<ItemKey, Bytes>,
    pulses: Vec<Bytes>,
    _stop: DropGuard,
}

impl Dns {
    fn of(world: &World, hub: &Running) -> Self {
        let hub = hub.agents.unwrap().to_string();
        let config = AgentLinkConfig::new("node", hub, Transport::InsecureLoopback);
        let (clock, entropy) = (world.clock.clone(), world.entropy.clone());
        let link = NamesLink::new(config, clock, entropy, &mut Registry::default()).unwrap();
        let stop = CancellationToken::new();
        let updates = link.follow(Held::default(), stop.clone()).unwrap();
        Self { updates, items: BTreeMap::new(), pulses: Vec::new(), _stop: stop.drop_guard() }
    }

    fn take(&mut self) {
        while let Ok(update) = self.updates.try_recv() {
            match update {
                Update::Pulse(value) => self.pulses.push(value),
                Update::Changes(transfer) => {
                    for change in transfer.changes {
                        match change.value {
                            Some(value) => self.items.insert(change.item, value),
                            None => self.items.remove(&change.item),
                        };
                    }
                }
            }
        }
    }

    fn keys(&self, of: fanout::Topic) -> Vec<String> {
        let keys = self.items.range(ItemKey::range_of(of)).map(|(item, _)| item.key.to_vec());
        keys.map(|key| String::from_utf8(key).unwrap()).collect()
    }
}

fn names(world: &World, plural: &str) -> Vec<String> {
    let objects = world.apiserver().store().objects(plural, "", "", "").unwrap();
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let mut names: Vec<String> = objects
        .iter()
        .filter_map(|object| {
            let name = text(&object["metadata"]["name"])?;
            Some(text(&object["metadata"]["namespace"]).map_or(name.clone(), |of| format!("{of}/{name}")))
        })
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dns_server_gets_names_and_heartbeats_also_from_a_restored_hub() {
    let mut world = World::new().await;
    let hub = world.hub().await.ready().await;
    let mut dns = Dns::of(&world, &hub);
    let beat = until("a heartbeat went all the way", async || {
        dns.take();
        dns.pulses.last().map(|value| HeartbeatItem::from_value(value.clone()).unwrap())
    })
    .await;
    let services = names(&world, "services");
    assert!(!services.is_empty());
    assert_eq!(dns.keys(topic::SERVICES), services);
    assert_eq!(dns.keys(topic::NAMESPACES), names(&world, "namespaces"));
    let wall = u64::try_from(world.clock.wall().as_millis()).unwrap();
    assert!(beat.written_unix_ms <= beat.seen_unix_ms && beat.seen_unix_ms <= wall, "{beat:?}");
    assert!(wall - beat.written_unix_ms < 60_000 && !beat.cluster.is_empty(), "{beat:?}");
    let own = hub.own().await;
    assert_eq!(sample(&own, "plimsoll_heartbeat_state{state=\"beating\"}"), Some(1.0), "{own}");
    hub.stop().await;

    // A hub that starts from its snapshot without an API server tells the same names, and the old heartbeat for what it is.
    world.apiserver.take().unwrap().stop().await;
    let hub = world.hub().await;
    let mut dns = Dns::of(&world, &hub);
    let old = until("the restored names are there", async || {
        dns.take();
        (!dns.items.is_empty()).then_some(())?;
        dns.pulses.first().map(|value| HeartbeatItem::from_value(value.clone()).unwrap())
    })
    .await;
    assert_eq!(dns.keys(topic::SERVICES), services);
    assert!(
        old.written_unix_ms >= beat.written_unix_ms && old.seen_unix_ms == old.written_unix_ms,
        "{old:?}"
    );
    hub.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_permission_there_is_no_heartbeat_and_the_names_go_on() {
    let world = World::new().await;
    let forbidden = Fault::Status { code: 403, retry_after_seconds: None };
    world.apiserver().faults().set(vec![Rule::new(forbidden).verb("patch")]).unwrap();
    let hub = world.hub().await.ready().await;
    let mut dns = Dns::of(&world, &hub);
    until("it is told that there is none", async || {
        dns.take();
        (!dns.items.is_empty() && dns.pulses.iter().any(Bytes::is_empty)).then_some(())
    })
    .await;
    assert!(dns.pulses.iter().all(Bytes::is_empty));
    let own = hub.own().await;
    assert_eq!(sample(&own, "plimsoll_heartbeat_state{state=\"forbidden\"}"), Some(1.0), "{own}");
    assert_eq!(hub.readyz().await.0, 200);
    hub.stop().await;
}
