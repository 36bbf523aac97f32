//! What is followed, and everything that is not.

use proptest::prelude::*;

use super::*;
use crate::limits::SPENT_MAX;
use crate::order::Purpose;

const NOW: u64 = 1_800_000_000;
const CLUSTER: &str = "b5f1";

fn key(of: u8) -> SigningKey {
    SigningKey::from_seed(&[of; 32]).expect("a key")
}

/// Ann and Bob sign, Eve was revoked, two must.
fn roster() -> Roster {
    let people = [(1, "signer", "ann"), (2, "signer", "bob"), (3, "revoked", "eve")];
    let lines = people.map(|(seed, kind, name)| format!("{kind} {} {name}\n", key(seed).public()));
    Roster::parse(&format!("cluster {CLUSTER}\nthreshold 2\n{}", lines.concat())).expect("a roster")
}

fn order() -> Order {
    Order {
        cluster: CLUSTER.to_owned(),
        id: vec![9; 16],
        purpose: Purpose::Cut.into(),
        subject: "logs/DaemonSet/vector".to_owned(),
        nodes: vec!["n1".to_owned(), "n2".to_owned()],
        not_before: NOW - 60,
        not_after: NOW + 3600,
        reason: "it lists all pods".to_owned(),
        is_test: false,
    }
}

fn sealed(order: &Order, by: &[u8]) -> Sealed {
    let mut sealed = Sealed::new(order).expect("fit");
    by.iter().for_each(|seed| sealed.sign(&key(*seed)));
    Sealed::parse(&sealed.to_text()).expect("as it was written")
}

fn here() -> Place<'static> {
    Place { node: Some("n1"), now: NOW }
}

#[test]
fn what_is_followed_and_what_is_not() {
    let check = |what: &str, sealed: Sealed, place: Place<'_>, expected: Result<Admission, Refusal>| {
        assert_eq!(sealed.admit(&roster(), place, &mut Spent::default()), expected, "{what}");
    };
    let good = sealed(&order(), &[1, 2]);
    let follow = Ok(Admission::Follow(order()));
    check("two have signed", good.clone(), here(), follow.clone());
    check("a carrier takes it for any node", good.clone(), Place { node: None, ..here() }, follow);
    check("for other nodes", good.clone(), Place { node: Some("n3"), ..here() }, Ok(Admission::Elsewhere));
    let test = Order { is_test: true, ..order() };
    check("a rehearsal", sealed(&test, &[2, 1]), here(), Ok(Admission::Test(test.clone())));
    let too_few = |have| Err(Refusal::TooFew { have, need: 2 });
    check("nobody has signed", sealed(&order(), &[]), here(), too_few(0));
    check("one has", sealed(&order(), &[1]), here(), too_few(1));
    check("one has, twice", sealed(&order(), &[1, 1]), here(), too_few(1));
    check("a revoked key", sealed(&order(), &[1, 2, 3]), here(), Err(Refusal::Revoked("eve".to_owned())));
    check("a foreign key", sealed(&order(), &[1, 2, 4]), here(), Err(Refusal::UnknownKey));
    let foreign = Order { cluster: "other".to_owned(), ..order() };
    check("another cluster", sealed(&foreign, &[1, 2]), here(), Err(Refusal::Foreign("other".to_owned())));
    let at = |now| (Place { now, ..here() }, Err(Refusal::Time { from: NOW - 60, to: NOW + 3600, now }));
    for now in [NOW - 61, NOW + 3600, NOW - 86_400, NOW + 86_400] {
        let (place, expected) = at(now);
        check("not its time", good.clone(), place, expected);
    }
    let mut doubled = good.clone();
    doubled.signatures.push(good.signatures[0].clone());
    doubled.signatures.remove(1);
    check("one signature, copied", doubled, here(), too_few(1));
    let mut changed = good;
    changed.order = Order { nodes: Vec::new(), ..order() }.to_bytes();
    check("changed after it was signed", changed, here(), Err(Refusal::Tampered("ann".to_owned())));
}

#[test]
fn a_clock_that_is_a_day_wrong_is_named() {
    let late = Refusal::Time { from: NOW, to: NOW + 60, now: NOW + 60 + 86_400 }.to_string();
    assert!(late.contains("24 h too late; set the clock"), "{late}");
    let early = Refusal::Time { from: NOW, to: NOW + 60, now: NOW - 86_400 }.to_string();
    assert!(early.contains("24 h too early"), "{early}");
}

#[test]
fn none_is_followed_twice_also_after_a_restart() {
    let (roster, order) = (roster(), sealed(&order(), &[1, 2]));
    let mut spent = Spent::default();
    assert!(matches!(order.admit(&roster, here(), &mut spent), Ok(Admission::Follow(_))));
    let mut spent = Spent::parse(&spent.to_text());
    assert_eq!(order.admit(&roster, here(), &mut spent), Ok(Admission::Done));
}

#[test]
fn a_node_that_remembers_enough_takes_no_more_until_one_has_expired() {
    let roster = roster();
    let mut spent = Spent::default();
    let mut take = |number: u16, now: u64| {
        let mut id = vec![0; 14];
        id.extend(number.to_be_bytes());
        let one = Order { id, not_before: now - 1, not_after: now + 100, ..order() };
        sealed(&one, &[1, 2]).admit(&roster, Place { now, ..here() }, &mut spent)
    };
    for number in 0..SPENT_MAX as u16 {
        assert!(matches!(take(number, NOW), Ok(Admission::Follow(_))));
    }
    assert_eq!(take(999, NOW), Err(Refusal::Full));
    assert!(matches!(take(999, NOW + 100), Ok(Admission::Follow(_))));
}

#[test]
fn what_is_no_order_is_not_sealed() {
    let check = |what: &str, order: Order, is_one: bool| {
        assert_eq!(Sealed::new(&order).is_ok(), is_one, "{what}");
    };
    let of = |purpose: Purpose, subject: &str| Order {
        purpose: purpose.into(),
        subject: subject.to_owned(),
        ..order()
    };
    check("cut one", order(), true);
    check("cut everybody", of(Purpose::Cut, ""), true);
    check("cut half a name", of(Purpose::Cut, "logs/vector"), false);
    check("stop one", of(Purpose::Stop, "vector"), true);
    check("stop everybody", of(Purpose::Stop, ""), false);
    check("stop a path", of(Purpose::Stop, "../vector"), false);
    check("freeze", of(Purpose::Freeze, ""), true);
    check("freeze one", of(Purpose::Freeze, "vector"), false);
    check("nothing", of(Purpose::Unknown, ""), false);
    check("a purpose to come", Order { purpose: 77, ..order() }, false);
    check("no reason", Order { reason: String::new(), ..order() }, false);
    check("a long reason", Order { reason: "a".repeat(513), ..order() }, false);
    check("no cluster", Order { cluster: String::new(), ..order() }, false);
    check("no name of its own", Order { id: Vec::new(), ..order() }, false);
    check("a day", Order { not_after: NOW - 60 + 86_400, ..order() }, true);
    check("more than a day", Order { not_after: NOW - 59 + 86_400, ..order() }, false);
    check("no time", Order { not_after: NOW - 60, ..order() }, false);
    check("backwards", Order { not_after: 0, ..order() }, false);
    check("a node without a name", Order { nodes: vec![String::new()], ..order() }, false);
    check("too many nodes", Order { nodes: vec!["n".to_owned(); 17], ..order() }, false);
}

proptest! {
    #[test]
    fn no_byte_can_be_changed(at in 0usize..400, bit in 0u8..8) {
        let good = sealed(&order(), &[1, 2]).encode_to_vec();
        let mut bad = good.clone();
        let at = at % bad.len();
        bad[at] ^= 1 << bit;
        let text = format!("{}{}", Sealed::PREFIX, hex::encode(&bad));
        let admitted = Sealed::parse(&text).and_then(|sealed| sealed.admit(&roster(), here(), &mut Spent::default()));
        // A changed name of a protobuf field may make it an unknown one, which is left out: then nothing that counts has changed.
        if let Ok(admission) = admitted {
            prop_assert_eq!(admission, Admission::Follow(order()));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}") {
        let _ = Sealed::parse(&text);
        let _ = Sealed::parse(&format!("{}{text}", Sealed::PREFIX));
        let _ = Roster::parse(&text);
        let _ = Spent::parse(&text);
    }
}
