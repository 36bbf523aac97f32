//! Hubs, agents, and a proxy that cuts and stops what goes through it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use agent_link::{
    AgentLink, AgentLinkConfig, HubHandle, HubLink, HubLinkConfig, LinkError, LinkStatus, NamesLink,
    Transport, Update, certificates,
};
use bytes::Bytes;
use environment::{Clock, Entropy, SystemClock, SystemEntropy};
use fanout::{Change, Held, ItemKey, Limits, Topic};
use prometheus_client::registry::Registry;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// No test is that slow; this only ends one that would hang.
const HANGS: Duration = Duration::from_secs(120);
const RELOAD: Duration = Duration::from_millis(100);

/// Agents that don't wait long between attempts.
struct Hasty;

impl Entropy for Hasty {
    fn next_u64(&self) -> u64 {
        u64::MAX / 20
    }
}

/// Everything is two years earlier; time passes all the same.
pub(crate) struct Past(SystemClock);

impl Clock for Past {
    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }

    fn wall(&self) -> Duration {
        self.0.wall() - Duration::from_secs(2 * 365 * 86_400)
    }
}

pub(crate) fn past() -> Past {
    Past(SystemClock::new())
}

pub(crate) fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    certificates::init(dir.path(), &certificates::Options::default(), &SystemClock::new()).unwrap();
    dir
}

pub(crate) async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let wait = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(HANGS, wait).await.is_ok(), "hangs until {what}");
}

pub(crate) struct Hub {
    pub(crate) handle: HubHandle,
    address: SocketAddr,
    registry: Registry,
    task: JoinHandle<()>,
    stop: CancellationToken,
}

pub(crate) fn try_hub(config: &HubLinkConfig) -> Result<HubLink, LinkError> {
    HubLink::bind(
        config,
        Arc::new(SystemClock::new()),
        Arc::new(SystemEntropy::new()),
        &mut Registry::default(),
    )
}

impl Hub {
    pub(crate) fn start(dir: &Path) -> Self {
        Self::start_on(dir, "127.0.0.1:0".parse().unwrap(), Limits::default())
    }

    pub(crate) fn start_on(dir: &Path, listen: SocketAddr, limits: Limits) -> Self {
        let transport = Transport::Mutual { dir: dir.to_owned() };
        let config = HubLinkConfig { limits, reload: RELOAD, ..HubLinkConfig::new(listen, transport) };
        Self::run(&config, Arc::new(SystemClock::new()))
    }

    pub(crate) fn start_with_clock(dir: &Path, clock: impl Clock) -> Self {
        let transport = Transport::Mutual { dir: dir.to_owned() };
        Self::run(&HubLinkConfig::new("127.0.0.1:0".parse().unwrap(), transport), Arc::new(clock))
    }

    pub(crate) fn start_insecure() -> Self {
        let config = HubLinkConfig::new("127.0.0.1:0".parse().unwrap(), Transport::InsecureLoopback);
        Self::run(&config, Arc::new(SystemClock::new()))
    }

    fn run(config: &HubLinkConfig, clock: Arc<dyn Clock>) -> Self {
        let mut registry = Registry::default();
        let link = HubLink::bind(config, clock, Arc::new(SystemEntropy::new()), &mut registry).unwrap();
        let (handle, address) = (link.handle(), link.address());
        let stop = CancellationToken::new();
        let task = environment::spawn("hub", link.run(stop.clone()));
        Self { handle, address, registry, task, stop }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn publish(&self, node: &str, key: &str, value: &str) {
        self.handle.publish(node, Topic::PODS, key.as_bytes(), Bytes::from(value.to_owned())).unwrap();
    }

    pub(crate) fn ready(&self) {
        self.handle.set_ready();
        self.handle.set_names_ready();
    }

    pub(crate) fn metrics(&self) -> String {
        text(&self.registry)
    }

    /// In good order.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }

    /// Without a word to anybody: the listener is gone, and what it served.
    pub(crate) async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

fn text(registry: &Registry) -> String {
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, registry).unwrap();
    text
}

pub(crate) struct Agent {
    pub(crate) link: AgentLink,
    registry: Registry,
    stop: CancellationToken,
}

pub(crate) fn try_agent(config: AgentLinkConfig) -> Result<AgentLink, LinkError> {
    let stop = CancellationToken::new();
    stop.cancel();
    AgentLink::spawn(config, Arc::new(SystemClock::new()), Arc::new(Hasty), &mut Registry::default(), stop)
}

impl Agent {
    pub(crate) fn start(dir: &Path, node: &str, hub: SocketAddr) -> Self {
        Self::start_with_clock(dir, node, hub, SystemClock::new())
    }

    pub(crate) fn start_with_clock(dir: &Path, node: &str, hub: SocketAddr, clock: impl Clock) -> Self {
        let transport = Transport::Mutual { dir: dir.to_owned() };
        Self::run(AgentLinkConfig::new(node, hub.to_string(), transport), Arc::new(clock))
    }

    pub(crate) fn start_insecure(node: &str, hub: SocketAddr) -> Self {
        let config = AgentLinkConfig::new(node, hub.to_string(), Transport::InsecureLoopback);
        Self::run(config, Arc::new(SystemClock::new()))
    }

    fn run(config: AgentLinkConfig, clock: Arc<dyn Clock>) -> Self {
        let (mut registry, stop) = (Registry::default(), CancellationToken::new());
        let config = AgentLinkConfig { reload: RELOAD, ..config };
        let link = AgentLink::spawn(config, clock, Arc::new(Hasty), &mut registry, stop.clone()).unwrap();
        Self { link, registry, stop }
    }

    /// Waits until the agent shows exactly these items: "key=value key=value".
    pub(crate) async fn shows(&self, expected: &str) {
        let mut view = self.link.view();
        let mut shown = String::new();
        let wait = view.wait_for(|view| {
            let items = view.topic(Topic::PODS);
            let utf8 = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
            let items: Vec<_> = items.map(|(key, value)| format!("{}={}", utf8(key), utf8(value))).collect();
            shown = items.join(" ");
            shown == expected
        });
        let waited = tokio::time::timeout(HANGS, wait).await.is_ok_and(|view| view.is_ok());
        assert!(waited, "shows {shown}, not {expected}: {:?}", self.link.status());
    }

    pub(crate) async fn until(&self, what: &str, done: impl Fn(&LinkStatus) -> bool) {
        let wait = async {
            while !done(&self.link.status()) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(HANGS, wait).await.is_ok();
        assert!(waited, "hangs until {what}: {:?}", self.link.status());
    }

    pub(crate) fn metrics(&self) -> String {
        text(&self.registry)
    }
}

/// A DNS server, as far as the link goes.
pub(crate) struct Dns {
    pub(crate) link: NamesLink,
    pub(crate) updates: mpsc::Receiver<Update>,
    pub(crate) items: BTreeMap<ItemKey, Bytes>,
    pub(crate) position: (u64, u64),
    pub(crate) pulse: Bytes,
    stop: CancellationToken,
}

impl Dns {
    pub(crate) fn start(dir: &Path, node: &str, hub: SocketAddr, held: Held) -> Self {
        let (clock, stop) = (Arc::new(SystemClock::new()), CancellationToken::new());
        let transport = Transport::Mutual { dir: dir.to_owned() };
        let config = AgentLinkConfig::new(node, hub.to_string(), transport);
        let registry = &mut Registry::default();
        let link = NamesLink::new(config, clock, Arc::new(Hasty), registry).unwrap();
        let updates = link.follow(held, stop.clone()).unwrap();
        let (items, pulse) = (BTreeMap::new(), Bytes::new());
        Self { link, updates, items, position: (0, 0), pulse, stop }
    }

    /// Takes updates until these are the items and the pulse: "key=value key=value | pulse". Returns how many changes came.
    pub(crate) async fn shows(&mut self, expected: &str) -> usize {
        let mut changes = 0;
        let wait = async {
            loop {
                let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
                let items =
                    self.items.iter().map(|(item, value)| format!("{}={}", text(&item.key), text(value)));
                let shown = format!("{} | {}", items.collect::<Vec<_>>().join(" "), text(&self.pulse));
                if shown == expected {
                    return;
                }
                match self.updates.recv().await.unwrap() {
                    Update::Pulse(value) => self.pulse = value,
                    Update::Changes(transfer) => {
                        self.position = (transfer.epoch, transfer.sequence);
                        changes += transfer.changes.len();
                        for Change { item, value } in transfer.changes {
                            match value {
                                Some(value) => self.items.insert(item, value),
                                None => self.items.remove(&item),
                            };
                        }
                    }
                }
            }
        };
        let waited = tokio::time::timeout(HANGS, wait).await.is_ok();
        assert!(waited, "shows {:?} {:?}, not {expected}: {:?}", self.items, self.pulse, self.link.status());
        changes
    }

    /// What it would find on its disk.
    pub(crate) fn held(&self) -> Held {
        let mut held = Held::new(self.position.0, self.position.1);
        self.items.iter().for_each(|(item, value)| held.insert(item.clone(), value));
        held
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Between an agent and a hub.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    control: watch::Sender<Control>,
}

#[derive(Clone, Copy)]
struct Control {
    /// Connections of earlier generations end.
    generation: u64,
    paused: bool,
}

impl Proxy {
    pub(crate) async fn start(hub: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let control = watch::Sender::new(Control { generation: 0, paused: false });
        let subscribe = control.subscribe();
        environment::spawn("proxy", async move {
            while let Ok((agent, _)) = listener.accept().await {
                let Ok(hub) = TcpStream::connect(hub).await else { continue };
                environment::spawn("proxied", carry(agent, hub, subscribe.clone()));
            }
        });
        Self { address, control }
    }

    /// Ends all connections.
    pub(crate) fn cut(&self) {
        self.control.send_modify(|control| control.generation += 1);
    }

    /// Takes nothing more from the hub.
    pub(crate) fn pause(&self, paused: bool) {
        self.control.send_modify(|control| control.paused = paused);
    }
}

async fn carry(agent: TcpStream, hub: TcpStream, mut control: watch::Receiver<Control>) {
    let generation = control.borrow().generation;
    let (mut from_agent, mut to_agent) = agent.into_split();
    let (mut from_hub, mut to_hub) = hub.into_split();
    let mut paused = control.clone();
    let up = async {
        let _ = tokio::io::copy(&mut from_agent, &mut to_hub).await;
    };
    let down = async {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            if paused.wait_for(|control| !control.paused).await.is_err() {
                return;
            }
            match from_hub.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(read) => {
                    if to_agent.write_all(&buffer[..read]).await.is_err() {
                        return;
                    }
                }
            }
        }
    };
    tokio::select! {
        () = up => {}
        () = down => {}
        _ = control.wait_for(|control| control.generation > generation) => {}
    }
}
