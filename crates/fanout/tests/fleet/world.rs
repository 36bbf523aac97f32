//! A discrete-event world: events by (time, order of creation), one seeded stream of chance.

mod cast;
mod seen;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash};
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use fanout::message::{FeedKind, FromHub};
use fanout::{
    AgentAction, AgentMessage, Follows, HubAction, HubMessage, Limits, Peer, Publisher, SessionId,
    Subscriber, Topic,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use cast::{Agent, NAMES, name, service_key, service_value};

pub(crate) use cast::Plan;

/// What a TLS handshake costs the hub.
const HANDSHAKE: Duration = Duration::from_millis(1);
/// What the driver waits for a hub that does not answer.
const TCP_TIMEOUT: Duration = Duration::from_secs(3);
/// The driver gathers changes.
const GATHER: Duration = Duration::from_millis(50);

/// Hub, agents, the network between them, and what all agents should have.
pub(crate) struct World {
    now: Duration,
    created: u64,
    events: BTreeMap<(Duration, u64), Event>,
    chance: ChaCha8Rng,
    trace: DefaultHasher,
    limits: Limits,
    hub: Option<Publisher>,
    hub_life: u64,
    hub_wake: Option<Duration>,
    handshakes_done: Duration,
    agents: Vec<Agent>,
    sessions: HashMap<SessionId, (usize, u64)>,
    /// Pods by node.
    model: Vec<BTreeMap<Bytes, Bytes>>,
    /// What the DNS servers should have.
    names: BTreeMap<Bytes, Bytes>,
    pulse: Bytes,
    pods_made: u64,
    synced: usize,
    welcomes: VecDeque<Duration>,
    accepts_peak: usize,
}

#[derive(Hash)]
enum Event {
    WakeAgent(usize),
    WakeHub(u64),
    Dialed(usize, u64, bool),
    ToHub(usize, u64, Vec<u8>),
    ToAgent(usize, u64, Vec<u8>),
    StreamEnd(usize, u64),
}

impl World {
    pub(crate) fn new(seed: u64, plan: Plan) -> Self {
        let mut world = Self {
            now: Duration::ZERO,
            created: 0,
            events: BTreeMap::new(),
            chance: ChaCha8Rng::seed_from_u64(seed),
            trace: DefaultHasher::new(),
            limits: plan.limits,
            hub: None,
            hub_life: 0,
            hub_wake: None,
            handshakes_done: Duration::ZERO,
            agents: Vec::new(),
            sessions: HashMap::new(),
            model: vec![BTreeMap::new(); plan.agents],
            names: BTreeMap::new(),
            pulse: Bytes::new(),
            pods_made: 0,
            synced: 0,
            welcomes: VecDeque::new(),
            accepts_peak: 0,
        };
        for node in 0..plan.agents {
            for _ in 0..plan.pods {
                let (key, value) = world.pod(node);
                world.model[node].insert(key, value);
            }
        }
        world.names = (0..plan.services).map(|service| (service_key(service), service_value(0))).collect();
        world.start_hub();
        (0..plan.agents).for_each(|node| world.add(node, Follows::NODE));
        (0..plan.dns).for_each(|node| world.add(node, Follows::BROADCAST));
        world
    }

    fn add(&mut self, node: usize, follows: Follows) {
        self.push(Duration::ZERO, Event::WakeAgent(self.agents.len()));
        self.agents.push(Agent {
            node,
            follows,
            shown: BTreeMap::new(),
            pulse: Bytes::new(),
            subscriber: Subscriber::new(name(node), "test", follows, Duration::ZERO),
            wake: Duration::ZERO,
            stream: 0,
            session: None,
            synced: false,
            partitioned: false,
            broken: false,
            slow: Duration::ZERO,
            inbox_free: Duration::ZERO,
        });
    }

    // --- what happens to the world ---

    pub(crate) fn start_hub(&mut self) {
        self.start_hub_empty();
        self.fill_hub();
    }

    pub(crate) fn start_hub_empty(&mut self) {
        let mut hub = Publisher::new(self.chance.next_u64(), self.limits);
        hub.set_fleet(self.model.len());
        self.hub_life += 1;
        self.hub_wake = None;
        self.hub = Some(hub);
    }

    pub(crate) fn fill_hub(&mut self) {
        let Some(hub) = self.hub.as_mut() else { return };
        for (node, pods) in self.model.iter().enumerate() {
            for (key, value) in pods {
                hub.publish(&name(node), Topic::PODS, key, value.clone()).unwrap();
            }
        }
        for (key, value) in &self.names {
            hub.set_broadcast(NAMES, key, value.clone()).unwrap();
        }
        hub.set_pulse(self.pulse.clone()).unwrap();
        FeedKind::ALL.into_iter().for_each(|feed| hub.set_ready(feed));
    }

    /// The process dies: every stream is reset.
    pub(crate) fn stop_hub(&mut self) {
        self.hub = None;
        self.sessions.clear();
        for agent in 0..self.agents.len() {
            self.agents[agent].session = None;
            let stream = self.agents[agent].stream;
            self.send_later(agent, Event::StreamEnd(agent, stream));
        }
    }

    pub(crate) fn reset_all_streams(&mut self) {
        for agent in 0..self.agents.len() {
            self.end_at_hub(agent);
            let stream = self.agents[agent].stream;
            self.send_later(agent, Event::StreamEnd(agent, stream));
        }
        // They are on their way back from now on.
        self.run_for(Duration::from_millis(100));
    }

    pub(crate) fn partition(&mut self, agents: Range<usize>) {
        self.agents[agents].iter_mut().for_each(|agent| agent.partitioned = true);
    }

    pub(crate) fn heal(&mut self) {
        self.agents.iter_mut().for_each(|agent| agent.partitioned = false);
    }

    /// These agents take `each` for every message.
    pub(crate) fn slow(&mut self, agents: Range<usize>, each: Duration) {
        for agent in &mut self.agents[agents] {
            agent.slow = each;
        }
    }

    /// One pod of the node goes, another comes.
    pub(crate) fn replace_pod(&mut self, node: usize) {
        let gone = self.model[node].pop_first();
        let (key, value) = self.pod(node);
        self.model[node].insert(key.clone(), value.clone());
        if let Some(hub) = self.hub.as_mut() {
            if let Some((gone, _)) = gone {
                hub.remove(&name(node), Topic::PODS, &gone);
            }
            hub.publish(&name(node), Topic::PODS, &key, value).unwrap();
        }
        self.wake_hub_by(self.now + GATHER);
    }

    /// One service changes.
    pub(crate) fn change_service(&mut self, service: usize) {
        self.pods_made += 1;
        let (key, value) = (service_key(service), service_value(self.pods_made));
        self.names.insert(key.clone(), value.clone());
        if let Some(hub) = self.hub.as_mut() {
            hub.set_broadcast(NAMES, &key, value).unwrap();
        }
        self.wake_hub_by(self.now + GATHER);
    }

    /// The cluster's heart beats.
    pub(crate) fn beat(&mut self) {
        self.pulse = Bytes::from(self.now.as_millis().to_string());
        if let Some(hub) = self.hub.as_mut() {
            hub.set_pulse(self.pulse.clone()).unwrap();
        }
        self.wake_hub_by(self.now + GATHER);
    }

    // --- time ---

    /// Runs until every agent is connected and has what it should; fails after `limit`.
    pub(crate) fn until_synced(&mut self, what: &str, limit: Duration) -> Duration {
        let start = self.now;
        while self.synced < self.agents.len() || self.lagging(0..self.agents.len()) > 0 {
            let end = self.now + Duration::from_millis(250);
            assert!(end <= start + limit, "{what}: {} agents synced after {limit:?}", self.synced);
            self.run_until(end);
        }
        self.check_bounds();
        self.now - start
    }

    pub(crate) fn run_for(&mut self, time: Duration) {
        self.run_until(self.now + time);
    }

    fn run_until(&mut self, end: Duration) {
        while let Some(first) = self.events.first_entry() {
            let (at, order) = *first.key();
            if at > end {
                break;
            }
            let event = first.remove();
            self.now = at;
            (at, order).hash(&mut self.trace);
            event.hash(&mut self.trace);
            self.handle(event);
        }
        self.now = end;
    }

    fn push(&mut self, at: Duration, event: Event) {
        self.created += 1;
        self.events.insert((at, self.created), event);
    }

    /// One way through the network.
    fn send_later(&mut self, agent: usize, event: Event) {
        let latency = Duration::from_micros(500 + self.chance.next_u64() % 20_000);
        // A stream keeps its order.
        let at = (self.now + latency).max(self.agents[agent].inbox_free);
        self.agents[agent].inbox_free = at;
        self.push(at, event);
    }

    // --- events ---

    fn handle(&mut self, event: Event) {
        match event {
            Event::WakeAgent(agent) => {
                if self.agents[agent].wake == self.now {
                    self.agents[agent].wake = Duration::MAX;
                    self.with_agent(agent, |agent, now, draw| agent.poll(now, draw));
                }
            }
            Event::WakeHub(life) => {
                if life == self.hub_life && self.hub_wake == Some(self.now) {
                    self.hub_wake = None;
                    self.with_hub(|hub, now, _| hub.poll(now));
                }
            }
            Event::Dialed(agent, stream, reached) => self.dialed(agent, stream, reached),
            Event::ToHub(agent, stream, bytes) => {
                let Some(id) = self.agents[agent].session else { return };
                if self.arrives(agent, stream) {
                    let message: AgentMessage = prost::Message::decode(bytes.as_slice()).unwrap();
                    self.with_hub(|hub, now, draw| hub.on_message(id, message, now, draw));
                }
            }
            Event::ToAgent(agent, stream, bytes) => {
                if self.arrives(agent, stream) {
                    let message: HubMessage = prost::Message::decode(bytes.as_slice()).unwrap();
                    self.with_agent(agent, |agent, now, draw| agent.on_message(message, now, draw));
                }
            }
            Event::StreamEnd(agent, stream) => {
                if self.arrives(agent, stream) {
                    self.agents[agent].stream += 1;
                    self.with_agent(agent, |agent, now, draw| {
                        agent.disconnected(now, draw);
                        Vec::new()
                    });
                }
            }
        }
    }

    fn arrives(&mut self, agent: usize, stream: u64) -> bool {
        let agent = &mut self.agents[agent];
        if agent.stream != stream {
            return false;
        }
        agent.broken |= agent.partitioned;
        !agent.broken
    }

    fn dialed(&mut self, agent: usize, stream: u64, reached: bool) {
        if self.agents[agent].stream != stream {
            return;
        }
        let Some(hub) = self.hub.as_mut().filter(|_| reached) else {
            return self.with_agent(agent, |agent, now, draw| {
                agent.disconnected(now, draw);
                Vec::new()
            });
        };
        let id = hub.connected(Peer::Node(name(self.agents[agent].node)), self.now);
        self.sessions.insert(id, (agent, stream));
        self.agents[agent].session = Some(id);
        self.with_agent(agent, |agent, now, _| agent.connected(now));
        self.with_hub(|_, _, _| Vec::new());
    }

    fn with_agent<F>(&mut self, index: usize, act: F)
    where
        F: FnOnce(&mut Subscriber, Duration, fanout::Draw<'_>) -> Vec<AgentAction>,
    {
        let chance = &mut self.chance;
        let mut draw = || fraction(chance);
        let actions = act(&mut self.agents[index].subscriber, self.now, &mut draw);
        for action in actions {
            match action {
                AgentAction::Connect => self.dial(index),
                AgentAction::Send(message) => {
                    let stream = self.agents[index].stream;
                    let bytes = prost::Message::encode_to_vec(&message);
                    let latency = Duration::from_millis(5);
                    self.push(self.now + latency, Event::ToHub(index, stream, bytes));
                }
                AgentAction::Disconnect(_) => {
                    self.agents[index].stream += 1;
                    // The hub's end notices, unless nothing gets through.
                    if !self.agents[index].broken {
                        self.end_at_hub(index);
                    }
                }
                AgentAction::Changed(transfer) => self.agents[index].consume(transfer),
                AgentAction::Pulse(pulse) => self.agents[index].pulse = pulse,
            }
        }
        let agent = &mut self.agents[index];
        let synced = agent.subscriber.synced();
        match (agent.synced, synced) {
            (false, true) => self.synced += 1,
            (true, false) => self.synced -= 1,
            _ => {}
        }
        agent.synced = synced;
        let wake = agent.subscriber.next_wakeup().max(self.now + Duration::from_nanos(1));
        if wake < agent.wake {
            agent.wake = wake;
            self.push(wake, Event::WakeAgent(index));
        }
    }

    fn dial(&mut self, index: usize) {
        let agent = &mut self.agents[index];
        agent.stream += 1;
        agent.broken = false;
        agent.inbox_free = self.now;
        let (stream, partitioned) = (agent.stream, agent.partitioned);
        if partitioned {
            return self.push(self.now + TCP_TIMEOUT, Event::Dialed(index, stream, false));
        }
        if self.hub.is_none() {
            return self.push(self.now + Duration::from_millis(1), Event::Dialed(index, stream, false));
        }
        self.handshakes_done = self.handshakes_done.max(self.now) + HANDSHAKE;
        self.push(self.handshakes_done, Event::Dialed(index, stream, true));
    }

    fn end_at_hub(&mut self, agent: usize) {
        let Some(id) = self.agents[agent].session.take() else { return };
        self.sessions.remove(&id);
        self.with_hub(|hub, now, _| hub.disconnected(id, now));
    }

    fn with_hub<F>(&mut self, act: F)
    where
        F: FnOnce(&mut Publisher, Duration, fanout::Draw<'_>) -> Vec<HubAction>,
    {
        let chance = &mut self.chance;
        let mut draw = || fraction(chance);
        let Some(hub) = self.hub.as_mut() else { return };
        let actions = act(hub, self.now, &mut draw);
        let wake = hub.next_wakeup(self.now);
        for action in actions {
            match action {
                HubAction::Send(id, message) => self.send_to_agent(id, &message),
                HubAction::Report(..) => {}
                HubAction::Close(id, _) => {
                    if let Some((agent, stream)) = self.sessions.remove(&id) {
                        if self.agents[agent].session == Some(id) {
                            self.agents[agent].session = None;
                        }
                        self.send_later(agent, Event::StreamEnd(agent, stream));
                    }
                }
            }
        }
        if let Some(wake) = wake {
            self.wake_hub_by(wake.max(self.now + Duration::from_millis(1)));
        }
    }

    fn send_to_agent(&mut self, id: SessionId, message: &HubMessage) {
        let Some(&(agent, stream)) = self.sessions.get(&id) else { return };
        if matches!(message.kind, Some(FromHub::Welcome(_))) {
            self.count_accept();
        }
        let slow = self.agents[agent].slow;
        self.agents[agent].inbox_free += slow;
        self.send_later(agent, Event::ToAgent(agent, stream, prost::Message::encode_to_vec(message)));
    }

    fn count_accept(&mut self) {
        self.welcomes.push_back(self.now);
        while self.welcomes.front().is_some_and(|first| *first + Duration::from_secs(1) <= self.now) {
            self.welcomes.pop_front();
        }
        self.accepts_peak = self.accepts_peak.max(self.welcomes.len());
    }

    fn wake_hub_by(&mut self, at: Duration) {
        if self.hub_wake.is_none_or(|wake| wake > at) {
            self.hub_wake = Some(at);
            self.push(at, Event::WakeHub(self.hub_life));
        }
    }

    fn pod(&mut self, node: usize) -> (Bytes, Bytes) {
        self.pods_made += 1;
        // As long as a UID, and the same for any size of cluster.
        let key = format!(
            "{:08}-{:05}-pod-of-this-node-0000",
            self.model[node].len() as u64 + self.pods_made,
            node
        );
        (Bytes::from(key), Bytes::from("x".repeat(120)))
    }
}

fn fraction(chance: &mut ChaCha8Rng) -> f64 {
    (chance.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}
