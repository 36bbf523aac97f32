//! The feed as a whole: a hub that says things, a disk, time.

use std::collections::BTreeSet;
use std::path::Path;

use agent_link::{HubHandle, HubLink, HubLinkConfig, Transport, Update};
use bytes::Bytes;
use dns_message::Name;
use environment::{ManualClock, SeededEntropy, SystemClock};
use fanout::message::FeedKind;
use fanout::{Change, ItemKey, Transfer};
use service_names::payload::{EndpointSliceItem, HeartbeatItem, Item as _, NamespaceItem, ServiceItem};
use service_names::topic;
use tempfile::TempDir;

use super::guard::Suspicion;
use super::*;
use crate::disk::DiskState;

pub(super) fn service(name: &str, last: u8) -> Change {
    let item = ServiceItem { v4: vec![10, 0, 0, last].into(), ..ServiceItem::default() };
    Change {
        item: ItemKey::new(topic::SERVICES, format!("ns/{name}").as_bytes()),
        value: Some(item.to_value()),
    }
}

fn cluster(uid: &str) -> Change {
    let value = Some(Bytes::copy_from_slice(uid.as_bytes()));
    Change { item: ItemKey::new(topic::CLUSTER, b""), value }
}

fn gone(change: Change) -> Change {
    Change { value: None, ..change }
}

fn beat(written: u64, seen: u64) -> Bytes {
    let (written_unix_ms, seen_unix_ms) = (written * 1_000, seen * 1_000);
    HeartbeatItem { written_unix_ms, seen_unix_ms, version: 1, cluster: "uid".to_owned() }.to_value()
}

/// The keeper alone: what it is told, and when.
struct World {
    folder: TempDir,
    clock: ManualClock,
    told: Arc<Mutex<Told>>,
    zone: Arc<Zone>,
    proofs: Arc<Proofs>,
    keeper: Keeper,
    sequence: u64,
}

pub(super) fn zone_config() -> ZoneConfig {
    ZoneConfig::kubeadm(Name::parse("cluster.local").unwrap())
}

impl World {
    fn new() -> Self {
        let (folder, clock) = (tempfile::tempdir().unwrap(), ManualClock::default());
        clock.advance(Duration::from_secs(1_000));
        Self::on(folder, clock)
    }

    fn on(folder: TempDir, clock: ManualClock) -> Self {
        let (told, zone, proofs, keeper) = start(folder.path(), &clock);
        Self { folder, clock, told, zone, proofs, keeper, sequence: 0 }
    }

    /// `kill -9`.
    fn restart(self) -> Self {
        let Self { folder, clock, keeper, .. } = self;
        drop(keeper);
        Self::on(folder, clock)
    }

    async fn begin(mut self) -> Self {
        self.keeper.begin().await;
        self
    }

    fn changes(&mut self, whole: bool, changes: Vec<Change>) {
        self.sequence += 1;
        let transfer =
            Transfer { feed: FeedKind::Broadcast, whole, epoch: 5, sequence: self.sequence, changes };
        self.keeper.update(Update::Changes(transfer), None);
    }

    fn pulse(&mut self, value: Bytes) {
        self.keeper.update(Update::Pulse(value), None);
    }

    fn pass(&mut self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.keeper.tick(None);
    }

    fn services(&self) -> Vec<String> {
        services(&self.zone)
    }

    /// "disk 7": origin and age in seconds.
    fn freshness(&self) -> String {
        let Freshness { origin, age } = self.proofs.freshness(self.clock.monotonic());
        let age = age.map_or_else(|| "?".to_owned(), |age| age.as_secs().to_string());
        format!("{} {age}", origin.name())
    }

    fn suspicion(&self) -> Option<Suspicion> {
        self.told.lock().quarantine.clone().map(|quarantine| quarantine.suspicion)
    }
}

type Started = (Arc<Mutex<Told>>, Arc<Zone>, Arc<Proofs>, Keeper);

fn start(folder: &Path, clock: &ManualClock) -> Started {
    let (told, zone) = (Arc::<Mutex<Told>>::default(), Arc::new(Zone::new(zone_config())));
    let proofs = Arc::new(Proofs::default());
    let parts = keeper::Parts {
        zone: zone.clone(),
        proofs: proofs.clone(),
        clock: Arc::new(clock.clone()),
        told: told.clone(),
        data_dir: Some(folder.to_owned()),
    };
    let disk = Disk::open(folder, "cluster.local").unwrap();
    let mut keeper = Keeper::new(parts, Some(disk), GuardConfig::default());
    keeper.load();
    (told, zone, proofs, keeper)
}

pub(super) fn services(zone: &Zone) -> Vec<String> {
    let mut names = BTreeSet::new();
    zone.items(&mut |of, key, _| {
        if of == topic::SERVICES {
            names.insert(String::from_utf8_lossy(key).replace("ns/", ""));
        }
    });
    names.into_iter().collect()
}

#[tokio::test]
async fn a_restart_knows_everything_and_how_old_it_is() {
    let mut world = World::new().begin().await;
    assert_eq!(world.freshness(), "nothing ?");
    world.changes(true, vec![cluster("one"), service("a", 1), service("b", 2)]);
    world.changes(false, vec![gone(service("a", 1)), service("c", 3)]);
    assert_eq!(
        (world.services(), world.freshness().as_str()),
        (vec!["b".to_owned(), "c".to_owned()], "hub 0")
    );
    world.clock.advance(Duration::from_secs(70));
    let mut world = world.restart();
    assert_eq!(
        (world.services(), world.freshness().as_str()),
        (vec!["b".to_owned(), "c".to_owned()], "disk 70")
    );
    world.pass(5);
    assert_eq!(world.freshness(), "disk 75");
    // A clock that was set back.
    world.clock.set_wall(Duration::from_secs(3));
    assert_eq!(world.restart().freshness(), "disk 0");
}

#[tokio::test]
async fn heartbeats_say_how_old_the_whole_path_is() {
    let mut world = World::new().begin().await;
    world.changes(true, vec![service("a", 1)]);
    world.pulse(beat(999, 1_000));
    assert_eq!(world.freshness(), "hub 1");
    world.pass(5);
    world.pulse(beat(1_004, 1_005));
    // Changes come, heartbeats do not: the path is not proven by what only the hub says.
    world.pass(10);
    world.changes(false, vec![service("b", 2)]);
    assert_eq!(world.freshness(), "hub 11");
    let mut world = world.restart();
    assert_eq!(world.freshness(), "disk 11");
    // Nobody may write heartbeats any more: the hub's word has to do.
    world.keeper.begin().await;
    world.pulse(Bytes::new());
    world.changes(false, Vec::new());
    assert_eq!(world.freshness(), "hub 0");
}

#[tokio::test]
async fn what_is_lost_at_once_is_held_back_and_an_operator_may_confirm_it() {
    let mut world = World::new().begin().await;
    let all = |range: std::ops::Range<u8>| range.map(|n| service(&format!("s{n:03}"), n)).collect::<Vec<_>>();
    world.changes(true, all(0..100));
    world.changes(true, all(0..100).into_iter().map(gone).chain([service("new", 7)]).collect());
    assert_eq!(world.services().len(), 101);
    assert!(
        matches!(world.suspicion(), Some(Suspicion::Shrunk { lost: 100, of: 100, .. })),
        "{:?}",
        world.suspicion()
    );
    // A restart serves what was served; the hub says it again, and is not believed again.
    let mut world = world.restart().begin().await;
    assert_eq!((world.services().len(), world.suspicion()), (101, None));
    world.changes(true, all(0..100).into_iter().map(gone).collect());
    assert_eq!(world.services().len(), 101);
    world.pass(1);
    assert!(world.suspicion().is_some());
    std::fs::write(world.folder.path().join(keeper::CONFIRM_FILE), "").unwrap();
    world.pass(1);
    assert_eq!((world.services(), world.suspicion()), (vec!["new".to_owned()], None));
    assert!(!world.folder.path().join(keeper::CONFIRM_FILE).exists(), "said once, heard once");
    assert_eq!(world.restart().services(), ["new"]);
}

#[tokio::test]
async fn another_clusters_names_are_held_back_over_a_restart() {
    let mut world = World::new().begin().await;
    world.changes(true, vec![cluster("one"), service("a", 1)]);
    let mut world = world.restart().begin().await;
    world.changes(true, vec![cluster("two"), gone(service("a", 1)), service("b", 2)]);
    assert_eq!(world.services(), ["a"]);
    assert!(matches!(world.suspicion(), Some(Suspicion::OtherCluster { .. })), "{:?}", world.suspicion());
    // Its heartbeats prove nothing about what is served.
    world.pass(20);
    world.pulse(beat(1_020, 1_020));
    assert_eq!((world.freshness().as_str(), world.zone.heartbeat()), ("hub 20", None));
}

#[tokio::test]
async fn a_new_process_waits_for_the_old_one_and_takes_what_it_wrote_last() {
    let mut old = World::new().begin().await;
    old.changes(true, vec![service("a", 1), service("b", 2)]);
    let (told, zone, _, mut keeper) = start(old.folder.path(), &old.clock);
    assert_eq!(
        (services(&zone), told.lock().disk),
        (vec!["a".to_owned(), "b".to_owned()], Some(DiskState::Locked))
    );
    old.changes(false, vec![gone(service("a", 1)), service("c", 3)]);
    old.keeper.close().await;
    keeper.begin().await;
    assert_eq!(services(&zone), ["b", "c"]);
    // And back, when the new one does not come up.
    keeper.close().await;
    old.keeper.begin().await;
    old.changes(false, vec![service("d", 4)]);
    assert_eq!(old.restart().services(), ["b", "c", "d"]);
}

#[tokio::test]
async fn items_that_this_version_does_not_know_are_kept_for_the_hubs_hash() {
    let mut world = World::new().begin().await;
    let strange = Change { item: ItemKey::new(fanout::Topic(99), b"x"), value: Some(Bytes::from("y")) };
    let broken = Change { item: ItemKey::new(topic::SERVICES, b"no-slash"), value: Some(Bytes::from("z")) };
    world.changes(true, vec![strange, broken, service("a", 1)]);
    assert_eq!(world.told.lock().refused, 1);
    let world = world.restart();
    let mut count = 0;
    let held = world.keeper.held();
    world.keeper.items(&mut |_, _, _| count += 1);
    assert_eq!((held.len(), count), (3, 3));
}

/// A hub over loopback, as far as names go.
pub(super) struct Hub {
    pub(super) handle: HubHandle,
    pub(super) address: std::net::SocketAddr,
    pub(super) stop: CancellationToken,
}

impl Hub {
    pub(super) fn start() -> Self {
        let config = HubLinkConfig::new("127.0.0.1:0".parse().unwrap(), Transport::InsecureLoopback);
        let (clock, entropy) = (Arc::new(SystemClock::new()), Arc::new(SeededEntropy::new(2)));
        let link = HubLink::bind(&config, clock, entropy, &mut Registry::default()).unwrap();
        let (handle, address, stop) = (link.handle(), link.address(), CancellationToken::new());
        environment::spawn("hub", link.run(stop.clone()));
        handle.set_names_ready();
        Self { handle, address, stop }
    }
}

pub(super) async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let wait = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(60), wait).await.is_ok(), "hangs until {what}");
}

#[tokio::test]
async fn from_a_hub_over_a_restart_without_it() {
    let (hub, folder) = (Hub::start(), tempfile::tempdir().unwrap());
    let namespace =
        Change { item: ItemKey::new(topic::NAMESPACES, b"ns"), value: Some(NamespaceItem {}.to_value()) };
    let slice =
        EndpointSliceItem { service: "a".to_owned(), v4: vec![10, 1, 0, 1].into(), ..Default::default() };
    let item = ItemKey::new(topic::ENDPOINT_SLICES, b"ns/a-1");
    hub.handle.broadcast(vec![namespace, service("a", 1), Change { item, value: Some(slice.to_value()) }]);
    let open = |registry: &mut Registry| {
        let config = Config {
            zone: zone_config(),
            hub: Some(AgentLinkConfig::new("n", hub.address.to_string(), Transport::InsecureLoopback)),
            data_dir: Some(folder.path().to_owned()),
            snapshot: None,
            neighbours: None,
            guard: GuardConfig::default(),
            pods: None,
        };
        Feed::open(config, Arc::new(SystemClock::new()), Arc::new(SeededEntropy::new(1)), registry).unwrap()
    };
    let feed = open(&mut Registry::default());
    assert!(!feed.freshness().known());
    let stop = CancellationToken::new();
    let running = environment::spawn("feed", feed.clone().run(stop.clone()));
    until("the names are there", || services(feed.zone()) == ["a"]).await;
    let wall = SystemClock::new().wall().as_secs();
    hub.handle.set_pulse(beat(wall, wall)).unwrap();
    until("the path is live", || feed.freshness().origin == Origin::Live).await;
    hub.handle.broadcast(vec![service("b", 2)]);
    until("a change is there", || services(feed.zone()) == ["a", "b"]).await;
    stop.cancel();
    running.await.unwrap();

    // It may run again, and gets what changed meanwhile and nothing else.
    hub.handle.broadcast(vec![service("c", 3)]);
    let before = hub.handle.stats();
    let stop = CancellationToken::new();
    let running = environment::spawn("feed", feed.clone().run(stop.clone()));
    until("what changed is there", || services(feed.zone()) == ["a", "b", "c"]).await;
    let after = hub.handle.stats();
    assert_eq!((after.snapshots, after.deltas), (before.snapshots, before.deltas + 1), "{after:?}");
    stop.cancel();
    running.await.unwrap();

    hub.stop.cancel();
    let mut registry = Registry::default();
    let feed = open(&mut registry);
    assert_eq!(services(feed.zone()), ["a", "b", "c"]);
    let Freshness { origin, age } = feed.freshness();
    assert!(origin == Origin::Disk && age.is_some_and(|age| age < Duration::from_secs(60)), "{age:?}");
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    for line in ["plimsoll_dns_source{source=\"disk\"} 1", "plimsoll_dns_zone_services 3.0"] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(text.contains("plimsoll_dns_snapshot_age_seconds "), "{text}");
}
