//! LIST bodies.

use proptest::prelude::*;

use crate::bodies::{protobuf_list, read_list};

fn check(body: &[u8], expected: &[&str]) {
    for size in [usize::MAX, 1, 2, 3, 7] {
        assert_eq!(read_list(body, &[size]), expected, "{} in chunks of {size}", body.escape_ascii());
    }
}

const END: &str = r#"end: ListEnd { resource_version: "7", continue_token: None, remaining: None }"#;

#[test]
fn protobuf() {
    let last = r#"end: ListEnd { resource_version: "7", continue_token: Some("tok"), remaining: Some(17) }"#;
    check(
        &protobuf_list("PodList", "7", "tok", &[b"ab", b"", b"c"]),
        &["Protobuf ab", "Protobuf ", "Protobuf c", last],
    );
    check(&protobuf_list("PodList", "7", "tok", &[]), &[last]);
    check(&protobuf_list("Status", "7", "", &[]), &["error: expected a list, got a Status"]);
    check(
        &protobuf_list("PodList", "", "", &[b"x"]),
        &["Protobuf x", "error: the list has no resourceVersion"],
    );
}

#[test]
fn unknown_fields_are_skipped() {
    // Every wire type at both levels: varint, 64 bits, bytes, 32 bits.
    let unknown = b"\x78\xff\x7f\x79abcdefgh\x7a\x03xyz\x7d1234";
    let mut list = unknown.to_vec();
    list.extend_from_slice(b"\x12\x01a\x0a\x03\x12\x017\x12\x01b");
    list.extend_from_slice(unknown);
    let mut body = b"k8s\0".to_vec();
    body.extend_from_slice(unknown);
    objects::encode::field(2, &list, &mut body);
    body.extend_from_slice(unknown);
    check(&body, &["Protobuf a", "Protobuf b", END]);
}

#[test]
fn damaged_protobuf() {
    let whole = protobuf_list("PodList", "7", "", &[b"abc"]);
    // Behind the list stand two empty fields: a body that ends before the first of them cannot be told from a whole one.
    for length in 0..whole.len() - 4 {
        assert_eq!(
            read_list(&whole[..length], &[]).last().unwrap(),
            "error: the body ended early",
            "{length}"
        );
    }
    check(b"k8s", &["error: the body ended early"]);
    check(b"k9s\0", &["error: damaged stream: no k8s\\0 magic"]);
    check(b"k8s\0\x12\x03\x12\x07a", &["error: damaged stream: a field is longer than its list"]);
    check(b"k8s\0\x12\x02\x12\x80\x01a", &["error: damaged stream: a field crosses the end of its list"]);
    check(b"k8s\0\x12\x02\x79\x01a", &["error: damaged stream: a field is longer than its list"]);
    check(b"k8s\0\x12\x00\x12\x00", &["error: damaged stream: two lists in one body"]);
    check(b"k8s\0\x0b", &["error: damaged stream: not a protobuf field"]);
    check(b"k8s\0\x02", &["error: damaged stream: not a protobuf field"]);
    check(b"k8s\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", &["error: damaged stream: not a protobuf field"]);
    check(b"k8s\0\x12\x03\x0a\x01\x0b", &["error: damaged stream: ListMeta"]);
    check(b"k8s\0\x0a\x80\x80\x10", &["error: list metadata of 262144 bytes is over the limit of 65536"]);
}

#[test]
fn json() {
    check(
        br#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":"tok","remainingItemCount":3},
            "items":[{"a":"}]"},{"b":["\"",{"c":"\\"}]} , {}]}"#,
        &[
            r#"Json {\"a\":\"}]\"}"#,
            r#"Json {\"b\":[\"\\\"\",{\"c\":\"\\\\\"}]}"#,
            "Json {}",
            r#"end: ListEnd { resource_version: "7", continue_token: Some("tok"), remaining: Some(3) }"#,
        ],
    );
    check(
        br#"{"items":[1, null,"x"],"more":[[{}]],"n":-1e5,"t":true,"metadata":{"resourceVersion":"7"}}"#,
        &["Json 1", "Json null", "Json \\\"x\\\"", END],
    );
    check(
        b" \n{ \"metadata\" : {\"resourceVersion\":\"7\",\"continue\":null} , \"items\" : [ ] } \n",
        &[END],
    );
    check(br#"{"metadata":{"resourceVersion":"7"},"items":null}"#, &[END]);
}

#[test]
fn damaged_json() {
    check(b"", &["error: the body ended early"]);
    check(b"  ", &["error: the body ended early"]);
    check(b"404 page not found", &["error: damaged stream: neither Kubernetes protobuf nor JSON"]);
    check(b"{", &["error: the body ended early"]);
    check(b"{}", &["error: the list has no resourceVersion"]);
    // "Any version" is none to go on from.
    check(br#"{"metadata":{"resourceVersion":"0"},"items":[]}"#, &["error: the list has no resourceVersion"]);
    check(br#"{"metadata":{"resourceVersion":"7"}}"#, &["error: damaged stream: a list without items"]);
    check(br#"{"metadata":{"resourceVersion":"7"},"items":[{}"#, &["Json {}", "error: the body ended early"]);
    check(
        br#"{"metadata":{"resourceVersion":"7"},"items":{}}"#,
        &["error: damaged stream: items is no array"],
    );
    check(br#"{"metadata":{"resourceVersion":7},"items":[]}"#, &["error: damaged stream: ListMeta"]);
    check(br#"{"kind":"Status","metadata":{},"code":500}"#, &["error: expected a list, got a Status"]);
    check(br#"{"items":[,]}"#, &["error: damaged stream: not a JSON list"]);
    check(br#"{"items" []}"#, &["error: damaged stream: not a JSON list"]);
    check(br#"{"a":1}}"#, &["error: damaged stream: not a JSON list"]);
}

proptest! {
    #[test]
    fn chunks_never_change_a_list(
        items in proptest::collection::vec("[ -~]{0,20}", 0..6),
        chunks in proptest::collection::vec(1..40usize, 1..30),
        damage in proptest::option::of((any::<prop::sample::Index>(), 1..=255u8)),
        is_json in any::<bool>(),
    ) {
        let mut body = if is_json {
            let items: Vec<_> = items.iter().map(|text| serde_json::json!({"text": text, "list": [text, 1]})).collect();
            serde_json::json!({"kind": "PodList", "items": items, "metadata": {"resourceVersion": "7"}})
                .to_string()
                .into_bytes()
        } else {
            let items: Vec<_> = items.iter().map(String::as_bytes).collect();
            protobuf_list("PodList", "7", "tok", &items)
        };
        if let Some((place, flip)) = damage {
            let place = place.index(body.len());
            body[place] ^= flip;
        } else {
            prop_assert_eq!(read_list(&body, &[]).len(), items.len() + 1);
        }
        prop_assert_eq!(read_list(&body, &chunks), read_list(&body, &[]));
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        start in prop::sample::select(vec!["", "k8s\0", "{", "{\"items\":[", "k8s\0\x12\x40"]),
        rest in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let body = [start.as_bytes(), &rest].concat();
        prop_assert_eq!(read_list(&body, &[1]), read_list(&body, &[]));
    }
}
