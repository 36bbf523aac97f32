//! Scripts: TTLs, negative answers, stale answers, failures, early fetches, coalescing.

use super::script::run;
use super::*;

fn plain() -> Settings {
    Settings { stale: None, prefetch: None, ..Settings::default() }
}

fn stale() -> Settings {
    Settings { prefetch: None, ..Settings::default() }
}

fn immediate() -> Settings {
    Settings { stale: Some(Stale { client_timeout: Duration::ZERO, ..Stale::default() }), ..stale() }
}

fn prefetching() -> Settings {
    Settings { prefetch: Some(Prefetch::default()), ..plain() }
}

#[test]
fn ttl_counts_down() {
    run(
        plain(),
        "0    ask    a          -> lead
         0.1  answer a ttl=10
         0.1  ask    a          -> fresh ttl=10
         1    ask    a          -> fresh ttl=10
         1.2  ask    a          -> fresh ttl=9
         10   ask    a          -> fresh ttl=1
         10.2 ask    a          -> lead
         # another type, another case of flags: another answer
         11   ask    a/28       -> lead",
    );
}

#[test]
fn ttl_is_bounded() {
    run(
        plain(),
        "0    answer long ttl=100000
         0    ask    long       -> fresh ttl=3600
         3600 ask    long       -> lead
         # the highest bit set: a large TTL (RFC 8767, 4)
         4000 answer huge ttl=4294967295
         4000 ask    huge       -> fresh ttl=3600
         # a TTL of 0 is not kept
         5000 answer zero ttl=0
         5000 ask    zero       -> lead",
    );
    let bounds = Bounds { seconds_min: 5, seconds_max: 30 };
    run(
        Settings { positive: bounds, ..plain() },
        "0    answer a ttl=0
         0    ask    a          -> fresh ttl=5
         5    ask    a          -> lead
         6    answer a ttl=300
         6    ask    a          -> fresh ttl=30",
    );
}

#[test]
fn negative_answers() {
    run(
        plain(),
        "0    answer gone ttl=5 nx
         # NXDOMAIN is about the name, whatever the type (RFC 2308, 5)
         1    ask    gone       -> fresh ttl=4 nx
         1    ask    gone/28    -> fresh ttl=4 nx
         1    ask    b.gone     -> lead
         5    ask    gone/28    -> lead
         # NODATA is about the type
         10   answer half/28 ttl=60 nodata
         10   ask    half/28    -> fresh ttl=60 nodata
         10   ask    half       -> lead
         # without SOA it is not kept
         20   answer bare ttl=60 nx nosoa
         20   ask    bare       -> lead
         # half an hour is the longest
         30   answer most ttl=90000 nx
         1829 ask    most       -> fresh ttl=1 nx
         1830 ask    most       -> lead
         # the name comes into being: no type of it is NXDOMAIN any more
         3000 answer born ttl=600 nx
         3001 answer born ttl=60
         3001 ask    born       -> fresh ttl=60
         3001 ask    born/28    -> lead
         # and goes again
         3002 answer born/28 ttl=60 nx
         3002 ask    born/28    -> fresh ttl=60 nx",
    );
}

#[test]
fn identical_questions_are_asked_once() {
    run(
        plain(),
        "0    ask    a          -> lead
         0    ask    a          -> wait
         1    ask    a          -> wait
         1    ask    a/28       -> lead
         2    answer a ttl=10
         2    ask    a          -> fresh ttl=10
         # a fetch that never ends is taken for lost
         3    ask    lost       -> lead
         17.9 ask    lost       -> wait
         18   ask    lost       -> lead",
    );
}

#[test]
fn failures_are_remembered_for_a_moment() {
    run(
        plain(),
        "0    ask      a        -> lead
         0.1  servfail a
         1    ask      a        -> failure
         5    ask      a        -> failure
         5.2  ask      a        -> lead
         # nothing came: there is nothing to repeat
         6    timeout  a
         6    ask      a        -> lead
         7    servfail a
         8    answer   a ttl=10
         8    ask      a        -> fresh ttl=10
         # of the type, not of the name
         9    servfail b
         9    ask      b/28     -> lead",
    );
    run(
        Settings { failure: Duration::ZERO, ..plain() },
        "0    servfail a
         0    ask      a        -> lead",
    );
}

#[test]
fn a_failure_never_replaces_an_answer() {
    run(
        stale(),
        "0    answer   a ttl=10
         1    servfail a
         1    ask      a        -> fresh ttl=9
         12   servfail a
         13   ask      a        -> stale ttl=30
         # NXDOMAIN is news
         50   answer   a ttl=10 nx
         51   ask      a        -> fresh ttl=9 nx",
    );
}

#[test]
fn stale_answers() {
    run(
        stale(),
        "0    answer  a ttl=10
         # the client response timer: 1.8 s after the first who asked
         20   ask     a         -> lead stale-at=21.8
         20.5 ask     a         -> wait stale-at=21.8
         21.8 late    a         -> stale ttl=30
         # who comes later does not wait any longer
         22   ask     a         -> wait stale-at=22
         22   late    a         -> stale ttl=30
         # the failure recheck timer: 30 s without a question to the upstream
         25   timeout a
         25   ask     a         -> stale ttl=30
         54.9 ask     a         -> stale ttl=30
         55   ask     a         -> lead stale-at=56.8
         55.1 answer  a ttl=10
         55.2 ask     a         -> fresh ttl=10
         # a day after its end, it is too old
         86400   ask  a         -> lead stale-at=86401.8
         86401   timeout a
         86466   ask  a         -> lead
         86466   late a         -> nothing",
    );
}

#[test]
fn stale_negative_answers() {
    run(
        stale(),
        "0    answer  a ttl=5 nx
         10   ask     a         -> lead stale-at=11.8
         10   servfail a
         11   ask     a         -> stale ttl=30 nx
         11   ask     a/28      -> stale ttl=30 nx",
    );
}

#[test]
fn stale_at_once() {
    run(
        immediate(),
        "0    answer  a ttl=10
         20   ask     a         -> stale ttl=30 refresh
         20   ask     a         -> stale ttl=30
         21   timeout a
         50   ask     a         -> stale ttl=30
         51   ask     a         -> stale ttl=30 refresh
         51   answer  a ttl=10
         52   ask     a         -> fresh ttl=9",
    );
}

#[test]
fn zero_ttl_is_kept_for_bad_times() {
    run(
        stale(),
        "0    answer  a ttl=0
         0    ask     a         -> lead stale-at=1.8
         1    timeout a
         1    ask     a         -> stale ttl=30",
    );
}

#[test]
fn popular_answers_are_fetched_early() {
    run(
        prefetching(),
        "0    answer a ttl=100
         1    ask    a          -> fresh ttl=99
         2    ask    a          -> fresh ttl=98
         90   ask    a          -> fresh ttl=10
         # between a tenth and a twentieth of the TTL; the scripts have the latter
         94   ask    a          -> fresh ttl=6
         # popular is three in a row without a gap of a minute: 2 -> 90 was one
         95   ask    a          -> fresh ttl=5 refresh
         95   ask    a          -> fresh ttl=5
         # the budget says no: not before then
         96   postpone a until=98
         97   ask    a          -> fresh ttl=3
         98   ask    a          -> fresh ttl=2 refresh
         99   answer a ttl=100
         99   ask    a          -> fresh ttl=100
         # nobody asks for it
         200  ask    a          -> lead",
    );
}

#[test]
fn a_failed_early_fetch_waits() {
    run(
        Settings { prefetch: Some(Prefetch { hits_min: 1, ..Prefetch::default() }), ..Settings::default() },
        "0    answer   a ttl=1000
         960  ask      a        -> fresh ttl=40 refresh
         961  servfail a
         970  ask      a        -> fresh ttl=30
         990  ask      a        -> fresh ttl=10
         991  ask      a        -> fresh ttl=9 refresh",
    );
}

#[test]
fn what_cannot_be_given_is_swept() {
    run(
        plain(),
        "0    answer a ttl=10
         0    answer b ttl=20
         5    sweep  a          -> entries=2
         15   sweep  a          -> entries=1
         20   sweep  a          -> entries=0",
    );
}
