//! Bodies of error answers.

use objects::{Status, encode};

fn check(body: &[u8], expected: Option<(i32, &str, &str, Option<u32>)>) {
    let expected = expected.map(|(code, reason, message, retry_after_seconds)| Status {
        code,
        reason: reason.into(),
        message: message.into(),
        retry_after_seconds,
    });
    assert_eq!(Status::decode(body), expected, "{}", body.escape_ascii());
}

#[test]
fn json() {
    check(
        br#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"slow down",
            "reason":"TooManyRequests","details":{"retryAfterSeconds":3},"code":429}"#,
        Some((429, "TooManyRequests", "slow down", Some(3))),
    );
    check(
        br#"{"kind":"Status","code":null,"message":null,"details":{"retryAfterSeconds":-3}}"#,
        Some((0, "", "", None)),
    );
    check(br#"{"kind":"Pod","code":429}"#, None);
    check(br#"{"code":429}"#, None);
    check(br#"{"kind":"Status""#, None);
    check(b"404 page not found", None);
    check(b"", None);
}

#[test]
fn protobuf() {
    let mut raw = Vec::new();
    encode::field(2, b"Failure", &mut raw);
    encode::field(3, b"slow down", &mut raw);
    encode::field(4, b"TooManyRequests", &mut raw);
    encode::field(5, &[5 << 3, 3], &mut raw);
    raw.extend_from_slice(&[6 << 3, 0xad, 0x03]);
    let mut body = Vec::new();
    encode::envelope("v1", "Status", &raw, &mut body);
    check(&body, Some((429, "TooManyRequests", "slow down", Some(3))));
    let mut body = Vec::new();
    encode::envelope("v1", "Pod", &raw, &mut body);
    check(&body, None);
    check(b"k8s\0\xff", None);
}

#[test]
fn a_long_message_is_cut_between_characters() {
    let body = format!(r#"{{"kind":"Status","message":"a{}"}}"#, "é".repeat(2_000));
    let message = Status::decode(body.as_bytes()).unwrap().message;
    assert_eq!(message, format!("a{}", "é".repeat(511)));
}
