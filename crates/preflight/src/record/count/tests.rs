//! Bodies as API servers send them, in pieces of every size.

use std::io::Write as _;

use super::*;

const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

fn counted(
    kind: Kind,
    content_type: &str,
    encoding: &str,
    body: &[u8],
    piece: usize,
) -> (Option<u64>, Option<u64>) {
    let mut counter = Counter::new(Some(kind), content_type, encoding);
    for piece in body.chunks(piece) {
        counter.feed(piece);
    }
    let counted = counter.counted();
    (counted.objects, counted.events)
}

fn check(kind: Kind, content_type: &str, body: &[u8], expected: (Option<u64>, Option<u64>)) {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(body).expect("memory");
    let packed = packed.finish().expect("memory");
    for piece in [1, 2, 7, 4096] {
        let shown = String::from_utf8_lossy(body);
        assert_eq!(counted(kind, content_type, "", body, piece), expected, "{shown} by {piece}");
        assert_eq!(
            counted(kind, content_type, "gzip", &packed, piece),
            expected,
            "{shown} packed by {piece}"
        );
    }
}

/// A field of bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut written = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length > 0x7f {
        written.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    written.push(length as u8);
    written.extend_from_slice(bytes);
    written
}

#[test]
fn lists_in_json() {
    let list =
        |body: &str, objects| check(Kind::List, "application/json", body.as_bytes(), (Some(objects), None));
    list(r#"{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[]}"#, 0);
    list(r#"{"items":[{"metadata":{"labels":{"items":"[{"}}},{"spec":{"items":[{},{}]}}]}"#, 2);
    list(r#"{"metadata":{},"items":[{"a":"\"}]"},{"b":"\\"},{}]}"#, 3);
    list(r#"{"kind":"Table","columnDefinitions":[{},{}],"rows":[{"cells":[{}]},{"cells":[]}]}"#, 2);
    list(r#"{"kind":"Status","details":{}}"#, 0);
}

#[test]
fn watches_in_json() {
    let watch = |body: &str, expected| check(Kind::Watch, "application/json", body.as_bytes(), expected);
    watch(
        "{\"type\":\"ADDED\",\"object\":{}}\n{\"type\":\"MODIFIED\",\"object\":{\"a\":\"}\"}}\n",
        (None, Some(2)),
    );
    watch(
        "{\"type\":\"ADDED\",\"object\":{}}\n{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n\
         {\"type\":\"DELETED\",\"object\":{}}\n{\"type\":\"BOOKMARK\",\"object\":{}}\n{\"type\":\"ADDED\",\"object\":{}}\n",
        (Some(1), Some(2)),
    );
    watch("", (None, Some(0)));
}

#[test]
fn lists_in_protobuf() {
    let list = |items: &[&[u8]]| {
        let mut raw = field(1, b"\x12\x011");
        items.iter().for_each(|item| raw.extend(field(2, item)));
        let mut body = b"k8s\0".to_vec();
        body.extend(field(1, b"\x0a\x02v1\x12\x07PodList"));
        body.extend(field(2, &raw));
        body.extend(field(3, b""));
        body.extend(field(4, b""));
        body
    };
    check(Kind::List, PROTOBUF, &list(&[]), (Some(0), None));
    check(Kind::List, PROTOBUF, &list(&[b"", &[7; 300], b"x"]), (Some(3), None));
    check(Kind::List, PROTOBUF, b"{\"items\":[]}", (None, None));
}

#[test]
fn watches_in_protobuf() {
    let frame = |kind: &[u8], object: &[u8]| {
        let event = [field(1, kind), field(2, object)].concat();
        [u32::try_from(event.len()).expect("short").to_be_bytes().to_vec(), event].concat()
    };
    let body = [
        frame(b"ADDED", &[0; 5000]),
        frame(b"ADDED", b"x"),
        frame(b"BOOKMARK", b"..k8s.io/initial-events-end..true"),
        frame(b"MODIFIED", b"y"),
        frame(b"BOOKMARK", b""),
    ]
    .concat();
    check(Kind::Watch, PROTOBUF, &body, (Some(2), Some(1)));
}

#[test]
fn what_is_not_known_is_not_counted() {
    assert_eq!(counted(Kind::List, "application/yaml", "", b"items: []", 4), (None, None));
    assert_eq!(counted(Kind::List, "application/json", "br", b"\x01\x02", 4), (None, None));
    assert_eq!(counted(Kind::List, "application/json", "gzip", b"no gzip at all", 4), (None, None));
}
