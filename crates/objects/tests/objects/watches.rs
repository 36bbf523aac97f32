//! Watch streams.

use proptest::prelude::*;

use crate::bodies::{protobuf_event, protobuf_object, read_watch};

fn check(body: &[u8], expected: &[&str]) {
    for size in [usize::MAX, 1, 2, 3, 7] {
        assert_eq!(read_watch(body, &[size]), expected, "{} in chunks of {size}", body.escape_ascii());
    }
}

const GONE: &str =
    r#"Status { code: 410, reason: "Expired", message: "too old", retry_after_seconds: None }"#;

#[test]
fn protobuf() {
    let object = |name| protobuf_object(name, "5", &[]);
    let ends = [("other", "x"), ("k8s.io/initial-events-end", "true")];
    let mut gone = Vec::new();
    objects::encode::field(3, b"too old", &mut gone);
    objects::encode::field(4, b"Expired", &mut gone);
    gone.extend_from_slice(&[6 << 3, 0x9a, 0x03]);
    let body = [
        protobuf_event("ADDED", "Pod", &object("a")),
        protobuf_event("MODIFIED", "Pod", &object("b")),
        protobuf_event("BOOKMARK", "Pod", &protobuf_object("", "8", &[])),
        protobuf_event("BOOKMARK", "Pod", &protobuf_object("", "9", &ends)),
        protobuf_event("DELETED", "Pod", &object("c")),
        protobuf_event("BOOKMARK", "Pod", b""),
        protobuf_event("RENAMED", "Pod", &object("d")),
        b"\0\0\0\x03\xff\xff\xff".to_vec(),
        b"\0\0\0\0".to_vec(),
        protobuf_event("ERROR", "Status", &gone),
    ];
    check(
        &body.concat(),
        &[
            "added a",
            "modified b",
            "bookmark 8",
            "initial events end at 9",
            "deleted c",
            "undecodable: a bookmark without a resourceVersion",
            "undecodable: an event of unknown type",
            "undecodable: damaged protobuf envelope",
            "undecodable: neither Kubernetes protobuf nor a JSON object",
            GONE,
            "end",
        ],
    );
    check(b"", &["end"]);
    check(b"\0\0", &["error: the body ended early"]);
    check(b"\0\0\0\x05ab", &["error: the body ended early"]);
    check(b"\x04\x00\x00\x01", &["error: a watch event of 67108865 bytes is over the limit of 67108864"]);
}

#[test]
fn json() {
    let body = br#"{"type":"ADDED","object":{"metadata":{"name":"a","labels":{"brace":"}"}}}}
{"object":{"metadata":{"name":"b"}},"type":"MODIFIED"}

{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"8","annotations":null}}}
{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9","annotations":{"k8s.io/initial-events-end":"true"}}}}
{"type":"DELETED","object":{"metadata":{"name":"c"}}}{"type":"ADDED","object":{"metadata":{"name":"d"}}}
{"type":"ADDED","object":7}
{"type":"ADDED"}
{"type":"RENAMED","object":{}}
{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"0"}}}
{"type":"ERROR","object":{"kind":"Status","message":"too old","reason":"Expired","code":410,"details":null}}
"#;
    check(
        body,
        &[
            "added a",
            "modified b",
            "bookmark 8",
            "initial events end at 9",
            "deleted c",
            "added d",
            "undecodable: neither Kubernetes protobuf nor a JSON object",
            "undecodable: damaged JSON",
            "undecodable: an event of unknown type",
            "undecodable: a bookmark without a resourceVersion",
            GONE,
            "end",
        ],
    );
    check(b"\n", &["end"]);
    check(b"{\"type\":", &["error: the body ended early"]);
    check(b"{}\n!", &["undecodable: damaged JSON", "error: damaged stream: a watch event is no JSON object"]);
    check(b"<html>", &["error: damaged stream: a watch event is no JSON object"]);
}

/// A server that has no protobuf for a kind answers a protobuf watch with JSON objects.
#[test]
fn json_in_protobuf_frames() {
    let mut frame = Vec::new();
    objects::encode::watch_frame("ADDED", br#"{"metadata":{"name":"a"}}"#, &mut frame);
    check(&frame, &["added a", "end"]);
}

proptest! {
    #[test]
    fn chunks_never_change_a_watch(
        names in proptest::collection::vec("[ -~]{0,20}", 1..6),
        chunks in proptest::collection::vec(1..40usize, 1..30),
        damage in proptest::option::of((any::<prop::sample::Index>(), 1..=255u8)),
        is_json in any::<bool>(),
    ) {
        let event = |name: &String| if is_json {
            let object = serde_json::json!({"metadata": {"name": name}});
            serde_json::json!({"type": "ADDED", "object": object}).to_string().into_bytes()
        } else {
            protobuf_event("ADDED", "Pod", &protobuf_object(name, "5", &[]))
        };
        let mut body: Vec<u8> = names.iter().flat_map(event).collect();
        if let Some((place, flip)) = damage {
            let place = place.index(body.len());
            body[place] ^= flip;
        } else {
            let expected: Vec<_> = names.iter().map(|name| format!("added {name}")).chain(["end".into()]).collect();
            prop_assert_eq!(read_watch(&body, &[]), expected);
        }
        prop_assert_eq!(read_watch(&body, &chunks), read_watch(&body, &[]));
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        start in prop::sample::select(vec!["", "\0\0\0\x10", "{", "{\"type\":\"ADDED\",\"object\":{"]),
        rest in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let body = [start.as_bytes(), &rest].concat();
        prop_assert_eq!(read_watch(&body, &[1]), read_watch(&body, &[]));
    }
}
