//! A map in pieces is a map.

use super::*;

#[derive(Debug, Clone, PartialEq)]
struct Entry(Vec<u8>, u32);

impl Keyed for Entry {
    fn key(&self) -> &[u8] {
        &self.0
    }
}

fn entry(key: u32, value: u32) -> Entry {
    Entry(key.to_be_bytes().to_vec(), value)
}

#[test]
fn like_a_map() {
    let shards = Shards::new();
    let count = 4 * SHARDS as u32;
    shards.change((0..count).map(|key| Put::Set(entry(key, 1))));
    assert_eq!(shards.len(), count as usize);
    shards.change((0..count).filter(|key| key % 2 == 0).map(|key| Put::Set(entry(key, 2))));
    shards.change((0..count).filter(|key| key % 3 == 0).map(|key| Put::Remove(entry(key, 0))));
    // In order, also within one batch.
    shards.change([
        Put::Set(entry(7, 8)),
        Put::Remove(entry(7, 0)),
        Put::Set(entry(7, 9)),
        Put::Remove(entry(count, 0)),
    ]);
    for key in 0..count {
        let expected = match key {
            7 => Some(9),
            key if key % 3 == 0 => None,
            key => Some(if key % 2 == 0 { 2 } else { 1 }),
        };
        assert_eq!(shards.with(&key.to_be_bytes(), |entry| entry.1), expected, "{key}");
        assert_eq!(shards.contains(&key.to_be_bytes()), expected.is_some());
    }
    assert_eq!(shards.values().len(), shards.len());
    assert_eq!(shards.get(b"other"), None);
}
