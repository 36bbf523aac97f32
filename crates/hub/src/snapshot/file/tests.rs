//! Round trips, and every way to damage a file.

use std::sync::Arc;
use std::time::Duration;

use objects::Meta;
use objects::pod::Pod;

use super::*;

const CLUSTER: &str = "https://10.0.0.1:6443";

fn pod(number: usize) -> Object {
    let meta = Meta {
        namespace: "default".into(),
        name: format!("web-{number}").into(),
        uid: format!("00000000-0000-0000-0000-{number:012}").into(),
        resource_version: number.to_string().into(),
        ..Meta::default()
    };
    Object::Pod(Arc::new(Pod { meta, node: "node-1".into(), phase: "Running".into(), ..Pod::default() }))
}

fn cut(pods: usize) -> Cut {
    Cut {
        objects: (0..pods).map(pod).collect(),
        resource_version: "4711".to_owned(),
        age: Duration::from_secs(3),
    }
}

fn header() -> Header {
    Header {
        cluster: CLUSTER.to_owned(),
        resource: "pods".to_owned(),
        resource_version: "4711".to_owned(),
        written_millis: 1_000,
        age_millis: 3_000,
        annotations: false,
        cluster_uid: "u-1".to_owned(),
    }
}

fn expected() -> Expected<'static> {
    Expected { cluster: CLUSTER, resource: Resource::Pods, keep: Keep::default() }
}

fn bytes(pods: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let size = write(&mut out, &header(), &cut(pods)).unwrap();
    assert_eq!(size, out.len() as u64);
    out
}

/// As [`read`] does it, from memory.
fn read_bytes(bytes: &[u8], expected: &Expected<'_>) -> Result<Vec<Object>, String> {
    let mut found = Vec::new();
    let result = verify(bytes)
        .and_then(|()| load(bytes, expected, &Interner::default(), &mut |object| found.push(object)));
    match result {
        Ok(_) => Ok(found),
        Err(failed) => Err(failed.to_string()),
    }
}

#[test]
fn round_trip() {
    // 10,000 pods of about 90 bytes are some blocks.
    for pods in [0, 1, 2, 10_000] {
        assert_eq!(read_bytes(&bytes(pods), &expected()).unwrap(), cut(pods).objects, "{pods}");
    }
}

#[test]
fn every_flipped_bit_is_found() {
    let whole = bytes(3);
    for position in 0..whole.len() {
        for bit in 0..8 {
            let mut damaged = whole.clone();
            damaged[position] ^= 1 << bit;
            assert!(read_bytes(&damaged, &expected()).is_err(), "byte {position}, bit {bit}");
        }
    }
}

#[test]
fn every_truncation_is_found() {
    let whole = bytes(3);
    for length in 0..whole.len() {
        let failed = read_bytes(&whole[..length], &expected()).unwrap_err();
        assert_eq!(failed, "it ends in the middle: cut off", "{length}");
    }
}

#[test]
fn every_lost_doubled_or_swapped_frame_is_found() {
    let whole = bytes(10_000);
    let frames = frames_of(&whole);
    assert!(frames.len() > 4, "{}", frames.len());
    let join = |order: &[usize]| {
        let mut out = whole[..16].to_vec();
        order.iter().for_each(|&number| out.extend_from_slice(&whole[frames[number].clone()]));
        out
    };
    let all: Vec<usize> = (0..frames.len()).collect();
    assert_eq!(join(&all), whole);
    for at in 0..frames.len() {
        let mut lost = all.clone();
        lost.remove(at);
        let mut doubled = all.clone();
        doubled.insert(at, at);
        let mut swapped = all.clone();
        swapped.swap(at, (at + 1) % frames.len());
        for order in [lost, doubled, swapped] {
            assert!(read_bytes(&join(&order), &expected()).is_err(), "{order:?}");
        }
    }
}

/// Where each frame stands.
fn frames_of(whole: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut frames = Vec::new();
    let mut start = 16;
    while start < whole.len() {
        let length = u32::from_le_bytes(whole[start + 1..start + 5].try_into().unwrap()) as usize;
        frames.push(start..start + 9 + length);
        start += 9 + length;
    }
    frames
}

#[test]
fn what_is_wrong_is_said() {
    fn check(damage: impl Fn(&mut Vec<u8>), said: &str) {
        let mut file = bytes(1);
        damage(&mut file);
        assert_eq!(read_bytes(&file, &expected()).unwrap_err(), said);
    }
    check(|file| file[0] = b'X', "it does not begin as a snapshot does");
    check(|file| file.push(0), "something follows its end");
    check(|file| file[25] ^= 1, "frame 0 is damaged");
    check(|file| *file.last_mut().unwrap() ^= 1, "frame 2 is damaged");
    let newer = |file: &mut Vec<u8>| {
        file[8] = 2;
        let checksum = crc32fast::hash(&file[..12]).to_le_bytes();
        file[12..16].copy_from_slice(&checksum);
    };
    check(newer, "it is from a newer Plimsoll (format 2, this one reads 1)");
}

#[test]
fn what_does_not_fit_is_said() {
    let file = bytes(1);
    let check =
        |expected: Expected<'_>, said: &str| assert_eq!(read_bytes(&file, &expected).unwrap_err(), said);
    check(Expected { resource: Resource::Nodes, ..expected() }, "it is about pods");
    check(Expected { cluster: "other", ..expected() }, &format!("it is about another cluster, {CLUSTER}"));
    let keep = Keep { annotations: true };
    check(Expected { keep, ..expected() }, "it was written without annotations, which are asked for now");
}
