//! What the hub adds, and that nothing is lost without it.

use std::net::SocketAddr;
use std::sync::Arc;

use agent_link::{HubLink, HubLinkConfig, Transport};
use environment::{SeededEntropy, SystemClock};
use fanout::Topic;
use fanout::payload::PodItem;
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;

use crate::fake_kubelet::FakeKubelet;
use crate::fixture::{Machine, start};
use crate::pods;

const UID: &str = "u-1";
const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[tokio::test]
async fn the_hub_knows_owners_of_owners() {
    let machine = Machine::new();
    machine.write("sys/fs/cgroup/cgroup.controllers", "cpu\n");
    machine.write(&format!("sys/fs/cgroup/kubepods/pod{UID}/{ID}/cpu.stat"), "usage_usec 1000000\n");
    let kubelet = FakeKubelet::new();
    kubelet.put(UID, pods::web(UID, ID, None));
    let _server = kubelet.serve(&machine.path("pods-api.sock"));

    let stop = CancellationToken::new();
    let listen = HubLinkConfig::new(SocketAddr::from(([127, 0, 0, 1], 0)), Transport::InsecureLoopback);
    let (clock, entropy) = (Arc::new(SystemClock::new()), Arc::new(SeededEntropy::new(1)));
    let link = HubLink::bind(&listen, clock, entropy, &mut Registry::default()).unwrap();
    let (address, hub) = (link.address(), link.handle());
    hub.set_ready();
    let serving = environment::spawn("hub", link.run(stop.clone()));

    let mut config = machine.config();
    config.hub = Some(address.to_string());
    config.insecure_loopback = true;
    let agent = start(config).await;
    let of = |workload: &'static str| {
        move |page: &crate::fixture::Page| {
            let labels = ["container=\"app\"", &format!("workload=\"{workload}\"")];
            page.value("container_cpu_usage_seconds_total", &labels) == Some(1.0)
        }
    };
    agent.scrape_until(of("web")).await;

    let item = PodItem {
        namespace: "shop".into(),
        name: "web-5d4f7-abcde".into(),
        uid: UID.into(),
        workload_kind: "Rollout".into(),
        workload_name: "storefront".into(),
    };
    hub.publish("node-1", Topic::PODS, UID.as_bytes(), item.to_value()).unwrap();
    agent.scrape_until(of("storefront")).await;
    let status = (agent.status)().hub.unwrap();
    assert_eq!((status.connected, status.items), (true, 1));

    // The hub goes; what it said stays.
    stop.cancel();
    serving.await.unwrap();
    let page = agent.scrape_until(|page| page.value("plimsoll_hub_link_connected", &[]) == Some(0.0)).await;
    assert!(of("storefront")(&page));
    assert!((agent.status)().hub.is_some_and(|hub| !hub.connected));
    agent.stop().await;
}

#[tokio::test]
async fn a_hub_without_trust_is_refused() {
    let machine = Machine::new();
    let check = async |hub: &str, insecure: bool, expected: &str| {
        let mut config = machine.config();
        (config.hub, config.insecure_loopback) = (Some(hub.into()), insecure);
        let (clock, entropy) = (Arc::new(SystemClock::new()), Arc::new(SeededEntropy::new(1)));
        let refused =
            agent::assemble(config, clock, entropy, Vec::new()).await.map(|_| ()).unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    };
    check("127.0.0.1:1", false, "--tls-dir").await;
    check("192.0.2.1:1", true, "loopback").await;
    check("no port", true, "no port").await;
}
