//! The folder: restarts, damage, other versions, other clusters, disks that refuse.

use environment::ManualClock;
use objects::node::Node;
use objects::{Meta, Object};
use tempfile::TempDir;

use super::*;

const RESOURCES: [Resource; 2] = [Resource::Nodes, Resource::Namespaces];
const NOW: Duration = Duration::from_secs(1_000_000);

struct World {
    folder: TempDir,
    clock: ManualClock,
    metrics: Metrics,
}

impl World {
    fn new() -> Self {
        let clock = ManualClock::default();
        clock.set_wall(NOW);
        Self { folder: tempfile::tempdir().unwrap(), clock, metrics: Metrics::default() }
    }

    fn open_as(&self, cluster: &str, keep: Keep) -> Result<Snapshots, DataDirError> {
        let clock = Arc::new(self.clock.clone());
        Snapshots::open(
            &self.folder.path().join("data"),
            cluster.to_owned(),
            keep,
            clock,
            self.metrics.clone(),
        )
    }

    fn open(&self) -> Snapshots {
        self.open_as("cluster", Keep::default()).unwrap()
    }

    fn store(&self) -> Store {
        Store::new(Arc::new(self.clock.clone()), objects::Seeded::default())
    }

    /// Some nodes and a namespace, in memory and on disk.
    fn written(&self) -> Store {
        let store = self.store();
        for resource in RESOURCES {
            store.apply(resource, apiserver_client::Change::ReplayStarted);
            for number in 0..100 {
                store.apply(resource, apiserver_client::Change::Applied(object(resource, number)));
            }
            let resource_version = "4711".to_owned();
            store.apply(resource, apiserver_client::Change::ReplayFinished { resource_version });
        }
        self.open().write(&RESOURCES, &store, true);
        store
    }

    fn path(&self, resource: Resource) -> PathBuf {
        self.folder.path().join("data").join(format!("{}.snapshot", resource.plural()))
    }

    /// Names in the folder that have `part`, sorted.
    fn names(&self, part: &str) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path().join("data")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut found: Vec<String> = names.filter(|name| name.contains(part)).collect();
        found.sort();
        found
    }

    fn damage(&self, resource: Resource) {
        let mut bytes = fs::read(self.path(resource)).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(self.path(resource), bytes).unwrap();
    }

    /// What a start brings back: resource and number of objects.
    fn load(&self) -> (Store, Resume) {
        let store = self.store();
        let resume = self.open().load(&RESOURCES, &store, &Interner::default());
        (store, resume)
    }
}

fn object(resource: Resource, number: usize) -> Object {
    let meta = Meta { name: format!("{}-{number}", resource.plural()).into(), ..Meta::default() };
    match resource {
        Resource::Nodes => Object::Node(Arc::new(Node { meta, ..Node::default() })),
        _ => Object::Namespace(Arc::new(objects::node::Namespace { meta, ..Default::default() })),
    }
}

fn sorted(store: &Store, resource: Resource) -> Vec<Object> {
    let mut objects = store.objects(resource).unwrap();
    objects.sort_by_key(Object::key);
    objects
}

#[test]
fn a_restart_brings_everything_back_with_its_age() {
    let world = World::new();
    let before = world.written();
    world.clock.advance(Duration::from_secs(60));
    let (after, resume) = world.load();
    for resource in RESOURCES {
        assert_eq!(sorted(&after, resource), sorted(&before, resource));
        assert_eq!(resume[&resource], "4711");
        let state = after.state(resource);
        assert_eq!((state.restored, state.age), (true, Some(Duration::from_secs(60))));
    }
}

#[test]
fn a_wall_clock_that_was_set_back_makes_nothing_younger() {
    let world = World::new();
    world.written();
    world.clock.set_wall(Duration::from_secs(5));
    let (after, _) = world.load();
    assert_eq!(after.state(Resource::Nodes).age, Some(Duration::ZERO));
}

#[test]
fn a_wall_clock_that_jumps_makes_the_snapshot_no_older() {
    let world = World::new();
    let store = world.written();
    let snapshots = world.open();
    snapshots.write(&RESOURCES, &store, true);
    world.clock.set_wall(NOW * 2);
    assert_eq!(snapshots.status().age_seconds, Some(0.0));
    world.clock.set_wall(Duration::ZERO);
    assert_eq!(snapshots.status().age_seconds, Some(0.0));
}

#[test]
fn the_first_start_finds_nothing_and_complains_about_nothing() {
    let world = World::new();
    let (store, resume) = world.load();
    assert!(resume.is_empty());
    assert!(!store.state(Resource::Nodes).known);
    assert_eq!(world.metrics.rejections("damaged"), 0);
}

#[test]
fn damage_costs_one_resource_and_the_file_is_set_aside() {
    let world = World::new();
    world.written();
    world.damage(Resource::Nodes);
    let (store, resume) = world.load();
    assert_eq!(resume.keys().copied().collect::<Vec<_>>(), [Resource::Namespaces]);
    assert_eq!(store.objects(Resource::Nodes), None);
    assert_eq!(world.metrics.rejections("damaged"), 1);
    assert_eq!(world.names("nodes.snapshot"), ["nodes.snapshot.damaged-0001000000"]);
    // The next start is not told again.
    world.load();
    assert_eq!(world.metrics.rejections("damaged"), 1);
}

#[test]
fn no_more_than_three_damaged_files_are_kept() {
    let world = World::new();
    for _ in 0..5 {
        world.written();
        world.damage(Resource::Nodes);
        world.load();
        world.clock.advance(Duration::from_secs(1));
    }
    let kept: Vec<String> = [2, 3, 4].map(|last| format!("nodes.snapshot.damaged-000100000{last}")).into();
    assert_eq!(world.names("damaged"), kept);
}

#[test]
fn a_file_from_a_newer_version_is_never_lost() {
    let world = World::new();
    for _ in 0..5 {
        world.written();
        let mut bytes = fs::read(world.path(Resource::Nodes)).unwrap();
        bytes[8] = 2;
        let checksum = crc32fast::hash(&bytes[..12]).to_le_bytes();
        bytes[12..16].copy_from_slice(&checksum);
        fs::write(world.path(Resource::Nodes), bytes).unwrap();
        let (_, resume) = world.load();
        assert!(!resume.contains_key(&Resource::Nodes));
    }
    assert_eq!(world.names("newer").len(), 5);
    assert_eq!(world.metrics.rejections("newer"), 5);
}

#[test]
fn another_cluster_or_other_settings_make_a_file_foreign() {
    for (cluster, annotations) in [("other", false), ("cluster", true)] {
        let world = World::new();
        world.written();
        let snapshots = world.open_as(cluster, Keep { annotations }).unwrap();
        let resume = snapshots.load(&RESOURCES, &world.store(), &Interner::default());
        assert!(resume.is_empty());
        assert_eq!(world.names("foreign").len(), 2);
    }
}

#[test]
fn a_cluster_made_anew_at_the_same_address_makes_a_file_foreign() {
    for (now, resumed, kept) in [("u-1", 2, 0), ("u-2", 0, 2)] {
        let world = World::new();
        let store = world.store();
        let meta = Meta { name: "kube-system".into(), uid: "u-1".into(), ..Meta::default() };
        let system = Object::Namespace(Arc::new(objects::node::Namespace { meta, ..Default::default() }));
        for (resource, object) in
            [(Resource::Namespaces, system), (Resource::Nodes, object(Resource::Nodes, 1))]
        {
            store.apply(resource, apiserver_client::Change::ReplayStarted);
            store.apply(resource, apiserver_client::Change::Applied(object));
            let resource_version = "4711".to_owned();
            store.apply(resource, apiserver_client::Change::ReplayFinished { resource_version });
        }
        world.open().write(&RESOURCES, &store, true);
        let (store, snapshots) = (world.store(), world.open());
        let resume = snapshots.load(&RESOURCES, &store, &Interner::default());
        assert!(snapshots.names_cluster());
        assert_eq!(snapshots.confirm(now, &store, resume).len(), resumed, "{now}");
        assert_eq!(world.names("foreign").len(), kept, "{now}");
        assert_eq!(store.state(Resource::Nodes).known, resumed > 0, "{now}");
        // Those of the former cluster stay until the replay takes them out, and says so.
        store.apply(Resource::Nodes, apiserver_client::Change::ReplayStarted);
        let resource_version = "9".to_owned();
        let end = store.apply(Resource::Nodes, apiserver_client::Change::ReplayFinished { resource_version });
        assert!(matches!(end, crate::store::Effect::Gone(gone) if gone.len() == 1), "{now}");
    }
}

#[test]
fn two_hubs_cannot_share_a_folder() {
    let world = World::new();
    let _first = world.open();
    let failed = world.open_as("cluster", Keep::default()).err().unwrap();
    assert!(failed.to_string().contains("in use by another hub"), "{failed}");
}

#[test]
fn a_folder_that_is_none_is_the_operators_mistake() {
    let world = World::new();
    fs::write(world.folder.path().join("data"), "a file").unwrap();
    let failed = world.open_as("cluster", Keep::default()).err().unwrap();
    assert!(failed.to_string().starts_with("cannot write to the data directory"), "{failed}");
}

#[test]
fn a_write_that_fails_is_said_and_tried_again() {
    let world = World::new();
    let store = world.written();
    let snapshots = world.open();
    let data = world.folder.path().join("data");
    fs::rename(&data, world.folder.path().join("away")).unwrap();
    snapshots.write(&RESOURCES, &store, false);
    assert!(snapshots.status().error.unwrap().contains("snapshot"));
    fs::rename(world.folder.path().join("away"), &data).unwrap();
    snapshots.write(&RESOURCES, &store, false);
    assert!(snapshots.status().error.is_some(), "not at once");
    world.clock.advance(Duration::from_secs(RETRY_SECONDS));
    snapshots.write(&RESOURCES, &store, false);
    let status = snapshots.status();
    assert_eq!((status.error, status.age_seconds), (None, Some(0.0)));
    assert!(status.bytes > 0);
}

#[test]
fn what_a_killed_write_left_behind_goes() {
    let world = World::new();
    world.written();
    fs::write(world.folder.path().join("data").join(".writing-x"), "half").unwrap();
    world.load();
    assert!(world.names(".writing").is_empty());
}
