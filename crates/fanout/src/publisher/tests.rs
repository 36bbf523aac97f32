//! A hub against agents that say anything.

use super::*;
use crate::message::{Ack, Have, Hello, Report};

const START: Duration = Duration::from_secs(100);

fn hub() -> Publisher {
    let mut hub = Publisher::new(42, Limits::default());
    hub.publish("n", Topic::PODS, b"a", Bytes::from("1")).unwrap();
    FeedKind::ALL.into_iter().for_each(|feed| hub.set_ready(feed));
    hub
}

fn hello(node: &str) -> Hello {
    Hello { major_min: 1, major_max: 1, node: node.to_owned(), ..Hello::default() }
}

/// What is sent and whether the session ended, in words.
fn words(actions: &[HubAction]) -> Vec<String> {
    actions
        .iter()
        .map(|action| match action {
            HubAction::Close(_, reason) => format!("{reason:?}"),
            HubAction::Report(node, value) => format!("{node}: {}", String::from_utf8_lossy(value)),
            HubAction::Send(_, message) => match message.kind.as_ref().unwrap() {
                FromHub::Welcome(_) => "Welcome".to_owned(),
                FromHub::ComeBack(_) => "ComeBack!".to_owned(),
                FromHub::Refusal(_) => "Refusal".to_owned(),
                FromHub::Heartbeat(_) => "Heartbeat".to_owned(),
                FromHub::Pulse(pulse) => format!("Pulse {}", String::from_utf8_lossy(&pulse.value)),
                FromHub::Chunk(chunk) => {
                    format!("{:?} {:?} {}", chunk.feed(), chunk.transfer(), chunk.changes.len())
                }
            },
        })
        .collect()
}

fn say(hub: &mut Publisher, id: SessionId, message: FromAgent, seconds: u64) -> Vec<String> {
    let now = START + Duration::from_secs(seconds);
    words(&hub.on_message(id, message.into(), now, &mut || 0.5))
}

#[test]
fn who_is_let_in() {
    let check = |peer: Peer, hello: Hello, expected: &[&str]| {
        let mut hub = hub();
        let id = hub.connected(peer, START);
        assert_eq!(say(&mut hub, id, FromAgent::Hello(hello), 0), expected);
    };
    let n = || Peer::Node("n".to_owned());
    let in_full = ["Welcome", "Node Snapshot 1", "Broadcast Current 0"];
    check(n(), hello("n"), &in_full);
    check(Peer::AnyNode, hello("n"), &in_full);
    check(Peer::AnyNode, hello("unknown"), &["Welcome", "Node Current 0", "Broadcast Current 0"]);
    check(n(), Hello { major_max: 7, ..hello("n") }, &in_full);
    check(n(), hello("m"), &["Refusal", "Refused"]);
    check(Peer::AnyNode, hello(""), &["Refusal", "Refused"]);
    check(Peer::AnyNode, hello(&"n".repeat(254)), &["Refusal", "Refused"]);
    check(n(), Hello { major_min: 2, major_max: 3, ..hello("n") }, &["Refusal", "Refused"]);
    check(n(), Hello { major_min: 0, major_max: 0, ..hello("n") }, &["Refusal", "Refused"]);
}

#[test]
fn a_hub_that_stands_by_sends_nodes_on_and_keeps_who_follows_names() {
    let mut hub = hub();
    let follow = |hub: &mut Publisher, node: &str, feed: FeedKind| {
        let id = hub.connected(Peer::AnyNode, START);
        let hello = Hello { follows: vec![feed.into()], ..hello(node) };
        say(hub, id, FromAgent::Hello(hello), 0)
    };
    assert_eq!(follow(&mut hub, "n", FeedKind::Node), ["Welcome", "Node Snapshot 1"]);
    assert_eq!(follow(&mut hub, "n", FeedKind::Broadcast)[0], "Welcome");
    let stand_by = |hub: &mut Publisher, stands_by| words(&hub.set_stands_by(stands_by, START, &mut || 0.5));
    assert_eq!(stand_by(&mut hub, true), ["ComeBack!", "ComeBack"]);
    assert_eq!(stand_by(&mut hub, true), Vec::<String>::new());
    assert_eq!(follow(&mut hub, "m", FeedKind::Node), ["ComeBack!", "ComeBack"]);
    assert_eq!(follow(&mut hub, "m", FeedKind::Broadcast)[0], "Welcome");
    assert_eq!(stand_by(&mut hub, false), Vec::<String>::new());
    assert_eq!(follow(&mut hub, "m", FeedKind::Node)[0], "Welcome");
}

#[test]
fn each_gets_the_feeds_that_it_follows() {
    let check = |follows: &[i32], expected: &[&str]| {
        let mut hub = hub();
        hub.set_broadcast(Topic(9), b"zone", Bytes::from("1")).unwrap();
        hub.set_pulse(Bytes::from("tick")).unwrap();
        let id = hub.connected(Peer::AnyNode, START);
        let hello = Hello { follows: follows.to_vec(), ..hello("n") };
        assert_eq!(say(&mut hub, id, FromAgent::Hello(hello), 0), expected, "{follows:?}");
        hub.set_broadcast(Topic(9), b"zone", Bytes::from("2")).unwrap();
        hub.set_pulse(Bytes::from("tock")).unwrap();
        let more = words(&hub.poll(START));
        let told = follows.contains(&FeedKind::Broadcast.into());
        assert_eq!(more, if told { &["Broadcast Delta 1", "Pulse tock"][..] } else { &[] }, "{follows:?}");
    };
    let (node, broadcast) = (FeedKind::Node.into(), FeedKind::Broadcast.into());
    check(&[node], &["Welcome", "Node Snapshot 1"]);
    check(&[broadcast], &["Welcome", "Broadcast Snapshot 1", "Pulse tick"]);
    check(&[broadcast, node], &["Welcome", "Node Snapshot 1", "Broadcast Snapshot 1", "Pulse tick"]);
    // An agent from before the choice waits for word of the broadcast feed: it gets an empty one, whatever there is.
    check(&[], &["Welcome", "Node Snapshot 1", "Broadcast Current 0"]);
    // A newer agent that follows what this hub does not know.
    check(&[7], &["Welcome"]);
    check(&[7, node], &["Welcome", "Node Snapshot 1"]);
}

#[test]
fn pulses_are_overtaken_and_wait_for_the_window() {
    let mut hub = hub();
    for key in 0..100u64 {
        hub.set_broadcast(Topic(9), &key.to_le_bytes(), Bytes::from(vec![0; 10_000])).unwrap();
    }
    let follows = Follows::BROADCAST.to_wire();
    let id = hub.connected(Peer::AnyNode, START);
    let said = say(&mut hub, id, FromAgent::Hello(Hello { follows, ..hello("n") }), 0);
    assert_eq!(said.len(), 5, "the window is full: {said:?}");
    for pulse in ["1", "2", "3"] {
        hub.set_pulse(Bytes::from(pulse)).unwrap();
        assert_eq!(words(&hub.poll(START)), [""; 0]);
    }
    let mut all = Vec::new();
    for chunks in 1..=15 {
        all.extend(say(&mut hub, id, FromAgent::Ack(Ack { chunks }), 0));
    }
    let pulses: Vec<_> = all.iter().filter(|said| said.starts_with("Pulse")).collect();
    assert_eq!(pulses, ["Pulse 3"], "the newest, once: {all:?}");
    hub.set_pulse(Bytes::from(vec![0; crate::limits::PULSE_BYTES_MAX + 1])).unwrap_err();
    assert_eq!(words(&hub.poll(START)), [""; 0]);
}

#[test]
fn where_an_agent_goes_on() {
    let hash = |items: &[(&str, &str)]| {
        let mut hash = crate::SetHash::default();
        items.iter().for_each(|(k, v)| hash.add(&ItemKey::new(Topic::PODS, k.as_bytes()), v.as_bytes()));
        hash.halves()
    };
    let check = |epoch, sequence, (hash_high, hash_low), expected: &str| {
        let mut hub = hub();
        hub.publish("n", Topic::PODS, b"b", Bytes::from("2")).unwrap();
        hub.publish("n", Topic::PODS, b"c", Bytes::from("3")).unwrap();
        hub.remove("n", Topic::PODS, b"a");
        let id = hub.connected(Peer::AnyNode, START);
        let have = vec![Have { feed: FeedKind::Node.into(), epoch, sequence, hash_high, hash_low }];
        let said = say(&mut hub, id, FromAgent::Hello(Hello { have, ..hello("n") }), 0);
        assert_eq!(said[1], expected, "{epoch} {sequence}");
    };
    let now = [("b", "2"), ("c", "3")];
    check(42, 4, hash(&now), "Node Current 0");
    check(42, 3, hash(&[("a", "1"), ("b", "2"), ("c", "3")]), "Node Delta 1");
    check(42, 1, hash(&[("a", "1")]), "Node Delta 3");
    check(41, 1, hash(&now), "Node Current 0");
    check(41, 3, hash(&[("a", "1"), ("b", "2"), ("c", "3")]), "Node Snapshot 2");
    check(42, 4, hash(&[("a", "1")]), "Node Snapshot 2");
    check(42, 5, hash(&[("a", "1")]), "Node Snapshot 2");
    check(0, 0, (0, 0), "Node Snapshot 2");
}

#[test]
fn nobody_is_let_in_before_the_hub_is_ready() {
    let mut hub = Publisher::new(42, Limits::default());
    let id = hub.connected(Peer::AnyNode, START);
    assert_eq!(say(&mut hub, id, FromAgent::Hello(hello("n")), 0), ["ComeBack!", "ComeBack"]);
    assert_eq!(hub.stats().sessions, 0);
    // Pods are known, names are not.
    hub.set_ready(FeedKind::Node);
    let mut first = |follows: Follows| {
        let id = hub.connected(Peer::AnyNode, START);
        say(&mut hub, id, FromAgent::Hello(Hello { follows: follows.to_wire(), ..hello("n") }), 0).remove(0)
    };
    assert_eq!(first(Follows::NODE), "Welcome");
    assert_eq!(first(Follows::BROADCAST), "ComeBack!");
    assert_eq!(first(Follows::BOTH), "ComeBack!");
}

#[test]
fn senseless_messages_end_the_session() {
    let mut hub = hub();
    let id = hub.connected(Peer::AnyNode, START);
    assert_eq!(say(&mut hub, id, FromAgent::Ack(Ack { chunks: 0 }), 0), ["Violation"]);
    for chunks in [3, u64::MAX] {
        let id = hub.connected(Peer::AnyNode, START);
        say(&mut hub, id, FromAgent::Hello(hello("n")), 0);
        assert_eq!(say(&mut hub, id, FromAgent::Ack(Ack { chunks }), 0), ["Violation"]);
    }
    let id = hub.connected(Peer::AnyNode, START);
    say(&mut hub, id, FromAgent::Hello(hello("n")), 0);
    for _ in 0..3 {
        say(&mut hub, id, FromAgent::Ack(Ack { chunks: 0 }), 0);
        let said = say(&mut hub, id, FromAgent::Resync(Have::default()), 0);
        assert!(!said.contains(&"Violation".to_owned()));
    }
    let said = say(&mut hub, id, FromAgent::Resync(Have::default()), 0);
    assert_eq!(said, ["Violation"], "a fourth resync is a loop");
    assert_eq!(hub.stats().snapshots_running, 0, "slots come back");
    assert_eq!(hub.stats().agents_connected, 0);
}

#[test]
fn the_newer_of_two_agents_of_one_node_wins() {
    let mut hub = hub();
    let first = hub.connected(Peer::AnyNode, START);
    say(&mut hub, first, FromAgent::Hello(hello("n")), 0);
    let second = hub.connected(Peer::AnyNode, START);
    let said = say(&mut hub, second, FromAgent::Hello(hello("n")), 1);
    assert_eq!(said, ["Superseded", "Welcome", "Node Snapshot 1", "Broadcast Current 0"]);
    hub.disconnected(first, START);
    assert_eq!((hub.stats().agents_connected, hub.stats().superseded), (1, 1));
}

#[test]
fn an_agent_and_a_dns_server_of_one_node_leave_each_other_alone() {
    let mut hub = hub();
    let mut come = |follows: Follows| {
        let id = hub.connected(Peer::AnyNode, START);
        say(&mut hub, id, FromAgent::Hello(Hello { follows: follows.to_wire(), ..hello("n") }), 0).remove(0)
    };
    let rows = [
        (Follows::NODE, "Welcome"),
        (Follows::BROADCAST, "Welcome"),
        (Follows::NODE, "Superseded"),
        (Follows::BROADCAST, "Superseded"),
        // One agent that does both takes the place of two.
        (Follows::BOTH, "Superseded"),
    ];
    for (follows, expected) in rows {
        assert_eq!(come(follows), expected, "{follows:?}");
    }
    let stats = hub.stats();
    assert_eq!((stats.sessions, stats.agents_connected, stats.names_connected), (1, 1, 1));
    assert_eq!((stats.superseded, stats.agents_known), (4, 1));
}

#[test]
fn one_snapshot_in_memory_serves_all_who_come() {
    let mut feed = crate::feed::Feed::new(0, FeedLimits::BROADCAST);
    let set = |feed: &mut crate::feed::Feed, key: u64| {
        assert_eq!(feed.set(&ItemKey::new(Topic(9), &key.to_le_bytes()), Bytes::from("x"), key), Ok(true));
    };
    (1..=10).for_each(|key| set(&mut feed, key));
    let first = feed.snapshot();
    set(&mut feed, 11);
    let second = feed.snapshot();
    assert!(std::sync::Arc::ptr_eq(&first.changes, &second.changes), "deltas lead on from the older one");
    assert_eq!(second.to, 10);
    let deltas = [feed.delta(10).unwrap(), feed.delta(10).unwrap()];
    assert!(std::sync::Arc::ptr_eq(&deltas[0].changes, &deltas[1].changes));
    drop((first, second));
    assert_eq!(feed.snapshot().to, 11, "nobody is sent the older one any more");
}

#[test]
fn the_clock() {
    let mut hub = hub();
    let mute = hub.connected(Peer::AnyNode, START);
    let agent = hub.connected(Peer::AnyNode, START);
    say(&mut hub, agent, FromAgent::Hello(hello("n")), 0);
    say(&mut hub, agent, FromAgent::Ack(Ack { chunks: 2 }), 0);
    let mut at = |seconds| words(&hub.poll(START + Duration::from_secs(seconds)));
    assert_eq!(at(9), [""; 0]);
    assert_eq!(at(10), ["Silent"], "{mute:?} said no Hello");
    assert_eq!(at(15), ["Heartbeat"]);
    assert_eq!(at(30), ["Heartbeat"]);
    assert_eq!(at(45), ["Silent"]);
    assert_eq!(hub.stats().sessions, 0);
}

#[test]
fn who_takes_nothing_is_closed() {
    let mut hub = hub();
    let agent = hub.connected(Peer::AnyNode, START);
    say(&mut hub, agent, FromAgent::Hello(hello("n")), 0);
    let mut all = Vec::new();
    for second in 0..=45 {
        say(&mut hub, agent, FromAgent::Heartbeat(Heartbeat::default()), second);
        all.extend(words(&hub.poll(START + Duration::from_secs(second))));
    }
    assert_eq!(all, ["Heartbeat", "Stalled"], "alive, but it acknowledges nothing");
}

#[test]
fn a_node_that_is_gone_costs_nothing() {
    let mut hub = hub();
    hub.remove("n", Topic::PODS, b"a");
    hub.remove("never was", Topic::PODS, b"a");
    assert_eq!((hub.stats().agents_known, hub.stats().items, hub.stats().log_changes), (0, 0, 0));
    let id = hub.connected(Peer::AnyNode, START);
    say(&mut hub, id, FromAgent::Hello(hello("n")), 0);
    assert_eq!(hub.stats().agents_known, 1);
    hub.disconnected(id, START);
    assert_eq!(hub.stats().agents_known, 0);
}

#[test]
fn items_that_do_not_fit() {
    use crate::limits::ITEM_BYTES_MAX;
    let mut hub = hub();
    let largest = Bytes::from(vec![0; ITEM_BYTES_MAX - 8]);
    let too_large = Bytes::from(vec![0; ITEM_BYTES_MAX]);
    let error = hub.publish("n", Topic::PODS, b"a", too_large).unwrap_err();
    assert_eq!(error, PublishError::ItemTooLarge { bytes: ITEM_BYTES_MAX + 1 });
    let taken = (0..u64::MAX)
        .take_while(|key| hub.publish("n", Topic::PODS, &key.to_le_bytes(), largest.clone()).is_ok());
    assert_eq!(
        taken.count(),
        FeedLimits::NODE.bytes_max / ITEM_BYTES_MAX - 1,
        "the first item is still there"
    );
    assert_eq!(hub.stats().items_rejected, 2);
    let stats = hub.stats();
    assert!(stats.log_bytes <= FeedLimits::NODE.log_bytes_max, "{stats:?}");
}

#[test]
fn a_large_set_goes_in_chunks_under_the_window() {
    let mut hub = hub();
    for key in 0..100u64 {
        hub.publish("n", Topic::PODS, &key.to_le_bytes(), Bytes::from(vec![0; 10_000])).unwrap();
    }
    let id = hub.connected(Peer::AnyNode, START);
    let said = say(&mut hub, id, FromAgent::Hello(hello("n")), 0);
    assert_eq!(said.len(), 1 + 4, "{said:?}");
    let mut chunks = 4;
    while say(&mut hub, id, FromAgent::Ack(Ack { chunks }), 0).len() == 4 {
        chunks += 4;
    }
    assert_eq!(
        chunks, 16,
        "101 items, seven a chunk, 15 chunks, and one that says that the broadcast feed is current"
    );
}

#[test]
fn who_is_current_when_it_comes_stays_so_while_it_waits_for_its_turn() {
    let mut hub = hub();
    for key in 0..100u64 {
        hub.publish("n", Topic::PODS, &key.to_le_bytes(), Bytes::from(vec![0; 10_000])).unwrap();
    }
    hub.set_broadcast(Topic(9), b"zone", Bytes::from("1")).unwrap();
    let mut hash = crate::SetHash::default();
    hash.add(&ItemKey::new(Topic(9), b"zone"), b"1");
    let (hash_high, hash_low) = hash.halves();
    let have = vec![Have { feed: FeedKind::Broadcast.into(), epoch: 7, sequence: 7, hash_high, hash_low }];
    let follows = Follows::BOTH.to_wire();
    let id = hub.connected(Peer::AnyNode, START);
    // The node's chunks fill the window; meanwhile the broadcast changes.
    say(&mut hub, id, FromAgent::Hello(Hello { have, follows, ..hello("n") }), 0);
    hub.set_broadcast(Topic(9), b"zone", Bytes::from("2")).unwrap();
    let (mut chunks, mut numbers) = (4, Vec::new());
    while numbers.len() < 2 {
        let actions = hub.on_message(id, FromAgent::Ack(Ack { chunks }).into(), START, &mut || 0.5);
        assert!(!actions.is_empty());
        for action in actions {
            let HubAction::Send(_, HubMessage { kind: Some(FromHub::Chunk(chunk)) }) = action else {
                panic!()
            };
            chunks += 1;
            if chunk.feed() == FeedKind::Broadcast {
                numbers.push((chunk.transfer(), chunk.from, chunk.to, chunk.hash_low == hash_low));
            }
        }
    }
    use crate::message::TransferKind::{Current, Delta};
    assert_eq!(numbers, [(Current, 102, 102, true), (Delta, 102, 103, false)]);
}

#[test]
fn a_report_is_the_word_of_the_node_that_was_admitted() {
    let mut hub = hub();
    hub.set_ready(FeedKind::Node);
    let id = hub.connected(Peer::Node("n1".into()), START);
    let report = |bytes: &[u8]| FromAgent::Report(Report { value: Bytes::copy_from_slice(bytes) });
    assert_eq!(say(&mut hub, id, FromAgent::Hello(hello("n1")), 0)[0], "Welcome");
    assert_eq!(say(&mut hub, id, report(b"all is well"), 1), ["n1: all is well"]);
    assert_eq!(say(&mut hub, id, report(&[b'x'; REPORT_BYTES_MAX + 1]), 1), ["Violation"]);
    let stranger = hub.connected(Peer::Node("n2".into()), START);
    assert_eq!(say(&mut hub, stranger, report(b"hello"), 1), ["Violation"]);
}
