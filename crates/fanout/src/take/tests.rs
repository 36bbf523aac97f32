//! What an agent takes and what it does not.

use super::*;

fn change(key: &'static str, value: Option<&'static str>) -> WireChange {
    let (removed, value) = (value.is_none(), Bytes::from(value.unwrap_or_default()));
    WireChange { topic: 1, key: Bytes::from(key), value, removed }
}

fn hash(items: &[(&'static str, &'static str)]) -> SetHash {
    let mut hash = SetHash::default();
    for (key, value) in items {
        hash.add(&ItemKey::new(Topic(1), key.as_bytes()), value.as_bytes());
    }
    hash
}

fn chunk(kind: TransferKind, (from, to): (u64, u64), hash: SetHash, changes: Vec<WireChange>) -> Chunk {
    let (hash_high, hash_low) = hash.halves();
    Chunk {
        feed: FeedKind::Node.into(),
        transfer: kind.into(),
        epoch: 7,
        from,
        to,
        index: 0,
        last: true,
        hash_high,
        hash_low,
        changes,
    }
}

/// An agent that has {a: 1, b: 2} as of number 5 of epoch 7, and its consumer.
fn take() -> (Take, Set) {
    let mut take = Take::new(FeedKind::Node);
    let changes = vec![change("a", Some("1")), change("b", Some("2"))];
    let snapshot = chunk(TransferKind::Snapshot, (0, 5), hash(&[("a", "1"), ("b", "2")]), changes);
    let Taken::Done(transfer) = take.take(snapshot) else { panic!() };
    let mut set = Set::new();
    consume(&mut set, &transfer);
    (take, set)
}

type Set = BTreeMap<Bytes, Bytes>;

fn consume(set: &mut Set, transfer: &Transfer) {
    for Change { item, value } in &transfer.changes {
        match value {
            Some(value) => set.insert(item.key.clone(), value.clone()),
            None => set.remove(&item.key),
        };
    }
}

fn check(chunks: Vec<Chunk>, expected: &[&str], items: &[(&str, &str)]) {
    let (mut take, mut has) = take();
    let outcome: Vec<String> = chunks
        .into_iter()
        .map(|chunk| match take.take(chunk) {
            Taken::Nothing => "nothing".to_owned(),
            Taken::Done(transfer) => {
                consume(&mut has, &transfer);
                let whole = if transfer.whole { "whole, " } else { "" };
                format!("{whole}{} changed", transfer.changes.len())
            }
            Taken::Lost(Have { epoch: 0, .. }) => "distrust".to_owned(),
            Taken::Lost(_) => "lost".to_owned(),
            Taken::TooLarge => "too large".to_owned(),
        })
        .collect();
    assert_eq!(outcome, expected);
    let wanted: Set =
        items.iter().map(|(k, v)| (Bytes::from(k.to_string()), Bytes::from(v.to_string()))).collect();
    assert_eq!(has, wanted);
    assert_eq!(take.items(), wanted.len(), "keys are in step with the consumer");
}

#[test]
fn transfers() {
    use TransferKind::{Current, Delta, Snapshot};
    let two = hash(&[("a", "1"), ("b", "2")]);
    let three = hash(&[("a", "1"), ("b", "2"), ("c", "3")]);
    let one = hash(&[("a", "9")]);
    let c = || vec![change("c", Some("3"))];
    let of_two = [("a", "1"), ("b", "2")];
    let of_three = [("a", "1"), ("b", "2"), ("c", "3")];
    let replaced = || vec![change("a", Some("9")), change("b", None), change("never was", None)];

    check(vec![chunk(Delta, (5, 6), three, c())], &["1 changed"], &of_three);
    check(vec![chunk(Delta, (5, 6), one, replaced())], &["2 changed"], &[("a", "9")]);
    let nine = || vec![change("a", Some("9"))];
    check(vec![chunk(Snapshot, (0, 6), one, nine())], &["whole, 2 changed"], &[("a", "9")]);
    check(vec![chunk(Snapshot, (0, 6), SetHash::default(), vec![])], &["whole, 2 changed"], &[]);
    // A snapshot costs what differs.
    let all = || vec![change("a", Some("1")), change("b", Some("2")), change("c", Some("3"))];
    check(vec![chunk(Snapshot, (0, 6), three, all())], &["whole, 1 changed"], &of_three);
    check(vec![chunk(Delta, (5, 6), three, all())], &["1 changed"], &of_three);
    check(vec![chunk(Current, (9, 9), two, vec![])], &["0 changed"], &of_two);
    // The last word on an item counts.
    let twice = || vec![change("c", Some("9")), change("c", Some("3"))];
    check(vec![chunk(Delta, (5, 6), three, twice())], &["1 changed"], &of_three);
    // A gap, an old delta, another epoch, another set: nothing is applied, one resync is asked for.
    check(vec![chunk(Delta, (6, 7), three, c())], &["lost"], &of_two);
    check(vec![chunk(Delta, (4, 6), three, c())], &["lost"], &of_two);
    check(vec![Chunk { epoch: 8, ..chunk(Delta, (5, 6), three, c()) }], &["lost"], &of_two);
    check(vec![chunk(Current, (9, 9), three, vec![])], &["lost"], &of_two);
    check(
        vec![chunk(Delta, (6, 7), three, c()), chunk(Delta, (7, 8), three, c())],
        &["lost", "nothing"],
        &of_two,
    );
    // The hash is wrong: what the agent has may be wrong too.
    check(vec![chunk(Delta, (5, 6), one, c())], &["distrust"], &of_two);
    check(vec![chunk(Snapshot, (0, 6), one, c())], &["distrust"], &of_two);
    // After a resync the thread is taken up again.
    check(
        vec![chunk(Delta, (6, 7), three, c()), chunk(Snapshot, (0, 7), hash(&[("c", "3")]), c())],
        &["lost", "whole, 3 changed"],
        &[("c", "3")],
    );
}

#[test]
fn chunks() {
    use TransferKind::Snapshot;
    let whole = hash(&[("a", "9"), ("c", "3")]);
    let part = |index, last, changes| Chunk { index, last, ..chunk(Snapshot, (0, 6), whole, changes) };
    let first = || part(0, false, vec![change("a", Some("9"))]);
    let second = || part(1, true, vec![change("c", Some("3"))]);
    let old = [("a", "1"), ("b", "2")];
    check(vec![first()], &["nothing"], &old);
    check(vec![first(), second()], &["nothing", "whole, 3 changed"], &[("a", "9"), ("c", "3")]);
    check(vec![second()], &["lost"], &old);
    check(vec![first(), part(2, true, vec![])], &["nothing", "lost"], &old);
    check(vec![first(), Chunk { to: 7, ..second() }], &["nothing", "lost"], &old);
    let again = ["nothing", "nothing", "whole, 3 changed"];
    check(vec![first(), first(), second()], &again, &[("a", "9"), ("c", "3")]);
    let half =
        || vec![WireChange { value: vec![0; FeedLimits::NODE.bytes_max].into(), ..change("c", Some("")) }];
    let more = |index| part(index, false, half());
    check(vec![more(0), more(1), more(2)], &["nothing", "too large", "lost"], &old);
}

#[test]
fn what_a_lost_stream_had_begun_is_forgotten() {
    let (mut take, _) = take();
    let begun = Chunk { last: false, ..chunk(TransferKind::Snapshot, (0, 9), hash(&[]), Vec::new()) };
    assert_eq!(take.take(begun), Taken::Nothing);
    take.reset();
    assert_eq!(take.have().sequence, 5);
    assert_eq!(take.items(), 2);
    assert!(!take.synced);
}
