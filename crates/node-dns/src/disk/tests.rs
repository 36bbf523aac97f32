//! What is on disk comes back, whatever happened to it.

use std::collections::BTreeMap;

use bytes::Bytes;
use fanout::{ItemKey, Topic};
use tempfile::TempDir;

use super::*;

const ZONE: &str = "cluster.local";

type Set = BTreeMap<ItemKey, Bytes>;

fn change(key: u32, value: Option<&str>) -> Change {
    let value = value.map(|value| Bytes::copy_from_slice(value.as_bytes()));
    Change { item: ItemKey::new(Topic(16), format!("ns/{key}").as_bytes()), value }
}

fn position(sequence: u64) -> Position {
    Position { epoch: 7, sequence, proven_unix_ms: 1_000 * sequence }
}

fn apply(set: &mut Set, changes: &[Change]) {
    for Change { item, value } in changes {
        match value {
            Some(value) => set.insert(item.clone(), value.clone()),
            None => set.remove(item),
        };
    }
}

/// A folder, the process that writes there, and what it serves.
struct World {
    folder: TempDir,
    disk: Disk,
    set: Set,
    sequence: u64,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = open(folder.path());
        Self { folder, disk, set: Set::new(), sequence: 0 }
    }

    fn append(&mut self, changes: &[Change]) -> Appended {
        self.sequence += 1;
        apply(&mut self.set, changes);
        self.disk.append(&position(self.sequence), changes)
    }

    fn wrote(&mut self, changes: &[Change]) {
        let appended = self.append(changes);
        assert!(matches!(appended, Appended::Written), "{appended:?}");
    }

    fn begin_compaction(&mut self) -> io::Result<()> {
        let set = self.set.clone();
        let each = move |each: &mut Each<'_>| {
            set.iter().for_each(|(item, value)| each(item.topic, &item.key, value));
        };
        self.disk.compact(&position(self.sequence), &each, Duration::ZERO)
    }

    fn compact(&mut self) {
        self.begin_compaction().unwrap();
        let settled = self.disk.take_writing().unwrap()();
        self.disk.finish(settled, Duration::from_secs(9)).unwrap();
    }

    /// `kill -9`, and a new process. Returns how many files it could not use.
    fn restart(&mut self) -> usize {
        self.disk = Disk::open(self.folder.path(), ZONE).unwrap();
        let loaded = self.disk.load();
        assert!(self.disk.lock().unwrap());
        assert_eq!(set(&loaded), self.set);
        assert_eq!(
            loaded.position.map(|position| position.sequence),
            (self.sequence > 0).then_some(self.sequence)
        );
        loaded.damaged.len()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

fn open(folder: &Path) -> Disk {
    let mut disk = Disk::open(folder, ZONE).unwrap();
    assert_eq!(disk.load().position, None);
    assert!(disk.lock().unwrap());
    disk
}

fn set(loaded: &Loaded) -> Set {
    let mut set = Set::new();
    apply(&mut set, &loaded.changes);
    set
}

#[test]
fn kill_9_loses_nothing_at_any_moment() {
    let mut world = World::new();
    assert_eq!(world.restart(), 0);
    for round in 0..4u32 {
        for key in 0..20 {
            world.wrote(&[change(key * (round + 1), Some("value")), change(key + 7, None)]);
            if key % 5 == 0 {
                assert_eq!(world.restart(), 0);
            }
        }
        // Between the parts of a compaction, too.
        world.begin_compaction().unwrap();
        world.wrote(&[change(1_000 + round, Some("meanwhile"))]);
        if round % 2 == 0 {
            assert_eq!(world.restart(), 0);
            world.wrote(&[change(2_000 + round, Some("after"))]);
            assert_eq!(world.restart(), 0);
            world.begin_compaction().unwrap();
        }
        let settled = world.disk.take_writing().unwrap()();
        world.wrote(&[change(3_000 + round, Some("meanwhile"))]);
        assert_eq!(world.restart(), 0);
        drop(settled);
        world.compact();
        assert_eq!(world.restart(), 0);
    }
    assert_eq!(world.names().len(), 5, "two generations and the lock: {:?}", world.names());
}

#[test]
fn a_log_that_ends_anywhere_gives_what_is_whole() {
    let mut world = World::new();
    let mut states = vec![(Set::new(), 0)];
    let mut ends = vec![0];
    for key in 0..6 {
        world.wrote(&[change(key, Some("a value of some length"))]);
        states.push((world.set.clone(), world.sequence));
        ends.push(world.disk.bytes());
    }
    let log = world.path("zone-0000000000.log");
    let whole = fs::read(&log).unwrap();
    for length in 0..whole.len() {
        fs::write(&log, &whole[..length]).unwrap();
        let count = ends.iter().filter(|end| **end <= length as u64).count();
        (world.set, world.sequence) = states[count - 1].clone();
        world.restart();
        // And it goes on from there.
        if length > 60 {
            world.disk.behind = false;
            world.wrote(&[change(99, Some("next"))]);
            assert_eq!(world.restart(), 0, "cut at {length}");
        }
    }
}

#[test]
fn a_damaged_snapshot_costs_nothing_because_the_one_before_is_there() {
    let mut world = World::new();
    (0..50).for_each(|key| world.wrote(&[change(key, Some("first"))]));
    world.compact();
    (0..10).for_each(|key| world.wrote(&[change(key, Some("second")), change(key + 20, None)]));
    world.compact();
    world.wrote(&[change(3, Some("third"))]);
    let snapshot = world.path("zone-0000000002.snapshot");
    let whole = fs::read(&snapshot).unwrap();
    for at in (0..whole.len()).step_by(7) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        fs::write(&snapshot, &damaged).unwrap();
        assert_eq!(world.restart(), 1, "a bit at {at}");
    }
    fs::write(&snapshot, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(world.restart(), 1);
    // Once there is something better it is set aside, under its name.
    assert!(world.disk.is_due(Duration::from_secs(60)));
    world.compact();
    assert_eq!(world.restart(), 0);
    assert!(
        world.names().contains(&"zone-0000000002.snapshot.damaged-0000000009".to_owned()),
        "{:?}",
        world.names()
    );
}

#[test]
fn a_damaged_log_gives_what_is_before_the_damage_and_says_that_it_is_no_set_of_the_hubs() {
    let mut world = World::new();
    (0..10).for_each(|key| world.wrote(&[change(key, Some("value"))]));
    let log = world.path("zone-0000000000.log");
    let mut bytes = fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&log, bytes).unwrap();
    drop(world.disk);
    let mut disk = Disk::open(world.folder.path(), ZONE).unwrap();
    let loaded = disk.load();
    assert!((3..7).contains(&set(&loaded).len()), "{loaded:?}");
    assert_eq!((loaded.damaged.len(), loaded.position.unwrap().epoch), (1, 0));
    assert!(disk.lock().unwrap());
    assert!(matches!(disk.append(&position(1), &[]), Appended::Not), "first a snapshot");
    assert!(disk.is_due(Duration::ZERO));
}

#[test]
fn files_that_are_not_ours() {
    let check = |name: &str, bytes: &[u8]| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), bytes).unwrap();
        let mut disk = Disk::open(folder.path(), ZONE).unwrap();
        let loaded = disk.load();
        assert_eq!((loaded.changes.len(), loaded.position), (0, None), "{name}");
        loaded.damaged.first().map(|(_, why)| *why)
    };
    let newer = [b"PLIMZONE".as_slice(), &2u32.to_le_bytes()].concat();
    let huge = [b"PLIMZONE".as_slice(), &1u32.to_le_bytes(), &[0xff; 8]].concat();
    assert_eq!(check("zone-0000000003.snapshot", b""), Some(Why::Damaged));
    assert_eq!(check("zone-0000000003.snapshot", b"something else entirely"), Some(Why::Damaged));
    assert_eq!(check("zone-0000000003.snapshot", &newer), Some(Why::Newer));
    assert_eq!(check("zone-0000000003.snapshot", &huge), Some(Why::Damaged));
    assert_eq!(check("zone-x.snapshot", b""), None);
    assert_eq!(check("notes.txt", b"notes"), None);
    // A log without its snapshot tells half a story: it is not told.
    let mut world = World::new();
    world.wrote(&[change(1, Some("first"))]);
    world.compact();
    world.wrote(&[change(2, Some("second"))]);
    let log = fs::read(world.path("zone-0000000001.log")).unwrap();
    assert_eq!(check("zone-0000000001.log", &log), None);
    // Nor is it gone on with: nobody would read that.
    let mut orphaned = World::new();
    fs::write(orphaned.path("zone-0000000001.log"), log).unwrap();
    assert_eq!(orphaned.restart(), 0);
    assert!(matches!(orphaned.append(&[change(1, Some("value"))]), Appended::Not));
    orphaned.compact();
    assert_eq!(orphaned.restart(), 0);
}

#[test]
fn another_zones_folder_is_not_used() {
    let mut world = World::new();
    world.wrote(&[change(1, Some("value"))]);
    world.compact();
    drop(world.disk);
    let mut other = Disk::open(world.folder.path(), "other.local").unwrap();
    let loaded = other.load();
    assert_eq!((loaded.changes.len(), loaded.damaged.len()), (0, 3));
}

#[test]
fn a_full_disk_is_survived() {
    let mut world = World::new();
    std::os::unix::fs::symlink("/dev/full", world.path("zone-0000000000.log")).unwrap();
    let failed = world.append(&[change(1, Some("value"))]);
    assert!(matches!(failed, Appended::Failed(_)), "{failed:?}");
    assert_eq!(world.disk.state(), DiskState::Failing);
    assert!(matches!(world.append(&[change(2, Some("value"))]), Appended::Not));
    std::os::unix::fs::symlink("/dev/full", world.path("zone-0000000001.writing")).unwrap();
    assert!(world.disk.is_due(Duration::ZERO));
    world.begin_compaction().unwrap_err();
    assert!(!world.disk.is_due(Duration::ZERO), "not again at once");
    assert!(world.disk.is_due(RETRY));
    // Somebody made room.
    fs::remove_file(world.path("zone-0000000000.log")).unwrap();
    world.compact();
    assert_eq!(world.disk.state(), DiskState::Written);
    world.wrote(&[change(3, Some("value"))]);
    assert_eq!(world.restart(), 0);
}

#[test]
fn two_processes_do_not_write_to_one_folder() {
    let mut world = World::new();
    world.wrote(&[change(1, Some("value"))]);
    let mut second = Disk::open(world.folder.path(), ZONE).unwrap();
    assert_eq!(set(&second.load()), world.set);
    assert!(!second.lock().unwrap() && second.state() == DiskState::Locked);
    assert!(matches!(second.append(&position(9), &[]), Appended::Not));
    assert!(!second.is_changed());
    world.wrote(&[change(2, Some("value"))]);
    world.disk.close().unwrap();
    assert!(second.lock().unwrap() && second.is_changed());
    assert_eq!(set(&second.load()), world.set);
}
