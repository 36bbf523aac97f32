//! Ages and what proves them.

use super::*;

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn beat(written: u64, seen: u64) -> HeartbeatItem {
    HeartbeatItem { written_unix_ms: written * 1_000, seen_unix_ms: seen * 1_000, ..HeartbeatItem::default() }
}

#[test]
fn ages_grow_from_the_last_proof() {
    let proofs = Proofs::default();
    assert_eq!((proofs.age(at(5)), proofs.origin()), (None, Origin::Nothing));
    proofs.prove(at(100), at(5));
    assert_eq!(proofs.age(at(5)), Some(at(100)));
    assert_eq!(proofs.age(at(8)), Some(at(103)));
    assert_eq!(proofs.age(at(1)), Some(at(100)), "a reader whose clock was read a moment earlier");
    proofs.prove(Duration::ZERO, Duration::ZERO);
    assert_eq!(proofs.age(at(1)), Some(at(1)));
    for origin in ORIGINS {
        proofs.set_origin(origin);
        assert_eq!(proofs.origin(), origin);
    }
}

/// (what comes: "stream", "none", or written/seen/wall; the age that is proven)
#[test]
fn what_heartbeats_prove() {
    let check = |rows: &[(&str, Option<u64>)], expected: bool| {
        let mut heartbeats = Heartbeats::default();
        for (what, age) in rows {
            match *what {
                "stream" => heartbeats.stream_began(),
                "none" => heartbeats.none(),
                "disk" => heartbeats.restore(beat(900, 901)),
                times => {
                    let times: Vec<u64> = times.split('/').map(|time| time.parse().unwrap()).collect();
                    let took = heartbeats.take(beat(times[0], times[1]), at(7), at(times[2]));
                    assert_eq!(took.map(|took| took.as_secs()), *age, "{what} of {rows:?}");
                }
            }
        }
        assert_eq!(heartbeats.expected(), expected, "{rows:?}");
    };
    check(&[], false);
    check(&[("disk", None)], true);
    // The first of a stream: by the wall clock. Then by the hub's two times, whatever the wall clock says.
    check(&[("stream", None), ("1000/1001/1002", Some(2)), ("1005/1006/9999", Some(1))], true);
    // A hub that is cut off repeats the old one; a clock that is behind makes nothing younger than it is.
    check(&[("stream", None), ("1000/1001/1600", Some(600)), ("1000/1001/1605", None)], true);
    check(&[("stream", None), ("1000/1001/500", Some(0))], true);
    check(&[("disk", None), ("stream", None), ("900/901/1000", Some(100)), ("1000/1000/5", Some(0))], true);
    // Nobody writes any; later somebody does.
    check(&[("disk", None), ("none", None)], false);
    check(&[("none", None), ("1000/1001/1002", Some(2))], true);
}
