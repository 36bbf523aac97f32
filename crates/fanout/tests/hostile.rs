//! Any messages in any order, from agents and from hubs: nobody falls over, nothing leaks, bounds hold.

use std::time::Duration;

use bytes::Bytes;
use fanout::message::{
    Ack, Chunk, ComeBack, FeedKind, FromAgent, FromHub, Have, Heartbeat, Hello, Pulse, Refusal, Welcome,
    WireChange,
};
use fanout::{FeedLimits, Follows, HubAction, HubMessage, Limits, Peer, Publisher, Subscriber, Topic};
use proptest::prelude::*;

/// Numbers that are near something, or anything.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..6u64, any::<u64>(), Just(u64::MAX)]
}

fn have() -> impl Strategy<Value = Have> {
    (any::<i8>(), number(), number(), any::<bool>()).prop_map(|(feed, epoch, sequence, empty)| Have {
        feed: i32::from(feed) % 3,
        epoch,
        sequence,
        hash_high: u64::from(!empty),
        hash_low: 0,
    })
}

fn from_agent() -> impl Strategy<Value = Option<FromAgent>> {
    let follows = prop::collection::vec(-1..3i32, 0..3);
    let hello = (0..3u32, 0..3u32, "[a-c]?", prop::collection::vec(have(), 0..3), follows).prop_map(
        |(major_min, major_max, node, have, follows)| {
            FromAgent::Hello(Hello { major_min, major_max, node, version: String::new(), have, follows })
        },
    );
    prop_oneof![
        3 => hello.prop_map(Some),
        3 => (0..6u64).prop_map(|chunks| Some(FromAgent::Ack(Ack { chunks }))),
        1 => number().prop_map(|chunks| Some(FromAgent::Ack(Ack { chunks }))),
        2 => have().prop_map(|have| Some(FromAgent::Resync(have))),
        1 => Just(Some(FromAgent::Heartbeat(Heartbeat::default()))),
        1 => Just(None),
    ]
}

fn chunk() -> impl Strategy<Value = FromHub> {
    let change = (0..3u32, "[a-c]", any::<bool>()).prop_map(|(topic, key, removed)| WireChange {
        topic,
        key: Bytes::from(key),
        value: Bytes::new(),
        removed,
    });
    let numbers = (-1..4i32, -1..4i32, number(), number(), number(), 0..3u32);
    (numbers, any::<bool>(), 0..2u64, prop::collection::vec(change, 0..4)).prop_map(
        |(numbers, last, hash, changes)| {
            let (feed, transfer, epoch, from, to, index) = numbers;
            FromHub::Chunk(Chunk {
                feed,
                transfer,
                epoch,
                from,
                to,
                index,
                last,
                hash_high: 0,
                hash_low: hash,
                changes,
            })
        },
    )
}

fn from_hub() -> impl Strategy<Value = Option<FromHub>> {
    let welcome = (0..3u32, any::<u32>(), any::<u32>())
        .prop_map(|(major, fleet, heartbeat_millis)| Welcome { major, fleet, heartbeat_millis });
    prop_oneof![
        3 => welcome.prop_map(|welcome| Some(FromHub::Welcome(welcome))),
        6 => chunk().prop_map(Some),
        1 => any::<u32>().prop_map(|after_millis| {
            Some(FromHub::ComeBack(ComeBack { after_millis, fleet: u32::MAX, reason: String::new() }))
        }),
        1 => any::<u32>().prop_map(|after_millis| {
            Some(FromHub::Refusal(Refusal { reason: String::new(), after_millis }))
        }),
        1 => any::<u32>().prop_map(|fleet| Some(FromHub::Heartbeat(Heartbeat { fleet }))),
        1 => Just(Some(FromHub::Pulse(Pulse { value: Bytes::from("tick") }))),
        1 => Just(None),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_agents(
        steps in prop::collection::vec((0..4usize, from_agent(), 0..20_000u64, 0..5u8), 1..80),
        fraction in 0.0..1.0f64,
    ) {
        let feed = FeedLimits { log_changes_max: 3, ..FeedLimits::NODE };
        let limits =
            Limits { snapshots_max: 1, snapshots_waiting_max: 2, node: feed, broadcast: feed, ..Limits::default() };
        let mut hub = Publisher::new(1, limits);
        FeedKind::ALL.into_iter().for_each(|feed| hub.set_ready(feed));
        let mut streams = [None; 4];
        let mut now = Duration::ZERO;
        for (stream, message, millis, publish) in steps {
            now += Duration::from_millis(millis);
            for key in 0..publish {
                let item = hub.publish(["a", "b", "c"][stream % 3], Topic::PODS, &[key], Bytes::from(millis.to_string()));
                prop_assert_eq!(item, Ok(()));
                prop_assert_eq!(hub.set_broadcast(Topic(9), &[key], Bytes::from(millis.to_string())), Ok(()));
                prop_assert_eq!(hub.set_pulse(Bytes::from(vec![key])), Ok(()));
            }
            let id = *streams[stream].get_or_insert_with(|| hub.connected(Peer::AnyNode, now));
            let mut actions = hub.on_message(id, fanout::AgentMessage { kind: message }, now, &mut || fraction);
            actions.extend(hub.poll(now));
            for action in actions {
                if let HubAction::Close(ended, _) = action {
                    streams.iter_mut().filter(|stream| **stream == Some(ended)).for_each(|stream| *stream = None);
                }
            }
            let stats = hub.stats();
            prop_assert_eq!(stats.sessions, streams.iter().flatten().count());
            prop_assert!(stats.snapshots_running <= 1 && stats.snapshots_waiting <= 2, "{stats:?}");
            prop_assert!(stats.queue_changes_peak <= 3 && stats.broadcast_queue_changes_peak <= 3, "{stats:?}");
            prop_assert!(stats.agents_connected.max(stats.names_connected) <= stats.sessions, "{stats:?}");
        }
        for id in streams.into_iter().flatten() {
            hub.disconnected(id, now);
        }
        let stats = hub.stats();
        prop_assert_eq!((stats.sessions, stats.agents_connected, stats.names_connected), (0, 0, 0));
        prop_assert_eq!((stats.snapshots_running, stats.snapshots_waiting), (0, 0));
    }

    #[test]
    fn any_hub(
        steps in prop::collection::vec((from_hub(), 0..20_000u64, 0..8u8), 1..80),
        follows in prop_oneof![Just(Follows::NODE), Just(Follows::BROADCAST), Just(Follows::BOTH)],
        fraction in 0.0..1.0f64,
    ) {
        let mut now = Duration::ZERO;
        let mut agent = Subscriber::new("a", "test", follows, now);
        for (message, millis, what) in steps {
            now += Duration::from_millis(millis);
            agent.poll(now, &mut || fraction);
            match what {
                0 => agent.disconnected(now, &mut || fraction),
                1 | 2 => drop(agent.connected(now)),
                _ => drop(agent.on_message(HubMessage { kind: message }, now, &mut || fraction)),
            }
            prop_assert!(agent.next_wakeup() <= now + Duration::from_secs(301), "it always has a plan: {agent:?}");
        }
    }
}
