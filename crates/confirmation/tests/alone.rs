//! A node alone: what it does when nobody speaks to it any more.

use std::time::Duration;

use confirmation::{
    Action, Directive, Input, Keyring, Node, Now, Phase, Record, RevisionHash, SigningKey, Slot, Token, Wave,
};

struct World {
    slot: Slot,
    up: u64,
    running: Option<RevisionHash>,
    starts: usize,
}

fn hash(name: &str) -> RevisionHash {
    RevisionHash::of(name.as_bytes())
}

fn directive(serial: u64, confirmed: Wave) -> Directive {
    Directive {
        cluster: "c".into(),
        rollout: "ns/r".into(),
        workload: "w".into(),
        serial,
        issued: 1_000,
        not_after: 2_000,
        revision: hash("new").as_bytes().to_vec(),
        attempt: 1,
        stable: hash("old").as_bytes().to_vec(),
        assigned: Wave::all(),
        confirmed,
        confirm_timeout: 60,
        revert_spread: 30,
        tries: 3,
        ..Default::default()
    }
}

impl World {
    fn new() -> Self {
        let node = Node { name: "n".into(), uid: "u".into(), goes_last: false };
        let slot = Slot::new("c".into(), node, Record::default(), None, vec![hash("new"), hash("old")]);
        Self { slot, up: 0, running: None, starts: 0 }
    }

    fn give(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            let now = Now { boot: 1, up: Duration::from_secs(self.up), wall: Duration::from_secs(1_500) };
            for action in self.slot.step(input, now) {
                match action {
                    Action::Persist(generation, _) => inputs.push(Input::Persisted(generation)),
                    Action::Start(hash, _) => {
                        assert_eq!(self.running.replace(hash), None, "two at once");
                        self.starts += 1;
                    }
                    Action::Stop(hash) => {
                        assert_eq!(self.running.take(), Some(hash));
                        inputs.push(Input::Ended);
                    }
                    _ => {}
                }
            }
        }
    }

    fn wait(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.up += 1;
            self.give(Input::Tick);
        }
    }
}

#[test]
fn an_unconfirmed_revision_is_gone_by_its_deadline_and_the_old_one_is_back() {
    let mut world = World::new();
    world.give(Input::Directive(Box::new(directive(1, Wave::none()))));
    world.wait(59);
    assert_eq!(world.running, Some(hash("new")));
    world.wait(1);
    assert_ne!(world.running, Some(hash("new")));
    world.wait(30);
    assert_eq!(world.running, Some(hash("old")));
    // The same word again starts nothing.
    world.give(Input::Directive(Box::new(directive(1, Wave::none()))));
    world.wait(100);
    assert_eq!((world.running, world.starts), (Some(hash("old")), 2));
}

#[test]
fn a_confirmed_revision_goes_on_for_ever() {
    let mut world = World::new();
    world.give(Input::Directive(Box::new(directive(1, Wave::none()))));
    world.wait(30);
    world.give(Input::Directive(Box::new(directive(2, Wave::all()))));
    world.give(Input::Outage(true));
    world.wait(500);
    assert_eq!((world.slot.phase(), world.starts), (Phase::Good(hash("new")), 1));
    assert!(world.slot.is_quiesced());
}

#[test]
fn a_freeze_confirms_nothing() {
    let mut world = World::new();
    world.give(Input::Directive(Box::new(directive(1, Wave::none()))));
    world.wait(10);
    assert_eq!(world.slot.phase(), Phase::Trial(hash("new")));
    let newer = hash("newer").as_bytes().to_vec();
    let frozen = Directive { revision: newer, frozen: true, ..directive(2, Wave::none()) };
    world.give(Input::Directive(Box::new(frozen)));
    world.wait(60);
    assert_eq!(world.running, Some(hash("old")));
    assert!(!world.slot.record().good.contains(&hash("new")));
}

#[test]
fn people_freeze_a_node_whatever_the_controller_says() {
    let mut world = World::new();
    world.give(Input::Freeze(true));
    world.give(Input::Directive(Box::new(directive(1, Wave::none()))));
    world.wait(30);
    assert_eq!((world.slot.phase(), world.starts), (Phase::Good(hash("old")), 1));
    world.give(Input::Freeze(false));
    world.wait(10);
    assert_eq!(world.slot.phase(), Phase::Trial(hash("new")));
}

#[test]
fn only_a_trusted_key_can_speak() {
    let key = |seed| SigningKey::from_seed(&[seed; 32]).expect("a key");
    let keys = Keyring::new(vec![key(1).public()]).expect("one key");
    let said = directive(1, Wave::none());
    assert_eq!(Token::open(&Token::sign(&said, &key(1)).to_bytes(), &keys), Ok(said.clone()));
    assert!(Token::open(&Token::sign(&said, &key(2)).to_bytes(), &keys).is_err());
    let mut forged = Token::sign(&said, &key(1));
    forged.directive = directive(9, Wave::all()).to_bytes();
    assert!(Token::open(&forged.to_bytes(), &keys).is_err());
}

#[test]
fn a_controller_that_forgot_stops_nothing_that_is_good() {
    let mut world = World::new();
    world.give(Input::Directive(Box::new(directive(1, Wave::all()))));
    world.wait(30);
    assert_eq!(world.slot.phase(), Phase::Good(hash("new")));
    // As for a first install of something else, which is not for this node.
    let newer = hash("newer").as_bytes().to_vec();
    let forgot = |quarantined| Directive {
        revision: newer.clone(),
        stable: Vec::new(),
        assigned: Wave::none(),
        quarantined,
        ..directive(2, Wave::none())
    };
    world.give(Input::Directive(Box::new(forgot(Vec::new()))));
    world.wait(30);
    assert_eq!(world.running, Some(hash("new")));
    let bad = vec![hash("new").as_bytes().to_vec()];
    world.give(Input::Directive(Box::new(Directive { serial: 3, ..forgot(bad) })));
    world.wait(30);
    assert_eq!(world.running, None);
}
