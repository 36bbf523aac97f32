//! Replays and changes as tables: what a reader sees after each step.

use environment::ManualClock;
use objects::Meta;
use objects::node::Node;

use super::*;

const NODES: Resource = Resource::Nodes;

fn node(name: &str, version: &str) -> Object {
    let meta = Meta { name: name.into(), resource_version: version.into(), ..Meta::default() };
    Object::Node(Arc::new(Node { meta, ..Node::default() }))
}

fn store() -> (Store, ManualClock) {
    let clock = ManualClock::default();
    (Store::new(Arc::new(clock.clone()), objects::Seeded::default()), clock)
}

/// "a1" is node a at version 1.
fn parse(word: &str) -> Object {
    let (name, version) = word.split_at(1);
    node(name, version)
}

fn change(step: &str) -> Change {
    let (what, rest) = step.split_at(1);
    match what {
        "<" => Change::ReplayStarted,
        ">" => Change::ReplayFinished { resource_version: rest.to_owned() },
        "+" => Change::Applied(parse(rest)),
        "-" => Change::Deleted(parse(rest)),
        "=" => Change::Bookmark { resource_version: rest.to_owned() },
        _ => Change::Undecodable,
    }
}

/// "a1 b2" or "unknown".
fn seen(store: &Store) -> String {
    let Some(objects) = store.objects(NODES) else { return "unknown".to_owned() };
    let mut words: Vec<String> = objects
        .iter()
        .map(|object| format!("{}{}", object.meta().name, object.meta().resource_version))
        .collect();
    words.sort();
    words.join(" ")
}

/// Each row: a step, what a scrape sees after it, where a watch would resume.
fn check(rows: &[(&str, &str, &str)]) {
    let (store, _) = store();
    for (number, (step, visible, resume)) in rows.iter().enumerate() {
        store.apply(NODES, change(step));
        assert_eq!(seen(&store), *visible, "row {number}: {step}");
        let version = store.cut(NODES).map_or(String::new(), |cut| cut.resource_version);
        assert_eq!(version, *resume, "row {number}: {step}");
    }
}

#[test]
fn nothing_is_seen_before_the_first_replay_is_whole() {
    check(&[("<", "unknown", ""), ("+a1", "unknown", ""), ("+b2", "unknown", ""), (">2", "a1 b2", "2")]);
}

#[test]
fn changes_of_a_watch_move_the_place_to_resume_from() {
    check(&[
        ("<", "unknown", ""),
        (">5", "", "5"),
        ("+a6", "a6", "6"),
        ("+a7", "a7", "7"),
        ("=9", "a7", "9"),
        ("-a10", "", "10"),
        ("-a11", "", "11"),
        ("?", "", "11"),
    ]);
}

#[test]
fn a_relist_never_shows_a_part() {
    check(&[
        ("<", "unknown", ""),
        ("+a1", "unknown", ""),
        ("+b1", "unknown", ""),
        (">1", "a1 b1", "1"),
        ("<", "a1 b1", "1"),
        ("+b7", "a1 b7", "1"),
        ("+c7", "a1 b7 c7", "1"),
        (">8", "b7 c7", "8"),
    ]);
}

#[test]
fn a_replay_that_starts_over_forgets_what_the_broken_one_mentioned() {
    check(&[
        ("<", "unknown", ""),
        ("+a1", "unknown", ""),
        ("<", "unknown", ""),
        ("+b2", "unknown", ""),
        (">2", "b2", "2"),
        ("<", "b2", "2"),
        ("+c3", "b2 c3", "2"),
        ("<", "b2 c3", "2"),
        ("+b2", "b2 c3", "2"),
        (">4", "b2", "4"),
    ]);
}

#[test]
fn a_deletion_in_mid_replay_counts() {
    check(&[
        ("<", "unknown", ""),
        ("+a1", "unknown", ""),
        (">1", "a1", "1"),
        ("<", "a1", "1"),
        ("+a1", "a1", "1"),
        ("-a2", "", "1"),
        ("=3", "", "1"),
        (">3", "", "3"),
    ]);
}

#[test]
fn effects_say_what_differs() {
    let (store, _) = store();
    let check =
        |step: &str, expected: Effect| assert_eq!(store.apply(NODES, change(step)), expected, "{step}");
    check("<", Effect::Nothing);
    check("+a1", Effect::Set { old: None, new: node("a", "1") });
    check("+b1", Effect::Set { old: None, new: node("b", "1") });
    check(">1", Effect::Gone(vec![]));
    check("+a2", Effect::Set { old: Some(node("a", "1")), new: node("a", "2") });
    check("-a3", Effect::Gone(vec![node("a", "2")]));
    check("-a3", Effect::Nothing);
    check("<", Effect::Nothing);
    check(">4", Effect::Gone(vec![node("b", "1")]));
}

#[test]
fn the_age_counts_from_the_last_proof() {
    let (store, clock) = store();
    let age = |store: &Store| store.state(NODES).age.map(|age| age.as_secs());
    let step = |what: &str, seconds: u64, expected: Option<u64>| {
        store.apply(NODES, change(what));
        clock.advance(Duration::from_secs(seconds));
        assert_eq!(age(&store), expected, "{what}");
    };
    step("<", 5, None);
    step("+a1", 5, None);
    step(">1", 5, Some(5));
    step("=2", 7, Some(7));
    step("+a3", 1, Some(1));
    // What a replay mentions proves nothing about the rest.
    step("<", 10, Some(11));
    step("+a4", 10, Some(21));
    step("?", 10, Some(31));
    step(">5", 0, Some(0));
    clock.set_wall(Duration::from_secs(1 << 33));
    assert_eq!(age(&store), Some(0), "a step of the wall clock is not age");
}

#[test]
fn a_restored_set_shows_at_once_with_its_age() {
    let (store, clock) = store();
    store.restore(NODES, node("a", "1"));
    assert_eq!(seen(&store), "unknown");
    store.restored(NODES, "1".to_owned(), Duration::from_secs(100));
    clock.advance(Duration::from_secs(5));
    assert_eq!(seen(&store), "a1");
    let state = store.state(NODES);
    assert_eq!((state.known, state.restored, state.age), (true, true, Some(Duration::from_secs(105))));
    store.apply(NODES, change("=2"));
    assert!(!store.state(NODES).restored);
    store.forget(NODES);
    assert_eq!(seen(&store), "unknown");
}

#[test]
fn same_name_in_two_namespaces_is_two_objects() {
    let (store, _) = store();
    let pod = |namespace: &str| {
        let meta = Meta { namespace: namespace.into(), name: "x".into(), ..Meta::default() };
        Object::Pod(Arc::new(objects::pod::Pod { meta, ..Default::default() }))
    };
    for namespace in ["a", "b"] {
        store.apply(Resource::Pods, Change::Applied(pod(namespace)));
    }
    assert_eq!(store.state(Resource::Pods).objects, 2);
    assert_eq!(store.get(Resource::Pods, "b", "x"), Some(pod("b")));
    assert_eq!(store.get(Resource::Pods, "c", "x"), None);
}
