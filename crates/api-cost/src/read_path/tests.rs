//! The way of each read, by version.

use super::*;
use crate::samples::request;
use crate::version::Version;
use ReadPath::{
    CacheGet, CacheIndex, CachePage, CacheScan, EtcdGet, EtcdPage, EtcdScan, WatchEvents, WatchList,
};

fn check(version: u32, words: &str, cache: CacheState, expected: ReadPath) {
    let gates = Gates::of(Version { major: 1, minor: version });
    assert_eq!(route(&request(words), &gates, cache).path, expected, "1.{version}: {words}, {cache:?}");
}

#[test]
fn the_way_of_each_read_by_version() {
    let fresh = CacheState::Fresh;
    for (words, old, new) in [
        // Without a version: etcd up to 1.30, the cache from 1.31 on.
        ("list", EtcdScan, CacheScan),
        ("list node", EtcdScan, CacheIndex),
        ("list label-none", EtcdScan, CacheScan),
        ("list limit=500", EtcdPage, CachePage),
        ("list limit=500 continue", EtcdPage, CachePage),
        // Version 0: always the cache, and the limit does not count.
        ("list rv0", CacheScan, CacheScan),
        ("list rv0 limit=500", CacheScan, CacheScan),
        ("list rv0 node", CacheIndex, CacheIndex),
        ("list recent not-older limit=500", CachePage, CachePage),
        // An exact version: a snapshot from 1.34 on.
        ("list recent exact", EtcdScan, CacheScan),
        ("list recent limit=500", EtcdPage, CachePage),
        // Events have no cache.
        ("list rv0 resource=events", EtcdScan, EtcdScan),
        ("list limit=500 resource=events", EtcdPage, EtcdPage),
        ("get", EtcdGet, EtcdGet),
        ("get rv0", CacheGet, CacheGet),
        ("watch recent", WatchEvents, WatchEvents),
        ("watch rv0", WatchList, WatchList),
        ("watch initial node", WatchList, WatchList),
        ("patch", ReadPath::NoObjects, ReadPath::NoObjects),
    ] {
        check(30, words, fresh, old);
        check(36, words, fresh, new);
    }
}

#[test]
fn a_cache_that_is_behind_or_empty_sends_reads_to_etcd() {
    check(36, "list node", CacheState::Stalled, EtcdScan);
    check(36, "list rv0 node", CacheState::Stalled, CacheIndex);
    check(36, "list limit=500", CacheState::Cold, EtcdPage);
    check(36, "list limit=500 continue", CacheState::Cold, EtcdPage);
    check(36, "list limit=500 continue", CacheState::Stalled, CachePage);
}

#[test]
fn the_limit_does_not_count_at_version_0() {
    let gates = Gates::of(Version { major: 1, minor: 36 });
    let limited = |words| route(&request(words), &gates, CacheState::Fresh).limited;
    assert!(!limited("list rv0 limit=500"));
    assert!(limited("list limit=500"));
}
