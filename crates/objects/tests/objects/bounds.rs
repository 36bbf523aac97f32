//! Limits, and objects that are out of bounds: each costs itself and nothing else.

use objects::decode::{self, Encoding, Keep};
use objects::pod::{ContainerStatus, Pod};
use objects::stream::{FRAME_BYTES_MAX, OBJECT_BYTES_MAX};
use objects::{Condition, Interner, Resource, encode};

use crate::bodies::{protobuf_list, protobuf_object, read_list, read_watch};

const CHUNK: usize = 64 << 10;

#[test]
fn an_oversized_item_is_skipped() {
    let end = r#"end: ListEnd { resource_version: "7", continue_token: None, remaining: None }"#;
    let big = vec![b'x'; OBJECT_BYTES_MAX as usize + 1];
    let body = protobuf_list("PodList", "7", "", &[b"a", &big, b"b"]);
    let expected = ["Protobuf a", "oversized 16777217", "Protobuf b", &end.replace("None }", "Some(17) }")];
    assert_eq!(read_list(&body, &[CHUNK]), expected);

    let mut body = br#"{"metadata":{"resourceVersion":"7"},"unread":""#.to_vec();
    body.extend_from_slice(&big);
    body.extend_from_slice(br#"","items":[{"n":1},""#);
    body.extend_from_slice(&big);
    body.extend_from_slice(br#"",{"n":2}]}"#);
    let expected = [r#"Json {\"n\":1}"#, "oversized 16777219", r#"Json {\"n\":2}"#, end];
    assert_eq!(read_list(&body, &[CHUNK]), expected);
}

#[test]
fn oversized_list_metadata_ends_the_list() {
    let mut body = br#"{"metadata":{"continue":""#.to_vec();
    body.resize(CHUNK + 200, b'x');
    body.extend_from_slice(br#""},"items":[]}"#);
    assert_eq!(
        read_list(&body, &[CHUNK]),
        ["error: list metadata of 65726 bytes is over the limit of 65536"]
    );
}

#[test]
fn an_oversized_event_is_skipped() {
    let undecodable = "undecodable: an event over the limit of 16 MiB";
    let big = vec![b'x'; FRAME_BYTES_MAX as usize];
    let mut body = Vec::new();
    encode::watch_frame("ADDED", &big, &mut body);
    body.extend_from_slice(&crate::bodies::protobuf_event("ADDED", "Pod", &protobuf_object("a", "1", &[])));
    assert_eq!(read_watch(&body, &[CHUNK]), [undecodable, "added a", "end"]);

    let mut body = br#"{"type":"ADDED","object":""#.to_vec();
    body.extend_from_slice(&big);
    body.extend_from_slice(br#""}{"type":"ADDED","object":{"metadata":{"name":"a"}}}"#);
    assert_eq!(read_watch(&body, &[CHUNK]), [undecodable, "added a", "end"]);
}

#[test]
fn a_bad_object_is_refused() {
    let deep_json = format!(r#"{{"metadata":{{"labels":{}1{}}}}}"#, r#"{"a":"#.repeat(200), "}".repeat(200));
    let rows: [(Encoding, &[u8]); 10] = [
        (Encoding::Protobuf, b"\x0a\x04\x0a\x02\xff\xfe"), // a name that is not UTF-8
        (Encoding::Protobuf, b"\x0a\x7f"),                 // shorter than it says
        (Encoding::Protobuf, b"\x0b"),                     // a group without an end
        (Encoding::Json, b"{\"metadata\":{\"name\":\"\xff\xfe\"}}"),
        (Encoding::Json, br#"{"metadata":{"name":7}}"#),
        (Encoding::Json, br#"{"metadata":{"creationTimestamp":"yesterday"}}"#),
        (Encoding::Json, br#"{"metadata":{"generation":1e300}}"#),
        (Encoding::Json, br#"{} {}"#),
        (Encoding::Json, b"null"),
        (Encoding::Json, deep_json.as_bytes()),
    ];
    for (encoding, bytes) in rows {
        let read = decode::object(Resource::Pods, encoding, bytes, Keep::default(), &Interner::default());
        assert!(read.is_err(), "{}", bytes.escape_ascii());
    }
    // Deep where nobody looks is no harm: it is skipped without recursion.
    let skipped = format!(r#"{{"other":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    decode::object(Resource::Pods, Encoding::Json, skipped.as_bytes(), Keep::default(), &Interner::default())
        .unwrap();
}

/// `examples/pod_bytes.rs` measures what a pod takes; these are the parts of it that a careless field would grow.
#[test]
fn lean_types_stay_lean() {
    for (name, size, size_max) in [
        ("Pod", size_of::<Pod>(), 416),
        ("Condition", size_of::<Condition>(), 32),
        ("ContainerStatus", size_of::<ContainerStatus>(), 88),
    ] {
        assert!(size <= size_max, "{name} takes {size} bytes, at most {size_max} were planned");
    }
}
