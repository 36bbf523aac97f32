//! Any interleaving of changes, lost tails, disconnects and restarts: an agent shows complete sets only, and ends with the
//! hub's.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use fanout::message::FeedKind;
use fanout::{
    AgentAction, AgentMessage, Change, FeedLimits, Follows, HubAction, HubMessage, Limits, Peer, Phase,
    Publisher, SessionId, Subscriber, Topic,
};
use proptest::prelude::*;

const BROADCAST: Topic = Topic(9);

type Set = BTreeMap<(u32, Bytes), Bytes>;

#[derive(Debug, Clone)]
enum Step {
    Publish {
        broadcast: bool,
        key: u8,
        value: u8,
        large: bool,
    },
    Remove {
        broadcast: bool,
        key: u8,
    },
    /// The next so many messages in each direction arrive.
    Deliver(u8),
    Poll,
    Wait(u16),
    /// The stream breaks: what is under way is lost.
    Break,
    /// Another hub, or the same after a restart: new epoch, same content, empty log.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (any::<bool>(), 0..6u8, any::<u8>(), any::<bool>())
            .prop_map(|(broadcast, key, value, large)| Step::Publish { broadcast, key, value, large }),
        3 => (any::<bool>(), 0..6u8).prop_map(|(broadcast, key)| Step::Remove { broadcast, key }),
        6 => (1..4u8).prop_map(Step::Deliver),
        4 => Just(Step::Poll),
        2 => (1..20_000u16).prop_map(Step::Wait),
        2 => Just(Step::Break),
        1 => Just(Step::Restart),
    ]
}

struct World {
    now: Duration,
    lives: u64,
    hub: Publisher,
    agent: Subscriber,
    session: Option<SessionId>,
    to_hub: VecDeque<AgentMessage>,
    to_agent: VecDeque<HubMessage>,
    node: Set,
    broadcast: Set,
    /// What the agent's consumer has.
    shown: Set,
    /// Every set that the hub ever had, by feed.
    past: [Vec<Set>; 2],
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            now: Duration::ZERO,
            lives: 0,
            hub: Publisher::new(1, limits()),
            agent: Subscriber::new("n", "test", Follows::BOTH, Duration::ZERO),
            session: None,
            to_hub: VecDeque::new(),
            to_agent: VecDeque::new(),
            node: Set::new(),
            broadcast: Set::new(),
            shown: Set::new(),
            past: [vec![Set::new()], vec![Set::new()]],
        };
        FeedKind::ALL.into_iter().for_each(|feed| world.hub.set_ready(feed));
        world
    }

    fn apply(&mut self, step: &Step) {
        match step {
            Step::Publish { broadcast, key, value, large } => {
                let value = Bytes::from(vec![*value; if *large { 40_000 } else { 10 }]);
                self.set(*broadcast, *key, Some(value));
            }
            Step::Remove { broadcast, key } => self.set(*broadcast, *key, None),
            Step::Deliver(count) => (0..*count).for_each(|_| self.deliver()),
            Step::Poll => self.poll(),
            Step::Wait(millis) => {
                self.now += Duration::from_millis((*millis).into());
                self.poll();
            }
            Step::Break => self.break_stream(),
            Step::Restart => self.restart(),
        }
        self.check();
    }

    fn set(&mut self, broadcast: bool, key: u8, value: Option<Bytes>) {
        let (set, topic) =
            if broadcast { (&mut self.broadcast, BROADCAST) } else { (&mut self.node, Topic::PODS) };
        let full = (topic.0, Bytes::from(vec![key]));
        match &value {
            Some(value) => set.insert(full, value.clone()),
            None => set.remove(&full),
        };
        self.past[usize::from(broadcast)].push(set.clone());
        match (broadcast, value) {
            (false, Some(value)) => self.hub.publish("n", topic, &[key], value).unwrap(),
            (false, None) => self.hub.remove("n", topic, &[key]),
            (true, Some(value)) => self.hub.set_broadcast(topic, &[key], value).unwrap(),
            (true, None) => self.hub.remove_broadcast(topic, &[key]),
        }
    }

    fn deliver(&mut self) {
        if let Some(message) = self.to_agent.pop_front() {
            let actions = self.agent.on_message(message, self.now, &mut || 0.5);
            self.perform(actions);
            self.check();
        }
        if let (Some(id), Some(message)) = (self.session, self.to_hub.pop_front()) {
            let actions = self.hub.on_message(id, message, self.now, &mut || 0.5);
            self.perform_hub(actions);
        }
    }

    fn poll(&mut self) {
        let actions = self.agent.poll(self.now, &mut || 0.5);
        self.perform(actions);
        let actions = self.hub.poll(self.now);
        self.perform_hub(actions);
    }

    fn perform(&mut self, actions: Vec<AgentAction>) {
        for action in actions {
            match action {
                AgentAction::Connect => {
                    self.drop_stream();
                    self.session = Some(self.hub.connected(Peer::Node("n".to_owned()), self.now));
                    let actions = self.agent.connected(self.now);
                    self.perform(actions);
                }
                AgentAction::Send(message) => self.to_hub.push_back(message),
                AgentAction::Disconnect(_) => self.drop_stream(),
                AgentAction::Changed(transfer) => {
                    for Change { item, value } in transfer.changes {
                        let key = (item.topic.0, item.key);
                        match value {
                            Some(value) => self.shown.insert(key, value),
                            None => self.shown.remove(&key),
                        };
                    }
                }
                AgentAction::Pulse(_) => {}
            }
        }
    }

    fn perform_hub(&mut self, actions: Vec<HubAction>) {
        for action in actions {
            match action {
                HubAction::Send(id, message) if Some(id) == self.session => self.to_agent.push_back(message),
                HubAction::Close(id, _) if Some(id) == self.session => {
                    // What was sent before the end arrives before the end.
                    while let Some(message) = self.to_agent.pop_front() {
                        let actions = self.agent.on_message(message, self.now, &mut || 0.5);
                        self.perform(actions);
                    }
                    self.break_stream();
                }
                _ => {}
            }
        }
    }

    fn break_stream(&mut self) {
        self.drop_stream();
        self.agent.disconnected(self.now, &mut || 0.5);
    }

    fn drop_stream(&mut self) {
        self.to_hub.clear();
        self.to_agent.clear();
        if let Some(id) = self.session.take() {
            let actions = self.hub.disconnected(id, self.now);
            self.perform_hub(actions);
        }
    }

    fn restart(&mut self) {
        self.break_stream();
        self.lives += 1;
        self.hub = Publisher::new(1 + self.lives, limits());
        for ((topic, key), value) in &self.node {
            self.hub.publish("n", Topic(*topic), key, value.clone()).unwrap();
        }
        for ((topic, key), value) in &self.broadcast {
            self.hub.set_broadcast(Topic(*topic), key, value.clone()).unwrap();
        }
        FeedKind::ALL.into_iter().for_each(|feed| self.hub.set_ready(feed));
    }

    /// Each feed shows a set that the hub really had.
    fn check(&self) {
        for (feed, topic) in [(0, Topic::PODS), (1, BROADCAST)] {
            let shown = self.shown_of(topic);
            assert!(self.past[feed].contains(&shown), "a set that never was: {shown:?}");
        }
        let stats = self.hub.stats();
        assert!(stats.queue_changes_peak <= FEED.log_changes_max, "{stats:?}");
        assert!(stats.broadcast_queue_changes_peak <= FEED.log_changes_max, "{stats:?}");
        assert_eq!((stats.violations, stats.resyncs), (0, 0), "no message was lost within a stream");
    }

    fn shown_of(&self, topic: Topic) -> Set {
        let of = self.shown.iter().filter(|((shown, _), _)| *shown == topic.0);
        of.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    fn settle(&mut self) {
        for _ in 0..400 {
            self.now += Duration::from_millis(500);
            self.poll();
            (0..20).for_each(|_| self.deliver());
        }
        assert!(matches!(self.agent.phase(), Phase::Connected { .. }), "{:?}", self.agent);
        assert!(self.agent.synced());
        assert_eq!(self.shown_of(Topic::PODS), self.node);
        assert_eq!(self.shown_of(BROADCAST), self.broadcast);
        assert_eq!(self.hub.stats().snapshots_running, 0, "every slot came back");
    }
}

const FEED: FeedLimits =
    FeedLimits { log_changes_max: 4, log_removals_max: 2, log_bytes_max: 100_000, ..FeedLimits::NODE };

fn limits() -> Limits {
    Limits { node: FEED, broadcast: FEED, snapshots_max: 1, ..Limits::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_interleaving_converges(steps in prop::collection::vec(step(), 1..200)) {
        let mut world = World::new();
        for step in &steps {
            world.apply(step);
        }
        world.settle();
    }
}
