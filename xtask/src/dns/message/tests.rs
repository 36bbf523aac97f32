//! Bytes by hand.

use super::*;

/// A response with compression, as RFC 1035's section 4.1.4 draws it: an A record whose owner points at the question.
const RESPONSE: &[u8] = b"\x12\x34\x84\x00\x00\x01\x00\x01\x00\x00\x00\x01\
    \x01a\x01b\x00\x00\x01\x00\x01\
    \xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x1e\x00\x04\x0a\x00\x00\x01\
    \x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00";

#[test]
fn questions_are_written() {
    let question = Question { name: "a.b".to_owned(), kind: 1, class: 1, edns: Some(1232) };
    let bytes = question.encode(0x1234).unwrap();
    assert_eq!(bytes[..12], *b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01");
    assert_eq!(bytes[12..21], *b"\x01a\x01b\x00\x00\x01\x00\x01");
    assert_eq!(bytes[21..], *b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00");
    let long = Question { name: "x".repeat(64), ..question };
    assert!(long.encode(1).is_err());
}

#[test]
fn responses_are_read() {
    let answer = Answer::decode(RESPONSE, 0x1234).unwrap();
    assert_eq!(
        (answer.rcode, answer.authoritative, answer.truncated, answer.has_opt),
        (0, true, false, true)
    );
    assert_eq!(answer.question.as_deref(), Some("a.b"));
    assert_eq!(answer.sections[0][0].to_string(), "a.b 30 IN A 10.0.0.1");
}

#[test]
fn damage_is_an_error() {
    for length in 0..RESPONSE.len() {
        assert!(Answer::decode(&RESPONSE[..length], 0x1234).is_err(), "{length}");
    }
    assert!(Answer::decode(RESPONSE, 1).is_err());
    let mut looping = RESPONSE.to_vec();
    looping[22] = 21;
    assert!(Answer::decode(&looping, 0x1234).is_err());
}
