//! What is believed at once, and what is not.

use fanout::message::FeedKind;

use super::*;

const OURS: &str = "cluster-1";

fn second(seconds: u64) -> Duration {
    Duration::from_secs(1_000 + seconds)
}

fn change(of: Topic, key: String, value: Option<Bytes>) -> Change {
    Change { item: ItemKey::new(of, key.as_bytes()), value }
}

fn slice(endpoints: usize) -> Bytes {
    EndpointSliceItem { service: "s".to_owned(), v4: vec![1; 4 * endpoints].into(), ..Default::default() }
        .to_value()
}

/// "-services 0..30", "+services 0..1", "-slices 3..9", "empty 0..40" (slices that lose their last endpoint), "cluster UID".
fn changes(words: &str) -> Vec<Change> {
    let mut all = Vec::new();
    for part in words.split(", ").filter(|part| !part.is_empty()) {
        let (what, which) = part.split_once(' ').unwrap();
        if what == "cluster" {
            all.push(change(topic::CLUSTER, String::new(), Some(Bytes::copy_from_slice(which.as_bytes()))));
            continue;
        }
        let (from, to) = which.split_once("..").unwrap();
        for number in from.parse::<u32>().unwrap()..to.parse().unwrap() {
            let key = format!("ns/{number}");
            all.push(match what {
                "-services" => change(topic::SERVICES, key, None),
                "+services" => change(topic::SERVICES, key, Some(Bytes::from("x"))),
                "-slices" => change(topic::ENDPOINT_SLICES, key, None),
                "+slices" => change(topic::ENDPOINT_SLICES, key, Some(slice(1))),
                "empty" => change(topic::ENDPOINT_SLICES, key, Some(slice(0))),
                "-namespaces" => change(topic::NAMESPACES, number.to_string(), None),
                "-pods" => change(topic::POD_ADDRESSES, key, None),
                _ => panic!("{what}"),
            });
        }
    }
    all
}

impl Served for Counts {
    fn counts(&self) -> Counts {
        *self
    }

    /// Services 0 to 99 were served at the start.
    fn keys(&self) -> HashSet<ItemKey> {
        (0..100).map(|number| ItemKey::new(topic::SERVICES, format!("ns/{number}").as_bytes())).collect()
    }
}

struct World {
    guard: Guard,
    served: Counts,
}

impl World {
    fn new(services: usize) -> Self {
        let guard = Guard::new(GuardConfig::default(), Some(Bytes::from(OURS)), second(0));
        Self { guard, served: Counts { services, slices: services, namespaces: services / 10 } }
    }

    /// Returns how many changes passed.
    fn take(&mut self, whole: bool, words: &str, at: u64) -> usize {
        let transfer =
            Transfer { feed: FeedKind::Broadcast, whole, epoch: 1, sequence: at, changes: changes(words) };
        let passed = self.guard.take(transfer, &self.served, second(at));
        self.note(passed)
    }

    fn note(&mut self, passed: Vec<Change>) -> usize {
        for change in &passed {
            match (change.item.topic, &change.value) {
                (topic::SERVICES, None) => self.served.services -= 1,
                (topic::ENDPOINT_SLICES, None) => self.served.slices -= 1,
                _ => {}
            }
        }
        passed.len()
    }

    /// "none", or "empty 5", "services 30/100 30", "other 12": the suspicion and how many items are held.
    fn held(&self) -> String {
        let Some(Quarantine { suspicion, items, .. }) = self.guard.quarantine() else {
            return "none".to_owned();
        };
        match suspicion {
            Suspicion::Empty => format!("empty {items}"),
            Suspicion::Shrunk { kind, lost, of } => format!("{kind} {lost}/{of} {items}"),
            Suspicion::OtherCluster { ours, theirs } => {
                assert_eq!(ours, OURS);
                format!("{theirs} {items}")
            }
        }
    }
}

/// (services served, whole, what the hub says, changes that pass, what is held)
#[test]
fn one_word_of_the_hub() {
    let check = |services: usize, whole: bool, words: &str, passed: usize, held: &str| {
        let mut world = World::new(services);
        assert_eq!(
            (world.take(whole, words, 0), world.held().as_str()),
            (passed, held),
            "{services} {words}"
        );
    };
    // Nothing is known yet, so that nothing can be lost.
    check(0, true, "+services 0..500, +slices 0..500", 1_000, "none");
    // Single deletions, also the last one.
    check(100, false, "-services 0..1, -slices 0..1", 2, "none");
    check(1, false, "-services 0..1", 1, "none");
    // A namespace goes.
    check(100, false, "-services 0..20, -slices 0..20, -namespaces 0..1", 41, "none");
    check(1_000, false, "-services 0..100", 100, "none");
    // Too much, in a stream or in a snapshot; the rest passes.
    check(100, false, "-services 0..21, +services 200..203", 3, "services 21/100 21");
    check(1_000, true, "-services 0..101, +slices 0..7", 7, "services 101/1000 101");
    check(1_000, true, "-slices 0..500", 0, "slices 500/1000 500");
    check(1_000, false, "-namespaces 0..21", 0, "namespaces 21/100 21");
    // Slices without endpoints are as good as gone.
    check(1_000, true, "empty 0..600, +slices 600..700", 100, "slices 600/1000 600");
    check(1_000, false, "empty 0..10", 10, "none");
    // Not one service is left, however few there were; another set in its place is another matter.
    check(5, true, "-services 0..5", 0, "empty 5");
    check(5, false, "-services 0..5", 0, "empty 5");
    check(1, true, "-services 0..1", 0, "empty 1");
    check(5, true, "-services 0..5, +services 7..9", 7, "none");
    // Addresses of pods come and go.
    check(100, true, "-pods 0..1000", 1_000, "none");
    // The UID of the cluster: the same, another one, or lost (a hub that may not read namespaces).
    check(100, true, "cluster cluster-1, +services 100..101", 2, "none");
    check(100, true, "cluster cluster-2, +services 100..110, -services 0..5", 0, "cluster-2 16");
    check(100, false, "cluster cluster-2", 0, "cluster-2 1");
}

#[test]
fn a_stream_of_deletions_adds_up_within_the_window() {
    let mut world = World::new(100);
    let mut said = |words: &str, at: u64| (world.take(false, words, at), world.held());
    assert_eq!(said("-services 0..15", 0), (15, "none".to_owned()));
    assert_eq!(said("-services 15..25", 1), (0, "services 24/85 10".to_owned()));
    // Single ones go on: the window has passed.
    assert_eq!(
        said("-services 30..31", 62),
        (11, "none".to_owned()),
        "ten held ones are no loss to speak of"
    );
    assert_eq!(said("-services 40..45", 63), (5, "none".to_owned()));
    assert_eq!(
        said("-services 50..60", 64),
        (0, "services 25/69 10".to_owned()),
        "those released count, too"
    );
}

#[test]
fn who_confirms() {
    let empty = || {
        let mut world = World::new(100);
        assert_eq!(world.take(true, "-services 0..100, -slices 0..100", 0), 0);
        world
    };
    let mut world = empty();
    assert_eq!(world.guard.confirm().len(), 200, "the operator");
    assert_eq!(world.held(), "none");

    let mut world = empty();
    let minute = |minutes: u64| second(60 * minutes);
    assert_eq!(world.guard.tick(true, minute(10)).len(), 0);
    assert_eq!(world.guard.tick(false, minute(60)).len(), 0, "nobody claimed it meanwhile");
    assert_eq!(world.guard.tick(true, minute(64)).len(), 0);
    assert_eq!(world.guard.quarantine().unwrap().claimed, Duration::from_secs(14 * 60));
    assert_eq!(world.guard.tick(true, minute(65)).len(), 200, "time");
    assert_eq!(world.guard.tick(true, minute(999)).len(), 0);

    let config = GuardConfig { confirm_after: Duration::ZERO, ..GuardConfig::default() };
    let mut world = empty();
    world.guard.config = config;
    assert_eq!(world.guard.tick(true, minute(10_000)).len(), 0, "time does not, when that is switched off");
}

#[test]
fn names_that_come_back_end_the_quarantine() {
    let mut world = World::new(100);
    world.take(true, "-services 0..100, -slices 0..100", 0);
    // Most of them; the few that do not are deletions like any other.
    assert_eq!(world.take(true, "+services 0..95, +slices 0..95", 10), 190 + 10);
    assert_eq!(world.held(), "none");
    assert_eq!(world.served.services, 95);

    let mut world = World::new(100);
    world.take(true, "-services 0..100", 0);
    assert_eq!(world.take(false, "+services 0..1, +services 200..201", 10), 2, "what is new passes");
    assert_eq!(world.held(), "empty 99");
}

#[test]
fn another_cluster_is_held_as_a_whole_until_ours_is_back() {
    let mut world = World::new(100);
    assert_eq!(world.take(true, "cluster cluster-2, -services 10..100, +services 200..300", 0), 0);
    assert_eq!(world.take(false, "+services 300..301, -services 0..1", 1), 0, "and what follows of it");
    assert_eq!(world.held(), "cluster-2 193");
    // Ours again: what the other one had goes, what it had not comes back, and only then is judged.
    let back = "cluster cluster-1, +services 0..1, +services 10..100, -services 200..301";
    assert_eq!((world.take(true, back, 2), world.held().as_str()), (92, "none"));

    // Confirmed, it is ours.
    let mut world = World::new(100);
    world.take(true, "cluster cluster-2, +services 200..210", 0);
    assert_eq!(world.guard.confirm().len(), 11);
    assert_eq!(world.take(true, "cluster cluster-2", 1), 1);
    assert_eq!(world.held(), "none");
}
