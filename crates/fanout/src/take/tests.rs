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

/// An agent that has {a: 1, b: 2} as of number 5 of epoch 7.
fn take() -> Take {
    let mut take = Take::new(FeedKind::Node);
    let changes = vec![change("a", Some("1")), change("b", Some("2"))];
    let snapshot = chunk(TransferKind::Snapshot, (0, 5), hash(&[("a", "1"), ("b", "2")]), changes);
    assert_eq!(take.take(snapshot), Taken::Done { changed: true });
    take
}

fn check(chunks: Vec<Chunk>, expected: &[&str], items: &[(&str, &str)]) {
    let mut take = take();
    let outcome: Vec<&str> = chunks
        .into_iter()
        .map(|chunk| match take.take(chunk) {
            Taken::Nothing => "nothing",
            Taken::Done { changed: true } => "changed",
            Taken::Done { changed: false } => "same",
            Taken::Lost(Have { epoch: 0, .. }) => "distrust",
            Taken::Lost(_) => "lost",
            Taken::TooLarge => "too large",
        })
        .collect();
    assert_eq!(outcome, expected);
    let has: Vec<_> = take.items.iter().map(|(item, value)| (item.key.clone(), value.clone())).collect();
    let wanted: Vec<_> =
        items.iter().map(|(k, v)| (Bytes::from(k.to_string()), Bytes::from(v.to_string()))).collect();
    assert_eq!(has, wanted);
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

    check(vec![chunk(Delta, (5, 6), three, c())], &["changed"], &of_three);
    check(vec![chunk(Delta, (5, 6), one, replaced())], &["changed"], &[("a", "9")]);
    check(vec![chunk(Snapshot, (0, 6), one, vec![change("a", Some("9"))])], &["changed"], &[("a", "9")]);
    check(vec![chunk(Snapshot, (0, 6), SetHash::default(), vec![])], &["changed"], &[]);
    check(vec![chunk(Current, (9, 9), two, vec![])], &["same"], &of_two);
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
        &["lost", "changed"],
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
    check(vec![first(), second()], &["nothing", "changed"], &[("a", "9"), ("c", "3")]);
    check(vec![second()], &["lost"], &old);
    check(vec![first(), part(2, true, vec![])], &["nothing", "lost"], &old);
    check(vec![first(), Chunk { to: 7, ..second() }], &["nothing", "lost"], &old);
    check(vec![first(), first(), second()], &["nothing", "nothing", "changed"], &[("a", "9"), ("c", "3")]);
    let half = || vec![WireChange { value: vec![0; FEED_BYTES_MAX].into(), ..change("c", Some("")) }];
    let more = |index| part(index, false, half());
    check(vec![more(0), more(1), more(2)], &["nothing", "too large", "lost"], &old);
}

#[test]
fn what_a_lost_stream_had_begun_is_forgotten() {
    let mut take = take();
    let begun = Chunk { last: false, ..chunk(TransferKind::Snapshot, (0, 9), hash(&[]), Vec::new()) };
    assert_eq!(take.take(begun), Taken::Nothing);
    take.reset();
    assert_eq!(take.have().sequence, 5);
    assert_eq!(take.items.len(), 2);
    assert!(!take.synced);
}
