//! An agent against a hub that says anything.

use super::*;
use crate::message::{ComeBack, Refusal};

const START: Duration = Duration::from_secs(100);

fn seconds(seconds: u64) -> Duration {
    START + Duration::from_secs(seconds)
}

fn welcome(major: u32) -> HubMessage {
    FromHub::Welcome(Welcome { major, fleet: 5_000, heartbeat_millis: 10_000 }).into()
}

fn greeting() -> Subscriber {
    let mut agent = Subscriber::new("n", "test", Follows::NODE, START);
    assert_eq!(agent.poll(START, &mut || 0.5), [AgentAction::Connect]);
    assert_eq!(agent.connected(START).len(), 1);
    agent
}

fn connected() -> Subscriber {
    let mut agent = greeting();
    assert_eq!(agent.on_message(welcome(1), START, &mut || 0.5), []);
    assert_eq!(agent.phase(), Phase::Connected { since: START });
    agent
}

/// When the agent tries again, in seconds after the message.
fn retry(mut agent: Subscriber, message: HubMessage) -> Option<f64> {
    agent.on_message(message, START, &mut || 0.5);
    match agent.phase() {
        Phase::Waiting { until } => Some((until - START).as_secs_f64()),
        _ => None,
    }
}

#[test]
fn what_ends_a_stream_and_when_the_next_begins() {
    let come_back = |after_millis| {
        HubMessage::from(FromHub::ComeBack(ComeBack { after_millis, fleet: 9, reason: String::new() }))
    };
    let refusal = FromHub::Refusal(Refusal { reason: String::new(), after_millis: 60_000 }).into();
    assert_eq!(retry(greeting(), come_back(1_234)), Some(1.234));
    assert_eq!(retry(connected(), come_back(1_234)), Some(1.234));
    assert_eq!(retry(greeting(), come_back(u32::MAX)), Some(300.0), "a hub cannot send agents away for good");
    assert_eq!(retry(greeting(), refusal), Some(60.0));
    // Half of one second, as nothing is known of the fleet; half of 31.25 s when it has 5,000 agents.
    assert_eq!(retry(greeting(), welcome(2)), Some(0.5));
    assert_eq!(retry(connected(), welcome(1)), Some(15.625));
    assert_eq!(retry(greeting(), FromHub::Chunk(Chunk::default()).into()), Some(0.5));
    // A message of a newer hub, empty to us.
    assert_eq!(retry(connected(), HubMessage::default()), None);
    assert_eq!(retry(greeting(), HubMessage::default()), None);
}

#[test]
fn silence() {
    let mut agent = connected();
    let heartbeat = |agent: &mut Subscriber, at| agent.poll(seconds(at), &mut || 0.5).len();
    assert_eq!([5, 10, 15, 20].map(|at| heartbeat(&mut agent, at)), [0, 1, 0, 1]);
    agent.on_message(FromHub::Heartbeat(Heartbeat { fleet: 7 }).into(), seconds(25), &mut || 0.5);
    assert_eq!(agent.fleet(), 7);
    heartbeat(&mut agent, 54);
    assert!(matches!(agent.phase(), Phase::Connected { .. }));
    let gone = agent.poll(seconds(55), &mut || 0.5);
    assert!(matches!(gone[..], [AgentAction::Disconnect(_)]), "{gone:?}");
    assert_eq!(agent.last_heard(), Some(seconds(25)));
}

#[test]
fn a_hub_that_does_not_answer_is_left() {
    let mut agent = greeting();
    assert_eq!(agent.poll(seconds(14), &mut || 0.5), []);
    assert!(matches!(agent.poll(seconds(15), &mut || 0.5)[..], [AgentAction::Disconnect(_)]));
    let Phase::Waiting { until } = agent.phase() else { panic!() };
    assert_eq!(agent.poll(until, &mut || 0.5), [AgentAction::Connect]);
    assert!(matches!(agent.poll(until + CONNECT_TIMEOUT, &mut || 0.5)[..], [AgentAction::Disconnect(_)]));
    let Phase::Waiting { until: later } = agent.phase() else { panic!() };
    assert_eq!(later - until, CONNECT_TIMEOUT + Duration::from_secs(1), "the window has doubled");
}

#[test]
fn late_news_of_a_stream_given_up_changes_nothing() {
    let mut agent = greeting();
    agent.disconnected(START, &mut || 0.0);
    let before = format!("{agent:?}");
    assert_eq!(agent.connected(START), []);
    assert_eq!(agent.on_message(welcome(1), START, &mut || 0.9), []);
    agent.disconnected(START, &mut || 0.9);
    assert_eq!(format!("{agent:?}"), before);
}

#[test]
fn a_feed_that_is_not_followed_is_taken_and_dropped() {
    use crate::message::TransferKind;
    let mut agent = connected();
    let current = |feed: FeedKind| Chunk {
        feed: feed.into(),
        transfer: TransferKind::Current.into(),
        last: true,
        ..Chunk::default()
    };
    let acks = |actions: &[AgentAction]| actions.iter().filter(|a| matches!(a, AgentAction::Send(_))).count();
    let unwanted = agent.on_message(FromHub::Chunk(current(FeedKind::Broadcast)).into(), START, &mut || 0.5);
    assert_eq!((unwanted.len(), acks(&unwanted), agent.synced()), (1, 1, false), "{unwanted:?}");
    let wanted = agent.on_message(FromHub::Chunk(current(FeedKind::Node)).into(), START, &mut || 0.5);
    assert_eq!((wanted.len(), acks(&wanted), agent.synced()), (2, 1, true), "{wanted:?}");
}

#[test]
fn what_is_held_from_before_is_said_to_the_first_hub() {
    use crate::item::{ItemKey, SetHash, Topic};
    let mut agent = Subscriber::new("n", "test", Follows::BROADCAST, START);
    let (item, mut held, mut hash) = (ItemKey::new(Topic(9), b"a"), Held::new(7, 5), SetHash::default());
    held.insert(item.clone(), b"old");
    held.insert(item.clone(), b"1");
    hash.add(&item, b"1");
    agent.hold(FeedKind::Broadcast, held);
    agent.poll(START, &mut || 0.5);
    let [AgentAction::Send(AgentMessage { kind: Some(FromAgent::Hello(hello)) })] =
        &agent.connected(START)[..]
    else {
        panic!()
    };
    let [have] = hello.have[..] else { panic!("{hello:?}") };
    assert_eq!((have.epoch, have.sequence, have.feed()), (7, 5, FeedKind::Broadcast));
    assert_eq!(SetHash::from_halves(have.hash_high, have.hash_low), hash);
    assert_eq!(hello.follows, [i32::from(FeedKind::Broadcast)]);
}
