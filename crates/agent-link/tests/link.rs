//! A real hub and real agents on loopback: TLS, sockets, files. What is about time alone is tested in `fanout`.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "link/ends.rs"]
mod ends;

use std::path::Path;

use agent_link::{AgentLinkConfig, HubLinkConfig, LinkError, Transport, certificates};
use ends::{Agent, Dns, Hub, Proxy, folder, past};
use environment::SystemClock;
use fanout::{FeedLimits, Held, Limits, Topic};

#[tokio::test]
async fn each_agent_gets_its_own() {
    let dir = folder();
    let hub = Hub::start(dir.path());
    hub.publish("a", "pod-1", "one");
    hub.publish("b", "pod-2", "two");
    hub.ready();
    let [a, b, c] = ["a", "b", "c"].map(|node| Agent::start(dir.path(), node, hub.address()));
    a.shows("pod-1=one").await;
    b.shows("pod-2=two").await;
    c.until("it is synced", |status| status.synced).await;
    hub.handle.set_broadcast(Topic(9), b"zone", "1".into()).unwrap();
    hub.publish("a", "pod-3", "three");
    a.shows("pod-1=one pod-3=three").await;
    hub.handle.remove("a", Topic::PODS, b"pod-1");
    a.shows("pod-3=three").await;
    b.shows("pod-2=two").await;
    let stats = hub.handle.stats();
    assert_eq!((stats.agents_connected, stats.violations, stats.resyncs), (3, 0, 0), "{stats:?}");
    assert!(hub.metrics().contains("plimsoll_certificate_expiry_timestamp_seconds{file=\"hub.crt\"}"));
    assert!(a.metrics().contains("plimsoll_hub_link_connected 1"), "{}", a.metrics());
}

#[tokio::test]
async fn a_dns_server_beside_the_agent_gets_what_is_for_all_and_changes_only() {
    let dir = folder();
    let hub = Hub::start(dir.path());
    hub.publish("a", "pod", "1");
    let set = |key: &str, value: &str| {
        hub.handle.set_broadcast(Topic(9), key.as_bytes(), value.to_owned().into()).unwrap();
    };
    (0..50).for_each(|key| set(&format!("old-{key}"), "x"));
    hub.ready();
    let agent = Agent::start(dir.path(), "a", hub.address());
    let mut dns = Dns::start(dir.path(), "a", hub.address(), Held::default());
    ends::until("the set is there", || dns.link.status().items == 50).await;
    (0..50).for_each(|key| hub.handle.remove_broadcast(Topic(9), format!("old-{key}").as_bytes()));
    set("a", "1");
    set("b", "1");
    hub.handle.set_pulse("tick".into()).unwrap();
    dns.shows("a=1 b=1 | tick").await;
    set("b", "2");
    hub.handle.set_pulse("tock".into()).unwrap();
    assert_eq!(dns.shows("a=1 b=2 | tock").await, 1);
    agent.shows("pod=1").await;

    // A new process that finds the set on its disk gets what changed since, from the same hub or from another one.
    let held = dns.held();
    drop(dns);
    set("c", "3");
    let mut dns = Dns::start(dir.path(), "a", hub.address(), held);
    assert_eq!(dns.shows("c=3 | tock").await, 1);
    let stats = hub.handle.stats();
    assert_eq!((stats.agents_connected, stats.names_connected, stats.superseded), (1, 1, 0), "{stats:?}");
    assert_eq!((stats.snapshots, stats.resyncs, stats.violations), (2, 0, 0), "{stats:?}");
}

#[tokio::test]
async fn a_consumer_that_does_not_take_holds_up_the_stream_and_nothing_else() {
    let dir = folder();
    let hub = Hub::start(dir.path());
    hub.ready();
    let mut dns = Dns::start(dir.path(), "a", hub.address(), Held::default());
    ends::until("it is there", || hub.handle.stats().names_connected == 1).await;
    // Each change is a message of its own, more than the consumer's queue and the hub's window hold.
    for change in 0..60 {
        hub.handle.set_broadcast(Topic(9), b"a", change.to_string().into()).unwrap();
        let sent = hub.handle.stats().chunks;
        ends::until("it is sent, or the window is full", || hub.handle.stats().chunks > sent || change > 12)
            .await;
    }
    let stats = hub.handle.stats();
    assert!(stats.chunks < 30 && stats.names_connected == 1 && stats.admissions == 1, "{stats:?}");
    dns.shows("a=59 | ").await;
}

#[tokio::test]
async fn a_hub_that_dies_and_returns_sends_nothing_again() {
    let dir = folder();
    let hub = Hub::start(dir.path());
    hub.publish("a", "pod-1", "one");
    hub.ready();
    let agent = Agent::start(dir.path(), "a", hub.address());
    agent.shows("pod-1=one").await;
    let address = hub.address();
    hub.kill().await;
    agent.until("it notices", |status| !status.connected && status.last_error.is_some()).await;
    agent.shows("pod-1=one").await;

    let hub = Hub::start_on(dir.path(), address, Limits::default());
    agent.until("it is sent away by a hub that is not ready", |status| status.stats.come_backs > 0).await;
    agent.shows("pod-1=one").await;
    hub.publish("a", "pod-1", "one");
    hub.ready();
    agent.until("it is back", |status| status.synced).await;
    let stats = hub.handle.stats();
    assert_eq!((stats.snapshots, stats.deltas, stats.currents), (0, 0, 1), "{stats:?}");
}

#[tokio::test]
async fn a_broken_connection_costs_deltas_only() {
    let dir = folder();
    let hub = Hub::start(dir.path());
    for pod in 0..100 {
        hub.publish("a", &format!("pod-{pod:03}"), &"x".repeat(100));
    }
    hub.ready();
    let proxy = Proxy::start(hub.address()).await;
    let agent = Agent::start(dir.path(), "a", proxy.address);
    agent.until("it is synced", |status| status.synced && status.items == 100).await;
    let first = agent.link.status().stats.chunk_bytes_received;
    proxy.cut();
    agent.until("it notices", |status| !status.connected).await;
    hub.publish("a", "pod-100", "y");
    agent.until("it is back", |status| status.synced && status.items == 101).await;
    let more = agent.link.status().stats.chunk_bytes_received - first;
    assert!(first > 10_000 && more < 300, "first {first} bytes, then {more}");
    let stats = hub.handle.stats();
    assert_eq!((stats.snapshots, stats.deltas), (1, 1), "{stats:?}");
}

#[tokio::test]
async fn a_slow_reader_has_a_bounded_queue_and_then_a_snapshot() {
    let dir = folder();
    let node = FeedLimits { log_changes_max: 64, ..FeedLimits::NODE };
    let limits = Limits { node, ..Limits::default() };
    let hub = Hub::start_on(dir.path(), "127.0.0.1:0".parse().unwrap(), limits);
    hub.ready();
    let proxy = Proxy::start(hub.address()).await;
    let agent = Agent::start(dir.path(), "a", proxy.address);
    agent.until("it is synced", |status| status.synced).await;
    let before = hub.handle.stats();
    proxy.pause(true);
    // 20 x 32 KiB are ten chunks; the window lets four out.
    let publish = |round: u32| {
        let value = "x".repeat(32 * 1024);
        (0..20).for_each(|pod| hub.publish("a", &format!("pod-{round}-{pod}"), &value));
    };
    publish(0);
    let sent = || hub.handle.stats().chunks - before.chunks;
    ends::until("the window is full", || sent() == fanout::limits::WINDOW_CHUNKS).await;
    (1..20).for_each(publish);
    let stats = hub.handle.stats();
    assert!(stats.log_changes <= 64 && stats.queue_changes_peak <= 64, "{stats:?}");
    assert_eq!((sent(), stats.collapses), (4, 0));
    proxy.pause(false);
    agent.until("it has everything", |status| status.synced && status.items == 400).await;
    let stats = hub.handle.stats();
    assert_eq!((stats.collapses, stats.snapshots, stats.agents_connected), (1, 1, 1), "{stats:?}");
}

#[tokio::test]
async fn two_hundred_agents_at_once() {
    const AGENTS: usize = 200;
    let dir = folder();
    let hub = Hub::start(dir.path());
    for node in 0..AGENTS {
        hub.publish(&format!("node-{node}"), "pod", &node.to_string());
    }
    hub.ready();
    let agents: Vec<Agent> =
        (0..AGENTS).map(|node| Agent::start(dir.path(), &format!("node-{node}"), hub.address())).collect();
    for (node, agent) in agents.iter().enumerate() {
        agent.shows(&format!("pod={node}")).await;
    }
    let stats = hub.handle.stats();
    assert_eq!(stats.agents_connected, AGENTS, "{stats:?}");
}

#[tokio::test]
async fn certificates_rotate_without_a_restart() {
    let dir = folder();
    let hub = Hub::start(dir.path());
    hub.publish("a", "pod", "1");
    hub.ready();
    let proxy = Proxy::start(hub.address()).await;
    let agent = Agent::start(dir.path(), "a", proxy.address);
    agent.shows("pod=1").await;
    let expiry = |text: String| {
        text.lines().find(|line| line.starts_with("plimsoll_certificate_expiry")).map(str::to_owned).unwrap()
    };
    let before = expiry(hub.metrics());

    // Everything new, the authority too: nothing of the old can talk to the new.
    let options = certificates::Options { days: 500, force: true, ..certificates::Options::default() };
    certificates::init(dir.path(), &options, &SystemClock::new()).unwrap();
    ends::until("both have reloaded", || {
        hub.metrics().contains("plimsoll_certificate_reloads_total 1")
            && agent.metrics().contains("plimsoll_certificate_reloads_total 1")
    })
    .await;
    assert_ne!(expiry(hub.metrics()), before);
    assert!(agent.link.status().connected, "streams that are up stay up");
    hub.publish("a", "pod", "2");
    agent.shows("pod=2").await;
    proxy.cut();
    hub.publish("a", "pod", "3");
    agent.shows("pod=3").await;

    // What is broken on disk does not replace what works.
    std::fs::write(dir.path().join("hub.crt"), "broken").unwrap();
    ends::until("it is seen", || !hub.metrics().contains("plimsoll_certificate_reload_failures_total 0"))
        .await;
    proxy.cut();
    hub.publish("a", "pod", "4");
    agent.shows("pod=4").await;
}

#[tokio::test]
async fn certificates_that_are_not_accepted() {
    let check = async |hub_dir: &Path, agent_dir: &Path, expected: &str| {
        let hub = Hub::start(hub_dir);
        hub.publish("a", "pod", "secret");
        hub.ready();
        let agent = Agent::start(agent_dir, "a", hub.address());
        agent.until("it is told why", |status| status.last_error.is_some()).await;
        let status = agent.link.status();
        let error = status.last_error.unwrap_or_default();
        assert!(error.contains(expected), "expected {expected}\n     got {error}");
        assert_eq!((status.items, hub.handle.stats().admissions), (0, 0));
    };
    let (ours, foreign) = (folder(), folder());
    check(ours.path(), foreign.path(), "the hub's certificate was issued by another authority").await;

    // An agent that believes the hub, with a certificate that the hub does not believe.
    let both = [foreign.path(), ours.path()].map(|dir| std::fs::read_to_string(dir.join("ca.crt")).unwrap());
    std::fs::write(foreign.path().join("ca.crt"), both.concat()).unwrap();
    check(ours.path(), foreign.path(), "the hub does not accept this agent's certificate").await;

    let node_b = tempfile::tempdir().unwrap();
    let options = certificates::Options { node: Some("b".to_owned()), ..certificates::Options::default() };
    certificates::init(node_b.path(), &options, &SystemClock::new()).unwrap();
    check(node_b.path(), node_b.path(), "its certificate is for node b").await;
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let dir = folder();
    let old = tempfile::tempdir().unwrap();
    for name in ["ca.crt", "ca.key", "hub.crt", "agent.crt"] {
        std::fs::copy(dir.path().join(name), old.path().join(name)).unwrap();
    }
    certificates::renew(old.path(), 1, &past()).unwrap();
    let start = |dir: &Path| {
        let transport = Transport::Mutual { dir: dir.to_owned() };
        ends::try_agent(AgentLinkConfig::new("a", "localhost:1", transport))
            .err()
            .map(|error| error.to_string())
    };
    assert_eq!(start(dir.path()), None);
    let refused = start(old.path()).unwrap();
    assert!(
        refused.contains("agent.crt expired at") && refused.contains("plimsoll certs renew"),
        "{refused}"
    );

    // Ends whose clocks stand still in the past hold their certificates for valid; the other end does not.
    let hub = Hub::start_with_clock(old.path(), past());
    let agent = Agent::start(dir.path(), "a", hub.address());
    agent.until("it is told why", |status| status.last_error.is_some()).await;
    let error = agent.link.status().last_error.unwrap();
    assert!(error.contains("the hub's certificate has expired"), "{error}");

    // The agent, whose clock is wrong, trusts both; the hub, whose clock is right, does not trust the agent's.
    let both = tempfile::tempdir().unwrap();
    for name in ["ca.crt", "ca.key", "hub.crt", "agent.crt"] {
        std::fs::copy(dir.path().join(name), both.path().join(name)).unwrap();
    }
    certificates::renew(both.path(), 1_000, &past()).unwrap();
    let hub = Hub::start(both.path());
    let agent = Agent::start_with_clock(old.path(), "a", hub.address(), past());
    agent.until("it is told why", |status| status.last_error.is_some()).await;
    let error = agent.link.status().last_error.unwrap();
    assert!(error.contains("this agent's certificate has expired"), "{error}");
}

#[tokio::test]
async fn a_hub_that_goes_down_in_good_order_says_when_to_come_back() {
    let dir = folder();
    let hub = Hub::start(dir.path());
    hub.publish("a", "pod", "1");
    hub.ready();
    let agent = Agent::start(dir.path(), "a", hub.address());
    agent.shows("pod=1").await;
    hub.stop().await;
    agent.until("it is told", |status| status.stats.come_backs == 1).await;
    agent.shows("pod=1").await;
}

#[tokio::test]
async fn without_tls_on_loopback_only() {
    let hub = |listen: &str| {
        ends::try_hub(&HubLinkConfig::new(listen.parse().unwrap(), Transport::InsecureLoopback)).map(drop)
    };
    let agent =
        |hub: &str| ends::try_agent(AgentLinkConfig::new("a", hub, Transport::InsecureLoopback)).map(drop);
    for refused in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        assert!(matches!(hub(refused), Err(LinkError::NotLoopback { .. })), "{refused}");
    }
    for refused in ["hub.example:1", "192.0.2.1:1", "[2001:db8::1]:1"] {
        assert!(matches!(agent(refused), Err(LinkError::NotLoopback { .. })), "{refused}");
    }
    assert!(matches!(agent("hub"), Err(LinkError::BadHub { .. })));
    assert!(hub("127.0.0.1:0").is_ok() && agent("localhost:1").is_ok());

    let hub = Hub::start_insecure();
    hub.publish("a", "pod", "1");
    hub.ready();
    let agent = Agent::start_insecure("a", hub.address());
    agent.shows("pod=1").await;
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let hub = Hub::start_insecure();
    let config = HubLinkConfig::new(hub.address(), Transport::InsecureLoopback);
    let error = ends::try_hub(&config).err().unwrap().to_string();
    assert!(error.contains(&hub.address().to_string()) && error.contains("--agents-listen"), "{error}");
}

#[tokio::test]
async fn who_speaks_something_else_is_hung_up_on() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let dir = folder();
    for (hub, tls) in [(Hub::start(dir.path()), true), (Hub::start_insecure(), false)] {
        hub.ready();
        for garbage in [
            "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "\x16\x03\x01\x00\x05garbage",
            "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
        ] {
            let mut stream = tokio::net::TcpStream::connect(hub.address()).await.unwrap();
            stream.write_all(garbage.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
        }
        let agent = match tls {
            true => Agent::start(dir.path(), "a", hub.address()),
            false => Agent::start_insecure("a", hub.address()),
        };
        agent.until("the hub is well", |status| status.synced).await;
    }
}
